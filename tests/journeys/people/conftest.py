"""The running product, a browser, and people who use them, each with a browser of their own."""

import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from cli.demo import Addresses, free_ports, product
from cli.walk.systems import Oim, Row, ServiceNow
from tests.journeys.people.person import Album, Cast, Person

ROOT = Path(__file__).resolve().parents[3]
PICTURES = ROOT / "var" / "journeys"
_PATIENCE_MS = 60_000.0
_QUIET = (
    "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update"
    " --disable-sync --no-first-run"
).split()


@dataclass
class Town:
    """Where everything is, and what happens outside people's browsers."""

    at: Addresses
    weather: Path
    oim: Oim
    desk: ServiceNow
    logs: Path
    _promised: set[str] = field(default_factory=set)

    def role_for_ada(self) -> tuple[str, str]:
        """Name and key of a role that only her manager decides on, for one journey alone."""
        open_keys = {
            str(entity["entityId"])
            for row in self.oim.open_requests_of("ada")
            for entity in row["reqTargetEntities"]
        }
        taken = self.oim.roles_of("ada") | self._promised
        free = (
            (name, key)
            for name, key in sorted(self.oim.simple_roles().items())
            if name not in taken and key not in open_keys
        )
        name, key = next(free)
        self._promised.add(name)
        return name, key

    def approved_order_of_ada(self, item: str, **answers: str) -> Row:
        """An order of ada's that ben has approved, both without a browser."""
        ada = ServiceNow(self.at.servicenow, "ada", "demo")
        ben = ServiceNow(self.at.servicenow, "ben", "demo")
        ritm = ada.order(item, **answers)
        approval = ben.row("sysapproval_approver", f"sysapproval={ritm['sys_id']}^state=requested")
        ben.change("sysapproval_approver", approval["sys_id"], state="approved")
        return ritm

    @contextmanager
    def in_weather(self, *signs: str) -> Iterator[None]:
        """Meanwhile `oim` or `servicenow` is down, or `oim-slow` provisions for an hour."""
        for sign in signs:
            (self.weather / sign).touch()
        try:
            yield
        finally:
            for sign in signs:
                (self.weather / sign).unlink()


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """The product, running until the last journey is over."""
    at, weather = Addresses(free_ports()), tmp_path_factory.mktemp("weather")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("WEATHER", os.fspath(weather))
        folder = tmp_path_factory.mktemp("people") / "demo"
        with product(at, folder, outside="tests.journeys.people.outages"):
            desk = ServiceNow(at.servicenow, "broker", "broker")
            yield Town(at, weather, Oim(at.oim), desk, folder)


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    # No longer than a module: other tests start a Playwright of their own.
    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=_QUIET)
        yield started
        started.close()
    expect.set_options(timeout=None)


@pytest.fixture
def person(town: Town, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Cast]:
    """`person("ada")` sits down at a browser without cookies; options are those of a context."""
    journey = request.node.name.removeprefix("test_").replace("_", "-")
    album, cast = Album(PICTURES / journey), []

    def sits_down(name: str, **options: object) -> Person:
        context = browser.new_context(**options)  # type: ignore[arg-type]  # as Playwright has them
        context.set_default_timeout(_PATIENCE_MS)
        cast.append(Person(name, context, town.at, album))
        return cast[-1]

    yield sits_down
    for one in cast:
        one.context.close()
    for one in cast:
        one.minds_nothing("at the end")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A journey that fails shows what the product's processes said last."""
    report = yield
    town = getattr(item, "funcargs", {}).get("town")
    if report.failed and isinstance(town, Town):
        report.sections += [
            (f"The end of {log.name}", _tail(log)) for log in town.logs.glob("*.log")
        ]
    return report


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-40:])
