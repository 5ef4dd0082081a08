"""Calls to other systems, summed up over all processes, for whoever watches us."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, String, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from broker.store.base import Base


class ConnectorCallsRow(Base):
    """All calls of one connection that ended in one way, since the first."""

    __tablename__ = "connector_calls"

    connection: Mapped[str] = mapped_column(String(40), primary_key=True)
    outcome: Mapped[str] = mapped_column(String(20), primary_key=True)
    calls: Mapped[int] = mapped_column(BigInteger)
    seconds: Mapped[float]


def add(session: Session, connection: str, outcome: str, calls: int, seconds: float) -> None:
    """Add to what was counted before, whoever counted it."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = insert(ConnectorCallsRow).values(
        connection=connection, outcome=outcome, calls=calls, seconds=seconds
    )
    session.execute(
        row.on_conflict_do_update(
            index_elements=[ConnectorCallsRow.connection, ConnectorCallsRow.outcome],
            set_={
                "calls": ConnectorCallsRow.calls + row.excluded.calls,
                "seconds": ConnectorCallsRow.seconds + row.excluded.seconds,
            },
        )
    )


def all_counts(session: Session) -> Sequence[ConnectorCallsRow]:
    """Every count, by connection and outcome."""
    query = select(ConnectorCallsRow)
    order = (ConnectorCallsRow.connection, ConnectorCallsRow.outcome)
    return session.scalars(query.order_by(*order)).all()
