"""Behaviours of an instance that a test may turn off, to see whether a client minds.

Each is on by default, as instances behave. `instance.switches.flip("shuffled-ties")` turns one;
`request-broker sandbox servicenow --faults shuffled-ties` does the same from the command line.
A misbehaviour of a moment is no switch but a fault (`faults.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any, Self


def _usual(about: str) -> Any:  # noqa: ANN401 - a dataclass field stands where its value will
    """On, as instances behave; `about` says what."""
    return field(default=True, metadata={"about": about})


@dataclass
class Switches:
    """One bool for each behaviour; readable and settable at any time."""

    shuffled_ties: bool = _usual("rows that a query does not tell apart come in any order")
    long_urls_refused: bool = _usual("an address of more than 8,192 bytes is answered 414")

    basic_auth_restriction: bool = _usual("a Basic login is refused once the restriction is due")
    token_by_form_only: bool = _usual("the token endpoint reads no JSON")
    same_token_until_expiry: bool = _usual("asking again gives the same, ageing access token")
    client_credentials_need_property: bool = _usual("that grant must be enabled by a property")
    password_grant_needs_interactive_user: bool = _usual(
        "a web-service-only account gets no token for its password"
    )
    session_queue_limited: bool = _usual("a session with ten calls waiting answers 202 to more")
    semaphores_limited: bool = _usual("a node with fifty calls waiting answers 429 to more")
    idle_sessions_end: bool = _usual("an API session ends after a minute without a call")
    jwt_id_counts_once: bool = _usual("an assertion whose jti was seen before is refused")
    api_calls_touch_last_login: bool = _usual("a web-service call counts as the last login")
    login_touch_throttled: bool = _usual("it does so once a minute")

    @classmethod
    def flipped(cls, names: Iterable[str]) -> Self:
        """Everything as usual but for these."""
        made = cls()
        for name in names:
            made.flip(name)
        return made

    def flip(self, name: str) -> None:
        """Turn a switch, named with dashes or underscores. Raises KeyError for another name."""
        column = name.replace("-", "_")
        if column not in _COLUMNS:
            raise KeyError(name)
        setattr(self, column, not getattr(self, column))


_COLUMNS = frozenset(each.name for each in fields(Switches))
# What each switch is about, by its name with dashes, as people write it.
SWITCHES: dict[str, str] = {
    each.name.replace("_", "-"): str(each.metadata["about"]) for each in fields(Switches)
}
