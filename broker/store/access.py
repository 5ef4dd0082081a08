"""What people hold, and the catalogue items we have met."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from broker.domain.access import CatalogueItem, Holding, ItemKind
from broker.store.base import Clipped, Identified, too_long, word

_log = logging.getLogger(__name__)


class HoldingRow(Identified):
    """Access a person had when last read."""

    __tablename__ = "holdings"
    __table_args__ = (UniqueConstraint("person_id", "kind", "key"),)

    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    kind: Mapped[ItemKind] = mapped_column(word(ItemKind))
    key: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(Clipped(255))
    since: Mapped[datetime | None]
    request_id: Mapped[str | None] = mapped_column(String(64))
    seen_at: Mapped[datetime]


class CatalogueItemRow(Identified):
    """Something that can be asked for in an IGA."""

    __tablename__ = "catalogue_items"
    __table_args__ = (UniqueConstraint("iga", "kind", "key"),)

    iga: Mapped[str] = mapped_column(String(40))
    kind: Mapped[ItemKind] = mapped_column(word(ItemKind))
    key: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str] = mapped_column(Clipped(1000), default="")
    seen_at: Mapped[datetime]


def replace_holdings(
    session: Session, person_id: str, holdings: Iterable[Holding], at: datetime
) -> None:
    """Make the person's holdings exactly these."""
    session.execute(delete(HoldingRow).where(HoldingRow.person_id == person_id))
    unique = {(held.kind, held.key): held for held in holdings if _fits(held)}
    session.add_all(
        HoldingRow(
            person_id=person_id,
            kind=holding.kind,
            key=holding.key,
            name=holding.name,
            since=holding.since,
            request_id=holding.request_id,
            seen_at=at,
        )
        for holding in unique.values()
    )


def _fits(held: Holding) -> bool:
    column = too_long(((HoldingRow.key, held.key), (HoldingRow.request_id, held.request_id)))
    if column:
        _log.warning("a holding is left out: its %s is too long", column)
    return not column


def holdings_of(session: Session, person_id: str) -> Sequence[HoldingRow]:
    """What the person held when last read, by kind and name."""
    query = select(HoldingRow).where(HoldingRow.person_id == person_id)
    return session.scalars(query.order_by(HoldingRow.kind, HoldingRow.name, HoldingRow.key)).all()


def remember_item(session: Session, iga: str, item: CatalogueItem, at: datetime) -> None:
    """Write a catalogue item as the IGA has it now, unless its key or name has no room."""
    column = too_long(((CatalogueItemRow.key, item.key), (CatalogueItemRow.name, item.name)))
    if column:
        _log.warning("an item of %s is left out: its %s is too long", iga, column)
        return
    query = select(CatalogueItemRow).where(
        CatalogueItemRow.iga == iga,
        CatalogueItemRow.kind == item.kind,
        CatalogueItemRow.key == item.key,
    )
    row = session.scalar(query) or CatalogueItemRow(iga=iga, kind=item.kind, key=item.key)
    row.name, row.description, row.seen_at = item.name, item.description, at
    session.add(row)
