"""Names of people: by country, the common ones more often, nobody's twin in the same department."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from random import Random

from sandbox.world.tables import sections

_COMMON = 1.5  # the larger, the more often the first names of a list
_HOMONYMS = 2
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe",
                         "Ü": "Ue"})  # fmt: skip
_LETTERS = str.maketrans({"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "ß": "ss", "ı": "i", "æ": "ae"})


class Names:
    """Gives out names; nobody gets one that two people have."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._lists = {land: [line.split() for line in lines]
                       for land, lines in sections("names").items()}  # fmt: skip
        self._given: Counter[tuple[str, str]] = Counter()
        self._departments: set[tuple[str, str, str]] = set()

    def new(self, land: str, department: str) -> tuple[str, str]:
        """First and family name of somebody from `land`."""
        while True:
            name = self._draw(land)
            place = (*name, department)
            if self._given[name] < _HOMONYMS and place not in self._departments:
                self._given[name] += 1
                self._departments.add(place)
                return name

    def _draw(self, land: str) -> tuple[str, str]:
        women, men, families = self._lists[land]
        female = self._rng.random() < 0.5  # noqa: PLR2004 -- as often as not
        first = self._one(women if female else men)
        his, _, hers = self._one(families).partition("/")
        last = hers if female and hers else his
        return self._draw(land) if first == last else (first, last)

    def _one(self, names: list[str]) -> str:
        return names[int(len(names) * self._rng.random() ** _COMMON)]


def plain(name: str, land: str = "") -> str:
    """A name as logins and addresses write it: small letters a to z."""
    text = name.translate(_GERMAN) if land == "de" else name
    text = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return re.sub("[^a-z]", "", text.lower())
