"""Rows of two small IGAs, in which the same keys belong to other people."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from broker.domain.access_requests import RequestState
from broker.domain.approvals import TaskState
from broker.domain.orders import LineState
from broker.domain.people import normal
from broker.domain.visibility import Role, Viewer
from broker.store.orders import OrderLineRow, OrderRow
from broker.store.people import PersonRow
from broker.store.requests import ApprovalTaskRow, BeneficiaryRow, RequestedItemRow, RequestRow
from tests.store.conftest import NOON

NOBODY = "99"
ADA, BEN, EVE = "11", "12", "15"
# Key, manager: the same keys in both IGAs, with other people behind them.
STAFF = {"oim": ((ADA, BEN), (BEN, "1"), (EVE, None)), "other": ((ADA, EVE), (BEN, None))}


def staff_row(iga: str, key: str, manager: str | None) -> PersonRow:
    """Somebody of an IGA; the login names both."""
    login = f"{iga}-{key}"
    return PersonRow(
        id=f"id-{login}", iga=iga, key=key, login=login, login_normal=login, display_name=login,
        email="", email_normal="", employee_number="", number_normal="", manager_key=manager,
        active=True, seen_at=NOON,
    )  # fmt: skip


def task_of(login: str, state: TaskState = TaskState.REQUESTED, minute: int = 0) -> ApprovalTaskRow:
    """A decision of somebody's, assigned and decided so many minutes after noon."""
    at = NOON + timedelta(minutes=minute)
    return ApprovalTaskRow(
        position=0, task_id=f"task-{login}", assignee=login, assignee_normal=normal(login),
        state=state, raw_state=state.value, stage="", assigned_at=at,
        decided_at=at if state is not TaskState.REQUESTED else None,
    )  # fmt: skip


def request_of(
    number: str,
    iga: str = "oim",
    requester: str = NOBODY,
    beneficiaries: tuple[str, ...] = (),
    tasks: tuple[ApprovalTaskRow, ...] = (),
    *,
    items: Sequence[str] = (),
    state: RequestState = RequestState.AWAITING_APPROVAL,
    created_at: datetime = NOON,
    gone_at: datetime | None = None,
) -> RequestRow:
    """A request; the number is the IGA's."""
    return RequestRow(
        id=f"row-{iga}-{number}", iga=iga, request_id=number, raw_status="",
        state=state, is_open=not state.final, request_type="",
        requester_key=requester, justification="", created_at=created_at, seen_at=NOON,
        changed_at=NOON, fingerprint="f", gone_at=gone_at,
        items=[RequestedItemRow(position=n, kind="role", key=str(n), name=name,
                                beneficiary_key=requester) for n, name in enumerate(items)],
        tasks=list(tasks),
        beneficiaries=[BeneficiaryRow(person_key=key) for key in beneficiaries],
    )  # fmt: skip


def order_of(
    number: str,
    requester: str | None,
    beneficiary: str | None,
    iga: str = "oim",
    request_id: str | None = "1",
    received_at: datetime = NOON,
) -> OrderRow:
    """An order of one line; people by our ids."""
    return OrderRow(
        id=f"order-{number}", source="servicenow", client="servicenow", item_id=f"sys-{number}",
        item_number=number, task_id="t", task_number="SCTASK1", action="grant", claims=number,
        posted="{}", iga=iga, received_at=received_at, requester_id=requester,
        beneficiary_id=beneficiary, justification="",
        lines=[OrderLineRow(position=0, state=LineState.SUBMITTED, reference=number,
                            iga_request_id=request_id, changed_at=NOON)],
    )  # fmt: skip


def viewer(key: str | None, iga: str = "oim", *roles: Role) -> Viewer:
    """Somebody of the staff, signed in; without a key, nobody of any IGA."""
    login = f"{iga}-{key}"
    person_id = f"id-{login}" if key else None
    return Viewer(person_id, key, login if key else "", frozenset(roles), iga=iga)
