"""People of the IGA, and the accounts elsewhere that are theirs or could not be linked."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from broker.domain.people import Account, Match, Person, normal
from broker.store.base import Clipped, Identified, Turn, take_turn, too_long

_log = logging.getLogger(__name__)
_NAME = 255


class PersonRow(Identified):
    """Somebody known to an IGA. `id` is the only name of a person in audit events."""

    __tablename__ = "people"
    __table_args__ = (
        UniqueConstraint("iga", "key"),
        Index("ix_people_login", "iga", "login_normal"),
        Index("ix_people_email", "iga", "email_normal"),
        Index("ix_people_number", "iga", "number_normal"),
    )

    iga: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(64))
    login: Mapped[str] = mapped_column(Clipped(_NAME))
    login_normal: Mapped[str] = mapped_column(String(255))
    display_name: Mapped[str] = mapped_column(Clipped(_NAME))
    email: Mapped[str] = mapped_column(String(255), default="")
    email_normal: Mapped[str] = mapped_column(String(255), default="")
    employee_number: Mapped[str] = mapped_column(String(64), default="")
    number_normal: Mapped[str] = mapped_column(String(64), default="")
    manager_key: Mapped[str | None] = mapped_column(String(64))
    active: Mapped[bool] = mapped_column(default=True)
    seen_at: Mapped[datetime]

    @property
    def person(self) -> Person:
        """The domain's view of this row."""
        return Person(
            self.key, self.login, self.display_name, self.email,
            self.employee_number, self.manager_key, self.active,
        )  # fmt: skip


class PersonLinkRow(Identified):
    """An account elsewhere and the person it belongs to, or why it belongs to nobody yet."""

    __tablename__ = "person_links"
    __table_args__ = (
        UniqueConstraint("system", "key"),
        Index("ix_person_links_login", "system", "login_normal"),
    )

    system: Mapped[str] = mapped_column(String(255))
    key: Mapped[str] = mapped_column(String(255))
    login: Mapped[str] = mapped_column(Clipped(_NAME))
    login_normal: Mapped[str] = mapped_column(String(255))
    display_name: Mapped[str] = mapped_column(Clipped(_NAME), default="")
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"), index=True)
    person: Mapped[PersonRow | None] = relationship(lazy="joined")
    reason: Mapped[str] = mapped_column(Clipped(500), default="")
    seen_at: Mapped[datetime]


_ATTRIBUTE_COLUMNS = {
    "login": PersonRow.login_normal,
    "email": PersonRow.email_normal,
    "employee_number": PersonRow.number_normal,
}


def find(session: Session, iga: str, attribute: str, value: str) -> Sequence[PersonRow]:
    """Everybody of this IGA whose login, email or employee_number is `value`, in any case."""
    column = _ATTRIBUTE_COLUMNS[attribute]
    query = select(PersonRow).where(PersonRow.iga == iga, column == normal(value))
    return session.scalars(query).all()


def by_logins(session: Session, iga: str, logins: Iterable[str]) -> dict[str, list[PersonRow]]:
    """Everybody of this IGA with one of these logins, in any case, by the login as compared."""
    query = select(PersonRow).where(
        PersonRow.iga == iga, PersonRow.login_normal.in_({normal(login) for login in logins})
    )
    found: dict[str, list[PersonRow]] = {}
    for person in session.scalars(query):
        found.setdefault(person.login_normal, []).append(person)
    return found


def by_key(session: Session, iga: str, key: str) -> PersonRow | None:
    """The person with the IGA's own key."""
    return session.scalar(select(PersonRow).where(PersonRow.iga == iga, PersonRow.key == key))


def all_of(session: Session, iga: str) -> Sequence[PersonRow]:
    """Everybody of this IGA."""
    return session.scalars(select(PersonRow).where(PersonRow.iga == iga)).all()


def remember(session: Session, iga: str, people: Iterable[Person], at: datetime) -> list[PersonRow]:
    """Write each person as the IGA has them now; returns those who are new or have changed.

    Somebody whose keys or logins do not fit is left out: cut, they could be somebody else.
    """
    take_turn(session, Turn.PEOPLE)
    wanted = {person.key: _shown(person) for person in people if _fits(iga, person)}
    known = _rows_by_key(session, iga, list(wanted))
    changed = []
    for key, person in wanted.items():
        row = known.get(key)
        if row is None or row.person != person:
            row = row or PersonRow(iga=iga, key=key)
            changed.append(row)
        _fill(row, person, at)
        session.add(row)
    session.flush()
    return changed


def _fits(iga: str, person: Person) -> bool:
    column = too_long(
        (
            (PersonRow.key, person.key),
            (PersonRow.login_normal, normal(person.login)),
            (PersonRow.email, person.email),
            (PersonRow.email_normal, normal(person.email)),
            (PersonRow.employee_number, person.employee_number),
            (PersonRow.number_normal, normal(person.employee_number)),
            (PersonRow.manager_key, person.manager_key),
        )
    )
    if column:
        _log.warning(
            "person %s of %s is left out: its %s is too long", person.key[:64], iga, column
        )
    return not column


def _shown(person: Person) -> Person:
    """As the row will say it, so that somebody with a long name has not changed each time."""
    return replace(person, display_name=person.display_name[:_NAME])


def _rows_by_key(session: Session, iga: str, keys: Sequence[str]) -> dict[str, PersonRow]:
    query = select(PersonRow).where(PersonRow.iga == iga, PersonRow.key.in_(keys))
    return {row.key: row for row in session.scalars(query)}


def _fill(row: PersonRow, person: Person, at: datetime) -> None:
    row.login, row.login_normal = person.login, normal(person.login)
    row.display_name = person.display_name
    row.email, row.email_normal = person.email, normal(person.email)
    row.employee_number, row.number_normal = person.employee_number, normal(person.employee_number)
    row.manager_key, row.active, row.seen_at = person.manager_key, person.active, at


def account_fits(account: Account) -> bool:
    """Whether the account's keys have room here; logged if not, for it can be linked to nobody."""
    column = too_long(
        (
            (PersonLinkRow.system, account.system),
            (PersonLinkRow.key, account.key),
            (PersonLinkRow.login_normal, normal(account.login)),
        )
    )
    if column:
        _log.warning(
            "an account of %s is left out: its %s is too long", account.system[:_NAME], column
        )
    return not column


def link_of(session: Session, system: str, key: str) -> PersonLinkRow | None:
    """What is known of one account elsewhere, by its immutable id."""
    query = select(PersonLinkRow).where(PersonLinkRow.system == system, PersonLinkRow.key == key)
    return session.scalar(query)


def links_of(session: Session, accounts: Sequence[Account]) -> dict[tuple[str, str], PersonLinkRow]:
    """What is known of each of some accounts elsewhere, by system and immutable id."""
    query = select(PersonLinkRow).where(
        PersonLinkRow.system.in_({account.system for account in accounts}),
        PersonLinkRow.key.in_({account.key for account in accounts}),
    )
    return {(link.system, link.key): link for link in session.scalars(query)}


def links_named(session: Session, system: str, login: str) -> Sequence[PersonLinkRow]:
    """The accounts that have this login now."""
    query = select(PersonLinkRow).where(
        PersonLinkRow.system == system, PersonLinkRow.login_normal == normal(login)
    )
    return session.scalars(query).all()


def remember_link(
    session: Session,
    iga: str,
    account: Account,
    match: Match,
    at: datetime,
    row: PersonLinkRow | None = None,
) -> PersonLinkRow:
    """Write who an account belongs to, or why nobody, as far as the sentence has room.

    `row` is the link as it was, if there was one.
    """
    if row is None:
        row = PersonLinkRow(system=account.system, key=account.key)
        session.add(row)
    row.login, row.login_normal = account.login, normal(account.login)
    row.display_name, row.seen_at, row.reason = account.display_name, at, match.reason
    row.person = _owner(session, iga, match.person, row.person)
    if match.person and row.person is None:
        row.reason = f"{match.person.login} could not be stored here"
    return row


def _owner(
    session: Session, iga: str, person: Person | None, before: PersonRow | None
) -> PersonRow | None:
    if person is None:
        return None
    if before is not None and (before.iga, before.key) == (iga, person.key):
        return before
    return by_key(session, iga, person.key)


def unmatched(session: Session, most: int | None = None) -> Sequence[PersonLinkRow]:
    """Every account that belongs to nobody, with the reason, for the operator; or the first."""
    query = select(PersonLinkRow).where(PersonLinkRow.person_id.is_(None))
    in_order = query.order_by(PersonLinkRow.system, PersonLinkRow.login).limit(most)
    return session.scalars(in_order).all()


def desk_keys(session: Session, system: str, iga: str, keys: Iterable[str]) -> dict[str, str]:
    """For people's keys in the IGA: the immutable id of their account in `system`."""
    query = (
        select(PersonRow.key, PersonLinkRow.key)
        .join(PersonLinkRow, PersonLinkRow.person_id == PersonRow.id)
        .where(PersonLinkRow.system == system, PersonRow.iga == iga, PersonRow.key.in_(list(keys)))
    )
    return {row[0]: row[1] for row in session.execute(query)}
