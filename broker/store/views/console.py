"""What the test console offers to pick from: people and items that the broker has met."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from broker.domain.access import CatalogueItem, ItemKind
from broker.domain.people import Person, normal
from broker.store import people
from broker.store.access import CatalogueItemRow, HoldingRow
from broker.store.people import PersonRow
from broker.store.requests import RequestedItemRow, RequestRow
from broker.store.views.names import Names

_OFFERED = 20


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing to pick: what is filled in, and what else tells it apart."""

    value: str
    about: str


def people_like(session: Session, iga: str, text: str) -> tuple[Offer, ...]:
    """Active people whose name, login or e-mail holds `text`, by name."""
    wanted = normal(text)
    holds = (
        PersonRow.login_normal.contains(wanted, autoescape=True),
        PersonRow.email_normal.contains(wanted, autoescape=True),
        _holds(PersonRow.display_name, text),
    )
    query = (
        select(PersonRow)
        .where(PersonRow.iga == iga, PersonRow.active, or_(*holds))
        .order_by(PersonRow.display_name, PersonRow.login)
        .limit(_OFFERED)
    )
    return tuple(_person(row) for row in session.scalars(query))


def _person(row: PersonRow) -> Offer:
    return Offer(row.login, " · ".join(filter(None, (row.display_name, row.email))))


def items_like(session: Session, iga: str, kind: ItemKind, text: str) -> tuple[Offer, ...]:
    """Items of this kind that were ordered, are held or are asked for just now, whose name holds
    `text`, by name.
    """
    ordered = select(CatalogueItemRow.name).where(
        CatalogueItemRow.iga == iga,
        CatalogueItemRow.kind == kind,
        _holds(CatalogueItemRow.name, text),
    )
    held = select(HoldingRow.name).join(PersonRow, PersonRow.id == HoldingRow.person_id)
    held = held.where(PersonRow.iga == iga, HoldingRow.kind == kind, _holds(HoldingRow.name, text))
    asked = (
        select(RequestedItemRow.name)
        .join(RequestRow, RequestRow.id == RequestedItemRow.request_row_id)
        .where(
            RequestRow.iga == iga,
            RequestRow.is_open,
            RequestedItemRow.kind == kind.value,
            _holds(RequestedItemRow.name, text),
        )
    )
    names = ordered.union(held, asked).subquery()
    query = select(names.c.name).order_by(names.c.name).limit(_OFFERED)
    return tuple(Offer(name, kind) for name in session.scalars(query))


def _holds(column: InstrumentedAttribute[str], text: str) -> ColumnElement[bool]:
    return func.lower(column).contains(text.strip().lower(), autoescape=True)


def manager_of(session: Session, iga: str, person: Person) -> str:
    """The name of the person's manager, or nothing if that is not known."""
    row = people.by_key(session, iga, person.manager_key) if person.manager_key else None
    return (row.display_name or row.login) if row else ""


def deciders(session: Session, iga: str, item: CatalogueItem) -> tuple[str, ...]:
    """Who was asked on the newest request for this item whose approvals were seen: stage, name."""
    query = (
        select(RequestRow)
        .join(RequestedItemRow, RequestedItemRow.request_row_id == RequestRow.id)
        .where(
            RequestRow.iga == iga,
            RequestedItemRow.kind == item.kind,
            RequestedItemRow.key == item.key,
            RequestRow.tasks.any(),
        )
        .order_by(RequestRow.created_at.desc(), RequestRow.request_id.desc())
        .limit(1)
    )
    newest = session.scalar(query)
    if newest is None:
        return ()
    names = Names(session, iga, logins=[task.assignee for task in newest.tasks])
    told = [
        " · ".join(filter(None, (task.stage, names.of_login(task.assignee))))
        for task in newest.tasks
    ]
    return tuple(dict.fromkeys(told))
