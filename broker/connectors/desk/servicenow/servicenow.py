"""One ServiceNow instance behind the ports for desks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote

from broker.connectors.desk.servicenow.checking import check
from broker.connectors.desk.servicenow.client import Client
from broker.connectors.desk.servicenow.journal import Journal
from broker.connectors.desk.servicenow.mirror import Mirror
from broker.connectors.desk.servicenow.orders import Orders
from broker.connectors.desk.servicenow.people import Directory
from broker.connectors.desk.servicenow.settings import Settings
from broker.connectors.desk.servicenow.waiting import Waiting
from broker.connectors.http import Limits
from broker.connectors.pace import Lanes
from broker.domain.people import Account
from broker.ports.desk import DeskOrder, DeskWaiting, MirrorFault, MirrorRow, OrderRef
from broker.ports.health import Health

_HURRIED = Limits(read=3.0, total=4.0, tries=1)


class ServiceNow:
    """Orders, mirror and directory of one instance, as its integration user may see them."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name, self._settings = name, settings
        lanes = Lanes(settings.calls_at_once)
        client = Client(name, settings, lanes=lanes)
        self._orders = Orders(client, settings)
        self._journal = Journal(client, self._orders, settings)
        self._mirror = Mirror(client, settings.batch_size)
        self._directory = Directory(client, settings)
        # somebody looks at a page meanwhile
        hurried = Client(name, settings, _HURRIED, lanes)
        self._waiting = Waiting(hurried, settings, self._approval_link)
        base = str(settings.portal_url or settings.url).rstrip("/")
        self._places = {"base": base, "portal": f"{base}{settings.portal_path.rstrip('/')}"}

    def order(self, ref: OrderRef) -> DeskOrder:
        """The item with approvals, people, catalogue item and variables; NotFound if gone."""
        return self._orders.order(ref)

    def find_order(self, number: str) -> OrderRef | None:
        """The item that people know by this number, or None; Refused if there are several."""
        return self._orders.find(number)

    def approved(
        self, catalogue_items: Sequence[str], since: datetime, until: datetime
    ) -> Iterator[OrderRef]:
        """Every open, approved item of these that was changed last between these moments."""
        return self._orders.approved(catalogue_items, since, until)

    def note(self, ref: OrderRef, marker: str, text: str) -> None:
        """Leave a work note once: a note that carries `marker` is not written again."""
        self._journal.note(ref, marker, text)

    def refer_back(self, ref: OrderRef, marker: str, igas: str, request_ids: Sequence[str]) -> None:
        """Write the IGA's name and request ids on the item, with a work note. Repeatable."""
        self._journal.refer_back(ref, marker, igas, request_ids)

    def close(self, ref: OrderRef, marker: str, complete: bool, note: str, comment: str) -> None:
        """Close the task, or the item where there is none. Repeatable: nothing is written twice."""
        self._journal.close(ref, marker, complete, note, comment)

    def item_link(self, ref: OrderRef) -> str:
        """Where a person sees this item."""
        return self._settings.item_link.format(**self._places, sys_id=quote(ref.item_id, safe=""))

    def waiting_for(self, key: str, at: datetime) -> Sequence[DeskWaiting]:
        """What waits for this user at that moment, within seconds, delegated approvals too."""
        return self._waiting.of(key, at)

    def _approval_link(self, key: str) -> str:
        return self._settings.approval_link.format(**self._places, sys_id=quote(key, safe=""))

    def mirror(self, rows: Sequence[MirrorRow]) -> Sequence[MirrorFault]:
        """Write every row, creating or changing it; returns those that were not taken."""
        given = {row.id: row for row in rows}
        faults = self._mirror.mirror([replace(row, table=self._table(row.table)) for row in rows])
        return [MirrorFault(given[fault.row.id], fault.reason) for fault in faults]

    def find_mirrored(
        self, table: str, row_id: str, fields: Sequence[str]
    ) -> Mapping[str, str] | None:
        """These fields of the row as the instance holds them, or None."""
        return self._mirror.find(self._table(table), row_id, fields)

    def _table(self, word: str) -> str:
        """The app's name for our word: everything of an app begins with its scope."""
        return f"{self._settings.scope}_{word}"

    def account(self, key: str) -> Account | None:
        """The user with this sys_id, or None."""
        return self._directory.account(key)

    def account_named(self, login: str) -> Account | None:
        """The user with this user_name, or None."""
        return self._directory.named(login)

    def accounts(self) -> Iterator[Account]:
        """Every user, inactive ones too."""
        return self._directory.everybody()

    def check(self) -> Health:
        """Sign in anew, read our own user and a little of every table that we work with."""
        return check(self.name, self._settings)
