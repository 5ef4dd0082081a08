"""Users of ServiceNow as accounts."""

from collections.abc import Iterator

from broker.connectors.desk.servicenow.client import Client
from broker.connectors.desk.servicenow.settings import Settings
from broker.connectors.desk.servicenow.values import Row, Unsearchable, equals, is_sys_id, true
from broker.domain.errors import NotFound
from broker.domain.people import Account, normal

_TABLE, _COMPANY = "sys_user", "company.name"
_COLUMNS = ("sys_id", "user_name", "name", "email", "active")


def columns(path: str, number: str) -> list[str]:
    """The columns of the user that `path` refers to, walked by dots; `number` is one more."""
    return [path, *(f"{path}.{column}" for column in (*_COLUMNS, number))]


def referred(system: str, row: Row, path: str, number: str) -> Account | None:
    """The user that `path` of this row refers to; None if empty or pointing nowhere."""
    user = {column: row.get(f"{path}.{column}", "") for column in (*_COLUMNS, number)}
    if not row.get(path) or user["sys_id"] != row[path] or not user["user_name"]:
        return None
    return _account(system, user, number)


class Directory:
    """Look-ups in `sys_user` (ServiceNow docs, "Table API")."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client, self._number = client, settings.number_field
        self._company = settings.people_company
        self._columns = (*_COLUMNS, self._number)

    def account(self, key: str) -> Account | None:
        """The user with this sys_id, or None."""
        if not is_sys_id(key):
            return None
        try:
            return _account(
                self._client.system, self._client.row(_TABLE, key, self._columns), self._number
            )
        except NotFound:
            return None

    def named(self, login: str) -> Account | None:
        """The one user with this user_name, in any case, or None."""
        try:
            query = equals("user_name", login)
        except Unsearchable:
            return None
        rows = self._client.rows(_TABLE, query, self._columns) if login.strip() else iter(())
        found = [row for row in rows if normal(row.get("user_name", "")) == normal(login)]
        return _account(self._client.system, found[0], self._number) if len(found) == 1 else None

    def everybody(self) -> Iterator[Account]:
        """Every user with a user_name, inactive ones too; those of one company, if one is set."""
        query = equals(_COMPANY, self._company) if self._company else ""
        columns = (*self._columns, _COMPANY) if self._company else self._columns
        for row in self._client.rows(_TABLE, query, columns):
            if row.get("user_name") and self._is_ours(row):
                yield _account(self._client.system, row, self._number)

    def _is_ours(self, row: Row) -> bool:
        return not self._company or normal(row.get(_COMPANY, "")) == normal(self._company)


def _account(system: str, user: Row, number: str) -> Account:
    return Account(
        system=system,
        key=user.get("sys_id", ""),
        login=user.get("user_name", ""),
        display_name=user.get("name", ""),
        email=user.get("email", ""),
        employee_number=user.get(number, ""),
        active=true(user.get("active", "")),
    )
