"""What the steps share: the people's browsers, the systems, what was learnt, patience."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from cli.walk.browser import Browser, Failed
from cli.walk.pages import Element, Page
from cli.walk.systems import MachineApi, Oim, Row, ServiceNow

_PAUSE_SECONDS = 0.2
Seen = TypeVar("Seen")


@dataclass(frozen=True)
class Addresses:
    """Where the broker and the three systems answer."""

    broker: str
    servicenow: str
    oim: str
    idp: str


@dataclass
class Facts:
    """What earlier steps found out and later ones need."""

    asked: Row = field(default_factory=dict)
    wanted_role: str = ""
    ordered_role: str = ""
    other_role: str = ""
    request_id: str = ""
    ritm: Row = field(default_factory=dict)
    task: Row = field(default_factory=dict)
    posted: dict[str, Any] = field(default_factory=dict)
    order_id: str = ""
    born_id: str = ""
    count_before: int = 0
    submitted_by: str = ""


class Journey:
    """One walk. `patience` is how many seconds each effect may take to show."""

    def __init__(self, at: Addresses, patience: float) -> None:
        self.at, self.patience, self.facts = at, patience, Facts()
        self.ada, self.ben, self.dee = Browser("ada"), Browser("ben"), Browser("dee")
        self.oim, self.api = Oim(at.oim), MachineApi(at.broker)
        self.desk = ServiceNow(at.servicenow, "broker", "broker")
        self.desk_of_ada = ServiceNow(at.servicenow, "ada", "demo")
        self.desk_of_ben = ServiceNow(at.servicenow, "ben", "demo")

    def until(self, look: Callable[[], Seen | None], what: str) -> Seen:
        """What `look` gives as soon as it is something; Failed, saying what never came."""
        end = time.monotonic() + self.patience
        while True:
            seen = look()
            if seen:
                return seen
            if time.monotonic() > end:
                raise Failed(f"after {self.patience:g} seconds still not: {what}")
            time.sleep(_PAUSE_SECONDS)

    def dashboard(self, browser: Browser) -> Page:
        """The person's first page at the broker."""
        page = browser.open(f"{self.at.broker}/")
        demand(page.status == OK, f"{browser.person}'s dashboard answers {page.status}")
        return page


OK = 200


def demand(holds: object, otherwise: str) -> None:
    """Failed, with the sentence, unless it holds."""
    if not holds:
        raise Failed(otherwise)


def rows_in(page: Page, section: str) -> dict[str, Element]:
    """The rows of a section, by the request's id in the IGA."""
    found = page.section(section)
    if found is None:
        raise Failed(f"{page.url} has no section {section}")
    return {row.attributes["data-request-id"]: row for row in found.having("data-request-id")}
