"""Keys and logins of an IGA, turned into names for people."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker.domain.people import normal
from broker.store.base import portions
from broker.store.deciders import deciders_of
from broker.store.people import PersonRow


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person as screens name them. `id` is empty for somebody the IGA has not shown us."""

    id: str
    key: str
    name: str
    login: str = ""


def view_of(person: PersonRow) -> PersonView:
    """The name under which screens show a person."""
    return PersonView(person.id, person.key, person.display_name or person.login, person.login)


class Names:
    """People of one IGA, read once for a whole screen. `waited_for` are the assignees of whom we
    also want to know who may decide in their place.
    """

    def __init__(
        self,
        session: Session,
        iga: str,
        keys: Iterable[str] = (),
        logins: Iterable[str] = (),
        waited_for: Iterable[str] = (),
    ) -> None:
        self._deciders = deciders_of(session, iga, waited_for)
        everybody = [*logins, *(login for each in self._deciders.values() for login in each)]
        rows = _read(session, iga, PersonRow.key, set(keys))
        rows += _read(session, iga, PersonRow.login_normal, {normal(login) for login in everybody})
        self._by_key = {row.key: view_of(row) for row in rows}
        self._by_login = {row.login_normal: view_of(row) for row in rows}

    def of_key(self, key: str) -> PersonView:
        """Whoever has this key; somebody unknown is shown by the key itself."""
        return self._by_key.get(key) or PersonView("", key, f"unknown person {key}")

    def of_login(self, login: str) -> str:
        """The name behind an assignee; a role or queue is shown as the IGA calls it."""
        person = self._by_login.get(normal(login))
        return person.name if person else login

    def is_person(self, login: str) -> bool:
        """Whether an assignee is one person; others are roles and queues."""
        return normal(login) in self._by_login

    def deciders(self, assignee: str) -> tuple[str, ...]:
        """The logins of those who may decide besides whoever bears the name."""
        return self._deciders.get(normal(assignee), ())


def _read(session: Session, iga: str, column: object, values: set[str]) -> list[PersonRow]:
    rows: list[PersonRow] = []
    for portion in portions(values):
        theirs = column.in_(portion)  # type: ignore[attr-defined]  # a column
        query = select(PersonRow).where(PersonRow.iga == iga, theirs)
        rows += session.scalars(query).all()
    return rows
