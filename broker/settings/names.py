"""Names that look like settings and are none."""

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping

from broker.settings.given import PREFIX

_FILE = "_FILE"
_LIKE = 0.8


def unknown(environment: Mapping[str, str], known: Collection[str]) -> Iterator[tuple[str, str]]:
    """Each name of ours that is no setting, with the setting it is nearly called, or "".

    Not every such name is a mistake: Kubernetes gives names like BROKER_PORT to all programs
    beside a service called broker.
    """
    for name in sorted(environment):
        if name.startswith(PREFIX) and name.removesuffix(_FILE) not in known:
            yield name, _nearest(name.removesuffix(_FILE), known)


def typos(environment: Mapping[str, str], known: Collection[str]) -> list[str]:
    """A sentence for each name that is nearly a setting: it was meant to change something."""
    return [
        f"{name} is no setting: did you mean {nearest}?"
        for name, nearest in unknown(environment, known)
        if nearest
    ]


def _nearest(name: str, known: Iterable[str]) -> str:
    bare = {each.removeprefix(PREFIX): each for each in known}
    found = difflib.get_close_matches(name.removeprefix(PREFIX), bare, n=1, cutoff=_LIKE)
    return bare[found[0]] if found else ""
