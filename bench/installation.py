"""A broker with so many requests of its own, all of which it owes to the desk's mirror."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import func, select, update

from broker import relay
from broker.connectors.registry import iga_products
from broker.context import Broker
from broker.domain.access import CatalogueMapping
from broker.domain.access_requests import RequestState
from broker.domain.approvals import TaskState
from broker.ports.clock import SystemClock
from broker.ports.desk import Desk
from broker.ports.queue import QueueName
from broker.settings import Settings
from broker.store import outbox
from broker.store.base import open_store, sessions_of
from broker.store.migrations import upgrade
from broker.store.requests import (
    ApprovalTaskRow,
    BeneficiaryRow,
    RequestedItemRow,
    RequestRow,
)

_THEN = datetime(2026, 3, 2, 12, tzinfo=UTC)
_LONG_SECONDS = 3600.0


class _Silent:
    """Nobody waits for a bell here."""

    def ring(self, queue: QueueName) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Installation:
    """The broker and its debt."""

    broker: Broker

    def change(self, times: int, places: range) -> None:
        """Let these rows, requests and approvals by turns, differ from what the desk was told."""
        raw = f"Request Awaiting Approval, seen {times} times"
        assigned_at = datetime.fromtimestamp(times * 60, UTC)
        ours = RequestRow.request_id.in_({f"b{place // 2}" for place in places})
        tasks = ApprovalTaskRow.request_row_id.in_(select(RequestRow.id).where(ours))
        with self.broker.sessions.begin() as session:
            session.execute(update(RequestRow).where(ours).values(raw_status=raw, mirror_due=True))
            session.execute(update(ApprovalTaskRow).where(tasks).values(assigned_at=assigned_at))
            payload = {"desk": "servicenow"}
            now = self.broker.clock.now()
            outbox.owe(session, QueueName.SYNC, "mirror", "servicenow", now, payload)

    def mirror(self) -> None:
        """Pay what is owed, as a worker does; RuntimeError if something is left."""
        relay.settle_due(self.broker, QueueName.SYNC, _LONG_SECONDS)
        with self.broker.sessions() as session:
            due = select(func.count()).select_from(RequestRow).where(RequestRow.mirror_due)
            if left := session.scalar(due):
                raise RuntimeError(f"{left} requests were not mirrored")


@contextmanager
def installed(folder: Path, desk: Desk, rows: int) -> Iterator[Installation]:
    """A broker on a database in that folder, with half as many requests as rows, and an approval
    each.
    """
    nowhere = "http://127.0.0.1:9"  # it only makes links
    with broker_in(folder, nowhere, {"servicenow": desk}) as broker:
        with broker.sessions.begin() as session:
            session.add_all(_request(number) for number in range(rows // 2))
        yield Installation(broker)


@contextmanager
def broker_in(folder: Path, oim: str, desks: Mapping[str, Desk]) -> Iterator[Broker]:
    """A broker on a database in that folder, with an OIM at that address and these desks."""
    url = f"sqlite:///{folder / 'broker.sqlite'}"
    upgrade(url)
    store = open_store(url)
    iga = iga_products()["oim"]
    given = {"url": oim, "console_url": oim, "username": "broker", "password": "broker"}
    try:
        yield Broker(
            settings=_SETTINGS,
            sessions=sessions_of(store),
            bell=_Silent(),
            clock=SystemClock(),
            igas={"oim": iga.build("oim", iga.settings(**given))},
            desks=desks,
            catalogue=CatalogueMapping({}),
            api_clients={},
        )
    finally:
        store.dispose()


def _request(number: int) -> RequestRow:
    person = str(number % 500)
    return RequestRow(
        iga="oim", request_id=f"b{number}", state=RequestState.AWAITING_APPROVAL, raw_status="",
        is_open=True, request_type="Assign Roles", requester_key=person,
        justification="Month end is near, and somebody has to close the books of the plant.",
        created_at=_THEN, seen_at=_THEN, changed_at=_THEN, fingerprint="f",
        items=[RequestedItemRow(position=0, kind="role", key="14", name="Finance Reporting",
                                beneficiary_key=person)],
        tasks=[_approval(number)],
        beneficiaries=[BeneficiaryRow(person_key=person)],
    )  # fmt: skip


def _approval(number: int) -> ApprovalTaskRow:
    return ApprovalTaskRow(
        position=0, task_id=f"task-{number}", assignee="BEN", assignee_normal="ben",
        state=TaskState.REQUESTED, raw_state="ASSIGNED", stage="", assigned_at=_THEN,
    )  # fmt: skip


_SETTINGS = Settings(
    base_url="http://127.0.0.1:8080",
    secret_key=SecretStr("s" * 40),
    audit_key=SecretStr("a" * 40),
    saml_idp_metadata="http://localhost/metadata",
)
