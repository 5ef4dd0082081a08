"""Users of OIM as people."""

from collections.abc import Iterator, Sequence

from broker.connectors.iga.oim.client import Client
from broker.connectors.iga.oim.values import Row, any_case, attributes, either, first, same
from broker.domain.people import Person

_ATTRIBUTE = {"login": "User Login", "email": "Email", "employee_number": "Employee Number"}
_MANAGER_KEYS = ("usr_manager_key", "Manager Key")
_MANAGER_LOGIN = "Manager Login"
_FIELDS = ",".join(
    [
        *_ATTRIBUTE.values(),
        "Display Name",
        "First Name",
        "Last Name",
        "Status",
        _MANAGER_LOGIN,
        "usr_manager_key",
    ]
)
_CHUNK = 40


class People:
    """Look-ups of users (Oracle, REST API for OIG Self Service, "Users")."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def find(self, attribute: str, value: str) -> Sequence[Person]:
        """Everybody whose login, email or employee_number is `value`, in any case."""
        condition = any_case(_ATTRIBUTE[attribute], value)
        if condition is None:
            return []
        people = self._with_managers(list(self._users({"q": condition})))
        return [person for person in people if same(getattr(person, attribute), value)]

    def key_of(self, login: str) -> str:
        """The key of whoever has this login, in any case; empty if nobody has. One call."""
        condition = any_case(_ATTRIBUTE["login"], login)
        found = self._users({"q": condition}) if condition else iter(())
        return next((first(user, "id") for user in found if same(_login(user), login)), "")

    def everybody(self) -> Iterator[Person]:
        """Every user, disabled ones too."""
        users = list(self._users({}))
        keys = {_login(user): first(user, "id") for user in users}
        return (_person(user, keys) for user in users)

    def _users(self, params: dict[str, str]) -> Iterator[Row]:
        return self._client.listed("/users", "users", {**params, "fields": _FIELDS})

    def _with_managers(self, users: list[Row]) -> list[Person]:
        logins = {_manager_login(user) for user in users if not _manager_key(user)} - {""}
        condition = either(_ATTRIBUTE["login"], sorted(logins)[:_CHUNK])
        managers = self._users({"q": condition}) if condition else iter(())
        keys = {_login(manager): first(manager, "id") for manager in managers}
        return [_person(user, keys) for user in users]


def _person(user: Row, keys: dict[str, str]) -> Person:
    said = attributes(user)
    login = first(said, "User Login")
    whole = f"{first(said, 'First Name')} {first(said, 'Last Name')}".strip()
    return Person(
        key=first(user, "id") or first(said, "usr_key"),
        login=login,
        display_name=first(said, "Display Name") or whole or login,
        email=first(said, "Email"),
        employee_number=first(said, "Employee Number"),
        manager_key=_manager_key(user) or keys.get(_manager_login(user)) or None,
        active=first(said, "Status").casefold() in ("", "active"),
    )


def _login(user: Row) -> str:
    return first(attributes(user), "User Login").casefold()


def _manager_key(user: Row) -> str:
    return first(attributes(user), *_MANAGER_KEYS)


def _manager_login(user: Row) -> str:
    return first(attributes(user), _MANAGER_LOGIN).casefold()
