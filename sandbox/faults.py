"""The faults that the command line knows, server by server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache

SERVERS = ("servicenow", "oim", "idp")
# A fault of all three: the clock that dates their answers is five minutes ahead.
CLOCK_SKEW, SKEW = "clock-skew", timedelta(minutes=5)
# A fault of the identity provider: it signs with a key whose certificate ended yesterday.
EXPIRED = "expired-certificate"
RANDOM = "random="


@cache
def _known() -> dict[str, frozenset[str]]:
    """By server. Imported only when somebody asks, for most sandboxes start without a fault."""
    from sandbox.oim.faults import FAULTS as OIM_FAULTS
    from sandbox.servicenow.faults import FAULTS

    switches = _switches()
    return {
        "servicenow": frozenset([*FAULTS, *switches["servicenow"]]),
        "oim": frozenset([*OIM_FAULTS, *switches["oim"], CLOCK_SKEW]),
        "idp": frozenset([EXPIRED, CLOCK_SKEW]),
    }


@cache
def _switches() -> dict[str, frozenset[str]]:
    """By server: its behaviours, each of which may be flipped."""
    from sandbox.oim.switches import SWITCHES as OIM_SWITCHES
    from sandbox.servicenow.switches import SWITCHES

    return {"servicenow": frozenset(SWITCHES), "oim": frozenset(OIM_SWITCHES), "idp": frozenset()}


@dataclass(frozen=True)
class Chosen:
    """Pairs of server and fault or switch, and how often any other fault shall happen."""

    pairs: frozenset[tuple[str, str]] = frozenset()
    rate: float | None = None

    def of(self, server: str) -> set[str]:
        """What was chosen for this server."""
        return {fault for named, fault in self.pairs if named == server}


def chosen(text: str) -> Chosen:
    """`oim:down`, or `down` for each server that knows it; `random=0.02` for all of ServiceNow's
    and OIM's, each once for certain and then at two in a hundred calls. By commas. Raises
    ValueError.
    """
    pairs, rate = set(), None
    for word in filter(None, (part.strip() for part in text.split(","))):
        if word.startswith(RANDOM):
            rate = _rate(word)
            continue
        server, _, fault = word.rpartition(":")
        servers = [server] if server else SERVERS
        found = {(name, fault) for name in servers if fault in _known().get(name, ())}
        if not found:
            raise ValueError(f"there is no fault {word!r}; {known()}")
        pairs |= found
    return Chosen(frozenset(pairs), rate)


def known() -> str:
    """Every name, in one line: what goes wrong, then the behaviours to be flipped."""
    told = [
        f"{server} has {', '.join(sorted(names - _switches()[server]))}"
        for server, names in _known().items()
    ]
    chance = f"{RANDOM}0.02 lets any fault of servicenow and oim happen by chance"
    flips = [
        f"flipped in {server} are {', '.join(sorted(names))}"
        for server, names in _switches().items()
        if names
    ]
    return "; ".join([*told, chance, *flips])


def _rate(word: str) -> float:
    try:
        rate = float(word.removeprefix(RANDOM))
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= 1:
        raise ValueError(f"{word!r} names no chance between 0 and 1, such as {RANDOM}0.02")
    return rate
