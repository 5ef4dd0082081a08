"""The rule of broker.domain.visibility as conditions of a query."""

from sqlalchemy import ColumnElement, Select, exists, false, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from broker.domain.approvals import TaskState
from broker.domain.people import normal
from broker.domain.visibility import Parties, Viewer
from broker.store.deciders import DeciderRow, deciders_of
from broker.store.orders import OrderLineRow, OrderRow
from broker.store.people import PersonRow
from broker.store.requests import STILL_OPEN, ApprovalTaskRow, BeneficiaryRow, RequestRow

Condition = ColumnElement[bool]


def own(viewer: Viewer) -> Condition:
    """Requests that the viewer asked for or benefits from, directly or by an order."""
    if viewer.key is None:
        return false()
    mine = [viewer.key]
    return (RequestRow.iga == viewer.iga) & or_(
        RequestRow.requester_key.in_(mine),
        _for(select(BeneficiaryRow.request_row_id).where(BeneficiaryRow.person_key.in_(mine))),
        _by_order(OrderRow.requester_id == viewer.person_id),
    )


def visible(viewer: Viewer) -> Condition:
    """Every request the viewer may see."""
    if viewer.sees_all:
        return true()
    if viewer.key is None:
        return false()
    reports = select(PersonRow.key).where(
        PersonRow.iga == viewer.iga, PersonRow.manager_key == viewer.key
    )
    report_ids = select(PersonRow.id).where(
        PersonRow.iga == viewer.iga, PersonRow.manager_key == viewer.key
    )
    of_reports = or_(
        RequestRow.requester_key.in_(reports),
        _for(select(BeneficiaryRow.request_row_id).where(BeneficiaryRow.person_key.in_(reports))),
        _by_order(OrderRow.requester_id.in_(report_ids)),
    )
    deciding = _for(select(ApprovalTaskRow.request_row_id).where(_bears_name(viewer)))
    instead = RequestRow.is_open & _for(_entrusted(viewer, ApprovalTaskRow.request_row_id))
    theirs = (RequestRow.iga == viewer.iga) & or_(of_reports, deciding, instead)
    return own(viewer) | theirs


def assigned(viewer: Viewer) -> Condition:
    """Approval tasks of the viewer's own, decided ones too."""
    return (RequestRow.iga == viewer.iga) & _bears_name(viewer) if viewer.key else false()


def to_decide(viewer: Viewer) -> Condition:
    """Approval tasks that wait, and that the viewer may decide: their own, and those of the
    people they stand in for and of the roles they are a member of.
    """
    if viewer.key is None:
        return false()
    theirs = ApprovalTaskRow.id.in_(_entrusted(viewer, ApprovalTaskRow.id))
    waits = (ApprovalTaskRow.state == TaskState.REQUESTED) & STILL_OPEN
    return waits & (assigned(viewer) | theirs)


def _bears_name(viewer: Viewer) -> Condition:
    return ApprovalTaskRow.assignee_normal == normal(viewer.login)


def _entrusted(viewer: Viewer, column: InstrumentedAttribute[str]) -> Select[str]:
    """Tasks that wait for a name for which the viewer may decide; decided ones stay with those
    who decided them.
    """
    return (
        select(column)
        .join(DeciderRow, DeciderRow.assignee_normal == ApprovalTaskRow.assignee_normal)
        .where(
            DeciderRow.iga == viewer.iga,
            DeciderRow.login_normal == normal(viewer.login),
            ApprovalTaskRow.state == TaskState.REQUESTED,
        )
    )


def _for(request_ids: Select[str]) -> Condition:
    return RequestRow.id.in_(request_ids)


def _by_order(people: Condition) -> Condition:
    return exists(
        select(OrderLineRow.id)
        .join(OrderRow, OrderRow.id == OrderLineRow.order_id)
        .where(
            OrderLineRow.iga_request_id == RequestRow.request_id,
            OrderRow.iga == RequestRow.iga,
            people,
        )
    )


def visible_orders(viewer: Viewer) -> Condition:
    """Orders that the viewer may see: their own once the desk has confirmed them, or all."""
    if viewer.sees_all:
        return true()
    if viewer.person_id is None:
        return false()
    mine = (OrderRow.requester_id, OrderRow.beneficiary_id)
    return or_(*(column == viewer.person_id for column in mine))


def parties_of(session: Session, row: RequestRow) -> Parties:
    """The people of a request, for the pure rule: who ordered it in any order, too."""
    ordered = (
        select(PersonRow.key)
        .join(OrderRow, OrderRow.requester_id == PersonRow.id)
        .join(OrderLineRow, OrderLineRow.order_id == OrderRow.id)
        .where(OrderRow.iga == row.iga, OrderLineRow.iga_request_id == row.request_id)
    )
    keys = {row.requester_key, *(b.person_key for b in row.beneficiaries)}
    keys |= set(session.scalars(ordered))
    managers = select(PersonRow.manager_key).where(
        PersonRow.iga == row.iga, PersonRow.key.in_(keys), PersonRow.manager_key.is_not(None)
    )
    return Parties(
        iga=row.iga,
        keys=frozenset(keys),
        manager_keys=frozenset(filter(None, session.scalars(managers))),
        assignees=frozenset({task.assignee_normal for task in row.tasks} | _instead(session, row)),
    )


def _instead(session: Session, row: RequestRow) -> set[str]:
    waiting = [task.assignee_normal for task in row.waiting] if row.is_open else []
    found = deciders_of(session, row.iga, waiting) if waiting else {}
    return {login for logins in found.values() for login in logins}
