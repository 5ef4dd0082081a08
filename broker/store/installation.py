"""Where this database lives, so that it notices when it wakes up somewhere else."""

from datetime import datetime

from sqlalchemy import String, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, Session, mapped_column

from broker.store.base import Base

_HOME, _RESTORED = "home", "restored_at"
# A dump restored elsewhere meets another cluster or database, recovery to a point in time another
# time line (PostgreSQL, "System Information Functions", "Control Data Functions").
_HERE = text(
    "SELECT concat_ws('/', system_identifier, oid, timeline_id)"
    " FROM pg_control_system(), pg_control_checkpoint(), pg_database"
    " WHERE datname = current_database()"
)


class InstallationRow(Base):
    """One fact about the installation."""

    __tablename__ = "installation"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(200))


def woke_elsewhere(session: Session) -> bool:
    """Whether the database has moved since it was asked last: for exactly one caller, who has
    settled in by asking. False where nobody can tell: SQLite, or a server that does not say.
    """
    here = _here(session)
    if not here:
        return False
    home = session.get(InstallationRow, _HOME)
    if home and home.value == here:
        return False
    home = session.get(InstallationRow, _HOME, with_for_update=True, populate_existing=True)
    moved = home is not None and home.value != here
    settle_in(session)
    return moved


def settle_in(session: Session) -> None:
    """From now on this is home."""
    if here := _here(session):
        session.merge(InstallationRow(name=_HOME, value=here))
        session.flush()


def keep_restored_at(session: Session, at: datetime) -> None:
    """Remember when this database began a life that knows less than the world."""
    session.merge(InstallationRow(name=_RESTORED, value=at.isoformat()))


def restored_at(session: Session) -> datetime | None:
    """When it was restored last, if it ever was."""
    row = session.get(InstallationRow, _RESTORED)
    return datetime.fromisoformat(row.value) if row else None


def _here(session: Session) -> str:
    if session.get_bind().dialect.name != "postgresql":
        return ""
    try:
        with session.begin_nested():
            return str(session.scalar(_HERE))
    except DBAPIError:
        # Some hosted servers keep this to themselves; `db restored` has to be typed there.
        return ""
