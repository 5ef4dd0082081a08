"""Approvals of the instance's own that wait for a person, whatever they are about."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from broker.connectors.desk.servicenow.client import Client
from broker.connectors.desk.servicenow.settings import Settings
from broker.connectors.desk.servicenow.values import (
    LABEL,
    Row,
    is_sys_id,
    moment,
    one_word_of,
    stamp,
    true,
)
from broker.ports.desk import DeskWaiting

_APPROVAL = (
    *("approver", "approver.name", "state", "sys_created_on", "source_table", "document_id"),
    *("sysapproval", "sysapproval.number", "sysapproval.short_description"),
)
_DELEGATION = ("user", "approvals", "starts", "ends")


class Waiting:
    """Reads `sysapproval_approver`, and `sys_user_delegate` for whom somebody stands in.

    Rows stay addressed to whoever delegates (ServiceNow docs, "Delegate approvals"). What is no
    task is named by `source_table` and `document_id`.
    """

    def __init__(self, client: Client, settings: Settings, link: Callable[[str], str]) -> None:
        self._client, self._words, self._link = client, settings.waiting_words, link

    def of(self, key: str, at: datetime) -> Sequence[DeskWaiting]:
        """What waits for this user at that moment, oldest first, each thing once."""
        if not is_sys_id(key):
            return []
        approvers = [key, *self._delegators(key, at)]
        found = self._client.rows_of(
            "sysapproval_approver",
            "approver",
            approvers,
            _APPROVAL,
            also=one_word_of("state", self._words),
            labels=True,
        )
        waiting = [row for row in found if row.get("state") in self._words]
        return [self._told(row, key) for row in _once(waiting, key)]

    def _delegators(self, key: str, at: datetime) -> Iterator[str]:
        now = stamp(at)
        rows = self._client.rows_of(
            "sys_user_delegate",
            "delegate",
            [key],
            _DELEGATION,
            also=f"approvals=true^starts<={now}^ends>={now}",
        )
        for row in rows:
            within = row.get("starts", "") <= now <= row.get("ends", "")
            if within and true(row.get("approvals", "")) and is_sys_id(row.get("user")):
                yield row["user"]

    def _told(self, row: Row, key: str) -> DeskWaiting:
        return DeskWaiting(
            id=row["sys_id"],
            number=row.get("sysapproval.number", ""),
            about=_about(row),
            on_behalf_of="" if row["approver"] == key else row.get("approver.name", ""),
            since=moment(row.get("sys_created_on", "")),
            link=self._link(row["sys_id"]),
        )


def _once(rows: Sequence[Row], key: str) -> list[Row]:
    """A group's approval makes a row for each member: one of them counts, best our own."""
    things: dict[tuple[str, str], Row] = {}
    for row in sorted(rows, key=lambda row: row["approver"] != key):
        things.setdefault(_thing(row), row)
    return sorted(things.values(), key=lambda row: row.get("sys_created_on", ""))


def _thing(row: Row) -> tuple[str, str]:
    """What the decision is about; itself, where nobody says."""
    about = row.get("sysapproval") or row.get("document_id")
    return ("", about) if about else ("approval", row["sys_id"])


def _about(row: Mapping[str, str]) -> str:
    said = row.get("sysapproval.short_description") or row.get(f"document_id{LABEL}", "")
    if said and said != row.get("document_id"):
        return said
    return row.get(f"source_table{LABEL}") or row.get("source_table", "")
