"""One running instance: its rows, accounts, properties, script engine and switches for tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sandbox.fault_plan import FaultPlan
from sandbox.servicenow.access import Access
from sandbox.servicenow.accounts import Accounts
from sandbox.servicenow.app_records import install
from sandbox.servicenow.attachments import Attachments
from sandbox.servicenow.business_rules import BusinessRules
from sandbox.servicenow.cascades import Cascades
from sandbox.servicenow.data_policies import DataPolicies
from sandbox.servicenow.engine import Engine
from sandbox.servicenow.events import Automation
from sandbox.servicenow.jobs import SYSTEM, JobQueue
from sandbox.servicenow.mid_server import MidServer
from sandbox.servicenow.rate_limits import RateLimits
from sandbox.servicenow.records import LedgerEntry, Records
from sandbox.servicenow.schema import Schema, read_app_tables
from sandbox.servicenow.sessions import LONGEST_LINE, SEMAPHORES, Gate, Sessions
from sandbox.servicenow.stock_rules import StockRules
from sandbox.servicenow.stock_tables import STOCK_TABLES
from sandbox.servicenow.switches import Switches
from sandbox.servicenow.tokens import Registry, Tokens
from sandbox.servicenow.waits import CLOCK_SKEW, SKEWED, Waits
from sandbox.servicenow.workflow import Workflow

APP_FOLDER = Path(__file__).resolve().parents[2] / "servicenow"
SCOPE = "x_rqbrk_access"
CLIENT_CREDENTIALS = "glide.oauth.inbound.client.credential.grant_type.enabled"
INVALID_QUERY_NO_ROWS = "glide.invalid_query.returns_no_rows"
LOGIN_WINDOW = "glide.integration.update_last_login_time.window.seconds"


def utc_now() -> datetime:
    """The clock of a sandbox that is not told another."""
    return datetime.now(UTC)


@dataclass
class ServiceNow:
    """The state of one sandbox instance, in `app.extensions["servicenow"]`.

    Switches, all readable at any time: `faults` (see `faults.py`), `latency_ms`, `properties`
    (system properties by name), `switches` (see `switches.py`), `plan` (see `fault_plan.py`),
    `waits` (how long faults take), `batch_limit` (requests served in one batch before the rest
    comes back unserviced). `ledger` lists every write ever made.
    """

    clock: Callable[[], datetime] = utc_now
    faults: set[str] = field(default_factory=set)
    latency_ms: int = 0
    properties: dict[str, str] = field(default_factory=dict)
    switches: Switches = field(default_factory=Switches)
    plan: FaultPlan | None = None
    waits: Waits = field(default_factory=Waits)
    batch_limit: int | None = None
    batch_seconds: float = 30.0
    app_folder: Path = APP_FOLDER

    def __post_init__(self) -> None:
        true_clock = self.clock
        self.clock = lambda: true_clock() + (CLOCK_SKEW if SKEWED in self.faults else timedelta())
        tables = [*STOCK_TABLES, *read_app_tables(self.app_folder / "tables")]
        self.records = Records(Schema(tables), self.clock, self.switches)
        for rules in (Cascades, StockRules, BusinessRules, DataPolicies):
            rules(self.records)
        self.accounts = Accounts(self.records)
        self.access = Access(self.records, self.switches)
        self.tokens = Tokens()
        self.registry = Registry(self.records)
        self.sessions = Sessions()
        self.semaphores = Gate(SEMAPHORES, LONGEST_LINE)
        self.rate_limits = RateLimits(self.records, self.clock)
        self.workflow = Workflow(self.records)
        self.jobs = JobQueue()
        self.attachments = Attachments(self.records, self.jobs)
        self.automation = Automation(self.records, self.jobs, self.app_folder, self.misbehaves)
        self.engine = Engine(
            self.records,
            self.properties,
            self.app_folder,
            self.automation.raise_event,
            self.automation.raise_event_at,
        )
        self.automation.engine = self.engine
        self.workflow.approvals.raise_event = self.automation.raise_event
        self.mid = MidServer(self.records, self.engine.outbound, self.misbehaves)
        self._last_api_login: dict[str, datetime] = {}
        install(self.records, self.app_folder)

    @property
    def ledger(self) -> list[LedgerEntry]:
        """Every write, oldest first; never shortened."""
        return self.records.ledger

    def misbehaves(self, name: str) -> bool:
        """Whether this fault happens now: it is switched on, or the plan has it here."""
        return name in self.faults or (self.plan is not None and bool(self.plan.choose([name])))

    def signed_in(self, user_name: str, address: str, *, touch: bool = True) -> None:
        """Somebody signed in: the event on which the scoped app's script action runs."""
        for row in self.records.where("sys_user", user_name=user_name) if touch else ():
            now = self.records.now()
            told = {"last_login_time": now, "last_login": now[:10]}
            self.records.update("sys_user", row["sys_id"], told, SYSTEM)
        self.automation.logged_in(user_name, address)

    def used_the_api(self, user_name: str, address: str, way: str = "basicauth") -> None:
        """A web-service call counts as a login, once in a window of a minute for each user.

        ServiceNow docs, "Available system properties": `glide.<way>.update_last_login_time`.
        """
        now, last = self.clock(), self._last_api_login.get(user_name)
        window = timedelta(seconds=int(self.properties.get(LOGIN_WINDOW, "60")))
        if last is None or now - last >= window or not self.switches.login_touch_throttled:
            self._last_api_login[user_name] = now
            touched = self.properties.get(f"glide.{way}.update_last_login_time", "true") == "true"
            touch = touched and self.switches.api_calls_touch_last_login
            self.signed_in(user_name, address, touch=touch)

    def run_fix_script(self, name: str, **replacements: str) -> None:
        """Run a fix script as an operator does, after editing its text."""
        text = (self.app_folder / "fix_scripts" / name).read_text()
        for old, new in replacements.items():
            text = text.replace(old, new)
        self.engine.run(text, name)

    def close(self) -> None:
        """End the job threads."""
        self.jobs.close()
        self.mid.jobs.close()


def app_properties(
    folder: Path, broker_url: str | None, orders_secret: str, events_secret: str
) -> dict[str, str]:
    """The scoped app's properties as an administrator would have filled them in."""
    source = folder / "properties.json"
    declared = json.loads(source.read_text()) if source.exists() else []
    values = {f"{SCOPE}.{entry['name']}": entry["value"] for entry in declared}
    return values | {
        f"{SCOPE}.broker_url": broker_url or "",
        f"{SCOPE}.orders_secret": orders_secret,
        f"{SCOPE}.events_secret": events_secret,
        CLIENT_CREDENTIALS: "true",
        INVALID_QUERY_NO_ROWS: "false",
    }
