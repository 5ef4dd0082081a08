"""What every table shares: opaque ids, and times that are always aware and UTC."""

import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CursorResult,
    DateTime,
    Dialect,
    Enum,
    Integer,
    MetaData,
    String,
    UpdateBase,
    create_engine,
    event,
    func,
    select,
)
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import (
    DeclarativeBase,
    InstrumentedAttribute,
    Mapped,
    Session,
    mapped_column,
    sessionmaker,
)
from sqlalchemy.types import TypeDecorator

Sessions = sessionmaker[Session]
# As many keys as one statement names.
_PORTION = 500
# NUL, and halves of characters that need two in UTF-16.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
# Counts up by itself, on SQLite too, which does so for INTEGER only.
Serial = BigInteger().with_variant(Integer, "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC; refuses naive ones instead of guessing their zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the library's signature
        """To the database, in UTC."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the library's signature
        """From the database; SQLite forgets the zone, which is always UTC."""
        if value is not None and value.tzinfo is None:
            return value.replace(tzinfo=UTC)
        return value and value.astimezone(UTC)


class Clipped(TypeDecorator[str]):
    """Words for people to read, cut to the column. Never for what is compared or looked up:
    two long keys could become one; ask `too_long` about those.
    """

    impl = String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - the library's signature
        """To the database, as much as fits."""
        return value and value[: self.length]


def too_long(values: Iterable[tuple[InstrumentedAttribute[Any], str | None]]) -> str:
    """The name of the first column that has no room for its value; "" if all have."""
    return next(
        (column.key for column, value in values if len(value or "") > column.type.length), ""
    )


def portions(keys: Iterable[str]) -> Iterator[list[str]]:
    """As many at a time as one statement may name, each once, in their order."""
    wanted = sorted(set(keys))
    return (wanted[start : start + _PORTION] for start in range(0, len(wanted), _PORTION))


def word(vocabulary: type[StrEnum], length: int = 40) -> Enum:
    """A column that holds one word of a vocabulary, as plain text in the database."""
    return Enum(
        vocabulary,
        native_enum=False,
        create_constraint=False,
        length=length,
        values_callable=lambda words: [entry.value for entry in words],
    )


class Base(DeclarativeBase):
    """Common ground of all rows."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {datetime: UtcDateTime}


def new_id() -> str:
    """An opaque id, unguessable, 32 hex digits."""
    return uuid.uuid4().hex


class Identified(Base):
    """A row named by an opaque id of our own."""

    __abstract__ = True
    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)


def open_store(url: str, patience_seconds: int | None = None) -> Engine:
    """The engine for `url`. SQLite gets foreign keys, a busy time-out and write-ahead logging.

    PostgreSQL has to take a connection, and to answer each statement, within `patience_seconds`
    where they are given.

    Errors name columns, never what was written: people's words stay out of the logs.
    """
    in_file = url.startswith("sqlite")
    patience: dict[str, object] = {}
    if patience_seconds and not in_file:
        limit = f"-c statement_timeout={patience_seconds * 1000}"
        # without an encoding of ours, not even the greeting of an odd server can be read
        patience = {
            "connect_timeout": patience_seconds,
            "options": limit,
            "client_encoding": "utf8",
        }
    engine = create_engine(
        url, pool_pre_ping=not in_file, hide_parameters=True, connect_args=patience
    )
    event.listen(engine, "before_cursor_execute", _storable, retval=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _tune_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    return engine


def sessions_of(engine: Engine) -> Sessions:
    """A factory of sessions whose rows stay readable after commit."""
    return sessionmaker(engine, expire_on_commit=False)


def changed(session: Session, statement: UpdateBase) -> int:
    """Run an UPDATE or DELETE; returns how many rows it met."""
    result = session.execute(statement)
    assert isinstance(result, CursorResult), "only rows that are changed can be counted"
    return int(result.rowcount)


class Turn(IntEnum):
    """What one transaction at a time writes. The numbers must not change: processes share them."""

    PEOPLE = 0x2E904
    REQUESTS = 0x2E905


def take_turn(session: Session, turn: Turn) -> None:
    """Wait until nobody else has this turn; it is ours until the transaction ends.

    Runs and sign-ins overlap: without turns they would insert the same row twice, or wait for
    each other's rows in a circle. Take PEOPLE before REQUESTS, and either before its rows are
    read. SQLite has one writer anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(turn)))


def _storable(
    _connection: Connection,
    _cursor: object,
    statement: str,
    parameters: Any,  # noqa: ANN401 - a row's values or many rows', by name or by place
    _context: object,
    _many: bool,
) -> tuple[str, Any]:
    """What no database can hold is left out here, where every text passes: PostgreSQL takes no
    NUL, and nothing takes half a character. Vendors' JSON and typed-in searches may have both.
    """
    if isinstance(parameters, list):
        return statement, [_clean_row(row) for row in parameters]
    return statement, _clean_row(parameters)


def _clean_row(row: Any) -> Any:  # noqa: ANN401 - as above
    values = row.values() if isinstance(row, Mapping) else row
    if not any(map(_odd, values)):
        return row
    if isinstance(row, Mapping):
        return {name: _clean(value) for name, value in row.items()}
    return tuple(map(_clean, row))


def _odd(value: object) -> bool:
    return isinstance(value, str) and _UNSTORABLE.search(value) is not None


def _clean(value: object) -> object:
    if not isinstance(value, str) or not _odd(value):
        return value
    return value.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _tune_sqlite(connection: DBAPIConnection, _record: object) -> None:
    # The driver must not open transactions by itself, or BEGIN IMMEDIATE below comes too late.
    connection.isolation_level = None
    for pragma in (
        "foreign_keys=ON",
        "busy_timeout=10000",
        "journal_mode=WAL",
        "synchronous=NORMAL",
    ):
        connection.cursor().execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: Connection) -> None:
    # A transaction that reads first and writes later would fail instead of waiting its turn.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
