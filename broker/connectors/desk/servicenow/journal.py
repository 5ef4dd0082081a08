"""Writing on items and tasks once, however often we are asked."""

from collections.abc import Mapping, Sequence

from broker.connectors.desk.servicenow.client import Client
from broker.connectors.desk.servicenow.orders import ITEM, TASK, Orders
from broker.connectors.desk.servicenow.settings import Settings
from broker.connectors.desk.servicenow.values import Row
from broker.connectors.marks import carries, marked
from broker.domain.errors import Misconfigured, Refused
from broker.ports.desk import OrderRef

_NOTES, _COMMENTS = "work_notes", "comments"
_ENTRY = ("sys_id", "element", "value")
_LONGEST_ID = 100


class Journal:
    """Notes, back-references and closure.

    Every PATCH of a journal field appends one more entry (ServiceNow docs, "Retrieving journal
    entries"), so the journal is read first, and fields are compared with what they already hold.
    """

    def __init__(self, client: Client, orders: Orders, settings: Settings) -> None:
        self._client, self._orders, self._settings = client, orders, settings

    def note(self, ref: OrderRef, marker: str, text: str) -> None:
        """Leave a work note on the item, unless one carries the marker."""
        self._write(ITEM, ref.item_id, {}, self._unsaid(ITEM, ref.item_id, marker, text))

    def refer_back(self, ref: OrderRef, marker: str, igas: str, request_ids: Sequence[str]) -> None:
        """Write the IGA's name and the request ids; Refused if somebody else uses the fields."""
        wanted = {
            self._settings.correlation_id_field: _fitting(request_ids),
            self._settings.correlation_name_field: igas,
        }
        held = self._client.row(ITEM, ref.item_id, tuple(wanted))
        self._demand_free(held, wanted, ref)
        changes = {name: value for name, value in wanted.items() if held.get(name) != value}
        text = f"Access request {', '.join(request_ids)} was raised in {igas} for this item."
        self._write(ITEM, ref.item_id, changes, self._unsaid(ITEM, ref.item_id, marker, text))

    def close(self, ref: OrderRef, marker: str, complete: bool, note: str, comment: str) -> None:
        """Tell the employee, then close the task; ServiceNow closes item and request itself.

        ServiceNow docs, "Service Catalog state closure". An item without tasks is closed directly.
        """
        settings = self._settings
        state = settings.state_complete if complete else settings.state_incomplete
        told = self._untold(ref, marker, comment)
        task = self._task(ref)
        if task is None:
            self._close(
                ITEM, self._client.row(ITEM, ref.item_id, ("state",)), state, marker, note, told
            )
            return
        self._write(ITEM, ref.item_id, {}, told)
        self._close(TASK, task, state, marker, note, {})

    def _task(self, ref: OrderRef) -> Row | None:
        task = self._orders.task(ref)
        if task is None and self._orders.tasks(ref):
            reason = f"has several tasks for {ref.item_number}: close the right one by hand"
            raise Refused(self._client.system, reason)
        return task

    def _close(
        self, table: str, row: Row, state: str, marker: str, note: str, told: Mapping[str, str]
    ) -> None:
        """Set the state, unless somebody has closed it already; their word stands."""
        closed = row.get("state") in self._settings.closed_states
        changes = {} if closed else {"state": state}
        unsaid = self._unsaid(table, row["sys_id"], marker, note)
        self._write(table, row["sys_id"], changes, {**unsaid, **told})

    def _demand_free(self, held: Row, wanted: Mapping[str, str], ref: OrderRef) -> None:
        """Ours, or empty: other integrations use the same two fields."""
        id_field, name_field = wanted
        if (
            held.get(id_field, "") in ("", wanted[id_field])
            or held.get(name_field) == wanted[name_field]
        ):
            return
        reason = (
            f"already refers {ref.item_number} to {held.get(name_field) or 'another system'} "
            f"{held[id_field]} in {id_field}: clear the field or choose another"
        )
        raise Refused(self._client.system, reason)

    def _unsaid(self, table: str, key: str, marker: str, text: str) -> dict[str, str]:
        """The work note, unless the journal has it."""
        said = self._entries(table, key, _NOTES)
        done = not text or any(carries(entry, marker) for entry in said)
        return {} if done else {_NOTES: marked(text, marker)}

    def _untold(self, ref: OrderRef, marker: str, comment: str) -> dict[str, str]:
        """The comment, unless the journal has it word for word: our marker is not for employees."""
        said = self._entries(ITEM, ref.item_id, _COMMENTS)
        done = not comment or any(comment in entry or carries(entry, marker) for entry in said)
        return {} if done else {_COMMENTS: comment}

    def _entries(self, table: str, key: str, element: str) -> list[str]:
        """What the journal holds: entry by entry, or as one text where entries are hidden."""
        try:
            found = self._client.rows_of("sys_journal_field", "element_id", [key], _ENTRY)
            entries = [row["value"] for row in found if row.get("element") == element]
        except Misconfigured:
            entries = []
        return entries or [self._client.displayed(table, key, (element,)).get(element, "")]

    def _write(
        self, table: str, key: str, changes: Mapping[str, str], entries: Mapping[str, str]
    ) -> None:
        """Write what is missing, and see that it was taken: unknown fields are dropped silently."""
        if not changes and not entries:
            return
        held = self._client.patch(table, key, {**changes, **entries})
        dropped = [name for name, value in changes.items() if held.get(name) != value]
        if dropped:
            reason = f"accepted the change but did not keep {', '.join(dropped)} of {table}"
            raise Refused(self._client.system, reason)


def _fitting(request_ids: Sequence[str]) -> str:
    """As many ids as the column holds."""
    kept = list(request_ids)
    while len(",".join(kept)) > _LONGEST_ID:
        kept.pop()
    return ",".join(kept)
