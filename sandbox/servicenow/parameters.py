"""The parameters of a call of the Table or Aggregate API (ServiceNow docs, "Table API")."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flask import g, request

from sandbox.servicenow.answers import caller, instance
from sandbox.servicenow.calendars import DEFAULT_ZONE
from sandbox.servicenow.paging import Page, page_of
from sandbox.servicenow.tiny_url import PARAMETER, parameters_of
from sandbox.servicenow.viewers import Viewer, viewer_of

ZONE = "glide.sys.default.tz"
_PREFIX = "sysparm_"
_DISPLAYS = frozenset({"true", "false", "all"})


class Parameters:
    """What was asked for; a name that nobody knows is ignored, nonsense means the default."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self.given = given

    @property
    def query(self) -> str:
        """The encoded query; empty when there is none."""
        return self.text("query")

    @property
    def plain(self) -> dict[str, str]:
        """`<column>=<value>` parameters, which count only where there is no encoded query."""
        if self.query:
            return {}
        return {name: value for name, value in self.given.items() if not name.startswith(_PREFIX)}

    @property
    def display(self) -> str:
        """`true`, `false` or `all`."""
        asked = self.text("display_value").lower()
        return asked if asked in _DISPLAYS else "false"

    @property
    def page(self) -> Page:
        """The page of the list."""
        return page_of(self.given)

    def text(self, name: str) -> str:
        """A parameter, named without its `sysparm_`."""
        return self.given.get(_PREFIX + name, "")

    def names(self, name: str) -> tuple[str, ...]:
        """A parameter that is a list with commas."""
        return tuple(part.strip() for part in self.text(name).split(",") if part.strip())

    def flag(self, name: str) -> bool:
        """A parameter that is true or false, false when it is not given."""
        return self.text(name).lower() == "true"


def parameters() -> Parameters:
    """The parameters of the request, those of its `sysparm_tiny` among them."""
    made: Parameters | None = g.get("parameters")
    if made is None:
        made = g.parameters = Parameters(dict(_given()))
    return made


def viewer() -> Viewer:
    """The zone and the formats of who is calling."""
    if not instance().switches.times_shown_in_own_zone:
        return viewer_of(instance().records, "", "UTC")
    zone = instance().properties.get(ZONE, DEFAULT_ZONE)
    return viewer_of(instance().records, caller().sys_id, zone)


def _given() -> Iterable[tuple[str, str]]:
    if PARAMETER in request.args:
        yield from parameters_of(request.args[PARAMETER])
    for name, value in request.args.items():
        if name != PARAMETER:
            yield name, value
