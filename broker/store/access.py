"""What people hold, and the catalogue items we have met."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from broker.domain.access import CatalogueItem, Holding, ItemKind, ItemName
from broker.store.base import Identified, word


class HoldingRow(Identified):
    """Access a person had when last read."""

    __tablename__ = "holdings"
    __table_args__ = (UniqueConstraint("person_id", "kind", "key"),)

    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    kind: Mapped[ItemKind] = mapped_column(word(ItemKind))
    key: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(255))
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
    description: Mapped[str] = mapped_column(String(1000), default="")
    seen_at: Mapped[datetime]


def replace_holdings(
    session: Session, person_id: str, holdings: Iterable[Holding], at: datetime
) -> None:
    """Make the person's holdings exactly these."""
    session.execute(delete(HoldingRow).where(HoldingRow.person_id == person_id))
    unique = {(holding.kind, holding.key): holding for holding in holdings}
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


def holdings_of(session: Session, person_id: str) -> Sequence[HoldingRow]:
    """What the person held when last read, by kind and name."""
    query = select(HoldingRow).where(HoldingRow.person_id == person_id)
    return session.scalars(query.order_by(HoldingRow.kind, HoldingRow.name)).all()


def remember_item(session: Session, iga: str, item: CatalogueItem, at: datetime) -> None:
    """Write a catalogue item as the IGA has it now."""
    query = select(CatalogueItemRow).where(
        CatalogueItemRow.iga == iga,
        CatalogueItemRow.kind == item.kind,
        CatalogueItemRow.key == item.key,
    )
    row = session.scalar(query) or CatalogueItemRow(iga=iga, kind=item.kind, key=item.key)
    row.name, row.description, row.seen_at = item.name, item.description[:1000], at
    session.add(row)


def item_named(session: Session, iga: str, name: ItemName) -> CatalogueItem | None:
    """A catalogue item met before."""
    query = select(CatalogueItemRow).where(
        CatalogueItemRow.iga == iga,
        CatalogueItemRow.kind == name.kind,
        CatalogueItemRow.name == name.name,
    )
    row = session.scalar(query)
    return CatalogueItem(row.kind, row.key, row.name, row.description) if row else None
