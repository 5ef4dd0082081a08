"""Why people ask for access, and what approvers say: sentences of `reasons.txt`, filled in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from random import Random

from sandbox.world.model import WorldItem, WorldPerson
from sandbox.world.tables import sections

_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August",
           "September", "October", "November", "December")  # fmt: skip
_SILENT, _OWN_WORK, _OWN_LANGUAGE, _SPEECHLESS = 0.07, 0.6, 0.7, 0.66
_SITES = ("Marlow", "Hythe", "Daventry", "Hamburg", "Leipzig", "Rotterdam", "Gdańsk", "Lyon",
          "Zaragoza", "Dublin", "Göteborg", "Piacenza")  # fmt: skip


class Reasons:
    """One company's sentences. `teams` names by manager those who work together."""

    def __init__(
        self, rng: Random, people: Mapping[str, WorldPerson], teams: Mapping[str, list[str]]
    ) -> None:
        self._rng, self._people, self._teams = rng, people, teams
        self._said = sections("reasons")

    def why(
        self, occasion: str, person: WorldPerson, item: WorldItem, on: date, **more: str
    ) -> str:
        """What the requester writes; people do not always say why."""
        rng = self._rng
        if rng.random() < _SILENT:
            return ""
        own = person.language != "en" and rng.random() < _OWN_LANGUAGE
        if occasion in ("", "report", "joiner") and own:
            occasion = person.language
        if not occasion:
            department = person.department if rng.random() < _OWN_WORK else "General"
            occasion = department if department in self._said else "General"
        return self._filled(self._one(occasion), person, item, on, more)

    def comment(
        self, occasion: str, approver: str, person: WorldPerson, item: WorldItem, on: date
    ) -> str:
        """What the approver writes about somebody's request; consent needs few words."""
        if occasion != "refuse" and self._rng.random() < _SPEECHLESS:
            return ""
        author = self._people.get(approver)
        own = f"{occasion} {author.language}" if author else ""
        if own in self._said and self._rng.random() < _OWN_LANGUAGE:
            occasion = own
        return self._filled(self._one(occasion), person, item, on, {})

    def project(self) -> str:
        """One of the company's projects."""
        return self._one("projects")

    def _one(self, occasion: str) -> str:
        lines = self._said[occasion]
        return lines[int(self._rng.random() * len(lines))]

    def _filled(self, line: str, person: WorldPerson, item: WorldItem, on: date,
                more: Mapping[str, str]) -> str:  # fmt: skip
        if "{" not in line:
            return line
        words = {
            "mate": self._mate(person), "who": person.first_name, "item": item.display_name,
            "month": _MONTHS[on.month - 1], "last_month": _MONTHS[on.month - 2],
            "site": _SITES[int(self._rng.random() * len(_SITES))], "department": person.department,
            "project": more.get("project") or self.project(), **more,
        }  # fmt: skip
        return line.format_map(words)

    def _mate(self, person: WorldPerson) -> str:
        team = self._teams.get(person.manager or "", [])
        others = [key for key in team if key != person.key] or [person.manager or person.key]
        return self._people[others[int(self._rng.random() * len(others))]].first_name
