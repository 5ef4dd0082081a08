"""Who may decide what is assigned to a name: a role's members, a person's stand-ins."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKeyConstraint, Index, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from broker.domain.people import normal
from broker.store.base import Base, Clipped, Turn, portions, take_turn, too_long


class AssigneeRow(Base):
    """A name that decisions are assigned to, and when the IGA was asked who else may decide them:
    nobody else, where it has no deciders.
    """

    __tablename__ = "approval_assignees"

    iga: Mapped[str] = mapped_column(String(40), primary_key=True)
    assignee_normal: Mapped[str] = mapped_column(String(255), primary_key=True)
    assignee: Mapped[str] = mapped_column(Clipped(255))
    asked_at: Mapped[datetime]


class DeciderRow(Base):
    """Somebody who may decide what is assigned to that name, besides whoever bears it."""

    __tablename__ = "approval_deciders"
    __table_args__ = (
        ForeignKeyConstraint(
            ["iga", "assignee_normal"],
            [AssigneeRow.iga, AssigneeRow.assignee_normal],
            name="fk_approval_deciders_assignee",
            ondelete="CASCADE",
        ),
        Index("ix_approval_deciders_login", "iga", "login_normal"),
    )

    iga: Mapped[str] = mapped_column(String(40), primary_key=True)
    assignee_normal: Mapped[str] = mapped_column(String(255), primary_key=True)
    login_normal: Mapped[str] = mapped_column(String(255), primary_key=True)
    login: Mapped[str] = mapped_column(Clipped(255))


def unasked(session: Session, iga: str, assignees: Iterable[str]) -> list[str]:
    """Those of the names about which the IGA has not been asked yet, each once."""
    named = {normal(assignee): assignee for assignee in sorted(assignees)}
    for portion in portions(named):
        query = select(AssigneeRow.assignee_normal).where(
            AssigneeRow.iga == iga, AssigneeRow.assignee_normal.in_(portion)
        )
        for asked in session.scalars(query):
            named.pop(asked, None)
    return [named[name] for name in sorted(named)]


def is_known(session: Session, iga: str, assignee: str) -> bool:
    """Whether the IGA has been asked about this name."""
    return session.get(AssigneeRow, (iga, normal(assignee))) is not None


def asked_before(
    session: Session, iga: str, assignees: Iterable[str], moment: datetime
) -> list[str]:
    """Those of the names about which the IGA was last asked before that moment."""
    names = {normal(assignee): assignee for assignee in assignees}
    found: list[str] = []
    for portion in portions(names):
        query = select(AssigneeRow.assignee_normal).where(
            AssigneeRow.iga == iga,
            AssigneeRow.assignee_normal.in_(portion),
            AssigneeRow.asked_at < moment,
        )
        found += [names[name] for name in session.scalars(query)]
    return sorted(found)


def decided_by(session: Session, iga: str, login: str) -> dict[str, str]:
    """The names for which the person of this login may decide, besides their own: as compared,
    and as the IGA spells them.
    """
    query = (
        select(AssigneeRow.assignee_normal, AssigneeRow.assignee)
        .join(DeciderRow, _same_assignee())
        .where(DeciderRow.iga == iga, DeciderRow.login_normal == normal(login))
    )
    return dict(session.execute(query).all())


def _same_assignee() -> ColumnElement[bool]:
    return (DeciderRow.iga == AssigneeRow.iga) & (
        DeciderRow.assignee_normal == AssigneeRow.assignee_normal
    )


def deciders_of(session: Session, iga: str, assignees: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """By name as compared: the logins of those who may decide besides whoever bears it."""
    found: dict[str, list[str]] = {}
    for portion in portions(map(normal, assignees)):
        query = select(DeciderRow.assignee_normal, DeciderRow.login).where(
            DeciderRow.iga == iga, DeciderRow.assignee_normal.in_(portion)
        )
        for name, login in session.execute(query.order_by(DeciderRow.login_normal)):
            found.setdefault(name, []).append(login)
    return {name: tuple(logins) for name, logins in found.items()}


def remember(
    session: Session, iga: str, assignee: str, logins: Sequence[str], at: datetime
) -> bool:
    """Write who may decide what is assigned to this name, as the IGA said when asked `at`;
    whether that is news. Runs overlap: an older answer is none. A name or login without room is
    left out: cut, it could be somebody else's.
    """
    name = normal(assignee)
    if too_long([(AssigneeRow.assignee_normal, name)]):
        return False
    take_turn(session, Turn.REQUESTS)
    row = session.get(AssigneeRow, (iga, name))
    if row is not None and at < row.asked_at:
        return False
    row = row or AssigneeRow(iga=iga, assignee_normal=name)
    row.assignee, row.asked_at = assignee, at
    session.add(row)
    session.flush()
    return _write(session, iga, name, logins)


def _write(session: Session, iga: str, name: str, logins: Sequence[str]) -> bool:
    wanted = {normal(login): login for login in logins if login.strip()}
    wanted = {
        login: spelt
        for login, spelt in wanted.items()
        if login != name and not too_long([(DeciderRow.login_normal, login)])
    }
    theirs = (DeciderRow.iga == iga, DeciderRow.assignee_normal == name)
    known = set(session.scalars(select(DeciderRow.login_normal).where(*theirs)))
    for portion in portions(known - wanted.keys()):
        session.execute(delete(DeciderRow).where(*theirs, DeciderRow.login_normal.in_(portion)))
    session.add_all(
        DeciderRow(iga=iga, assignee_normal=name, login_normal=login, login=wanted[login])
        for login in sorted(wanted.keys() - known)
    )
    session.flush()
    return known != wanted.keys()


def forget(session: Session, iga: str, kept: Collection[str], asked_until: datetime) -> None:
    """Forget every name but these and those asked about later: nothing waits for the others."""
    take_turn(session, Turn.REQUESTS)
    names = {normal(assignee) for assignee in kept}
    earlier = (AssigneeRow.iga == iga, AssigneeRow.asked_at <= asked_until)
    known = set(session.scalars(select(AssigneeRow.assignee_normal).where(*earlier)))
    for portion in portions(known - names):
        theirs = (AssigneeRow.iga == iga, AssigneeRow.assignee_normal.in_(portion))
        session.execute(delete(AssigneeRow).where(*theirs))
