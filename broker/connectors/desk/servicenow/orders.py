"""Requested items (RITM) as ServiceNow itself describes them."""

import html
import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from broker.connectors.desk.servicenow.client import Client
from broker.connectors.desk.servicenow.people import columns, referred
from broker.connectors.desk.servicenow.settings import Settings
from broker.connectors.desk.servicenow.values import (
    Row,
    Unsearchable,
    day_or_moment,
    equals,
    is_sys_id,
    moment,
    number,
    one_word_of,
    sys_id,
    true,
    within,
)
from broker.domain.errors import NotFound, Refused
from broker.domain.people import Account
from broker.ports.desk import DeskApproval, DeskDecision, DeskOrder, OrderRef

ITEM, TASK = "sc_req_item", "sc_task"
_VERSION = ("sys_id", "sys_mod_count", "sys_updated_on")
_ITEM = (
    *_VERSION,
    *("number", "request", "request.number", "cat_item", "cat_item.name"),
    *("approval", "state", "active", "opened_at"),
    *("description", "short_description"),
    # what the catalogue says of every such item, to tell it from what a person wrote
    *("cat_item.short_description", "cat_item.description"),
)
# Older releases keep "requested for" on the request only.
_PEOPLE = ("requested_for", "opened_by", "request.requested_for")
_APPROVAL = (*_VERSION, "sysapproval", "state", "approver", "approver.user_name", "approver.name")
_CHANGED = "sys_updated_on"
_FOUND = ("number", "request", "request.number", "approval", "active", _CHANGED)
_TASK = (*_VERSION, "number", "request_item", "state", "active")
_NAME, _VALUE = "sc_item_option.item_option_new.name", "sc_item_option.value"
_OPTIONS, _ORDER = "sc_item_option_mtom", "sc_item_option.order"
_VARIABLE = ("sys_id", _NAME, _VALUE, _ORDER)
_DECIDED = ("approved", "rejected")
_WORDS = ("description", "short_description")
_CATALOGUE_WORDS = ("cat_item.name", "cat_item.short_description", "cat_item.description")
# Names under which catalogues ask for it, where the setting names a variable that is not there.
_REASONS = ("justification", "business_justification", "reason", "comments")
_TAG = re.compile(r"<[^>]*>")


class Orders:
    """Reads items with approvals, people and variables.

    ServiceNow docs, "Request Management architecture" for the tables. Nothing that was posted
    is believed: every row is read by its id, and compared with what was asked for.
    """

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client, self._settings = client, settings
        people = (columns(path, settings.number_field) for path in _PEOPLE)
        self._item_columns = (*_ITEM, *(name for names in people for name in names))

    def order(self, ref: OrderRef) -> DeskOrder:
        """The item as it is now; NotFound if there is none of this id with this number."""
        item = self._item(ref)
        approvals = self._approvals(item)
        variables = self._variables(item)
        tasks = self.tasks(ref)
        start, end = self._dates(variables)
        return DeskOrder(
            ref=_completed(ref.source, item, _chosen(tasks, ref)),
            active=true(item.get("active", "")),
            approval=self._approval(item),
            decisions=tuple(_decision(row) for row in approvals),
            requested_for=self._beneficiary(item),
            opened_by=self._person(item, "opened_by"),
            catalogue_item=item.get("cat_item", ""),
            catalogue_label=item.get("cat_item.name", ""),
            variables=variables,
            evidence={"item": dict(item), "approvals": [dict(row) for row in approvals]}
            | {"variables": variables},
            task_ids=tuple(row["sys_id"] for row in tasks),
            start_at=day_or_moment(start),
            end_at=day_or_moment(end),
            justification=self._justification(item, variables),
            unclear=self._unclear(item, variables),
            opened_at=moment(item.get("opened_at", "")),
        )

    def find(self, typed: str) -> OrderRef | None:
        """The item with this number, without its task. Numbers need not be unique by themselves."""
        wanted = self._numbered(typed)
        try:
            query = equals("number", wanted)
        except Unsearchable:
            return None
        rows = self._client.rows(ITEM, query, _FOUND)
        found = [row for row in rows if row.get("number") == wanted]
        if len(found) > 1:
            raise Refused(self._client.system, f"has {len(found)} items with the number {wanted}")
        return _completed(self._client.system, found[0], None) if found else None

    def approved(
        self, catalogue_items: Sequence[str], since: datetime, until: datetime
    ) -> Iterator[OrderRef]:
        """Every open, approved item of these that was changed last between these moments.

        Pages are cut by sys_id: what is changed meanwhile leaves the window, and is in the next.
        """
        words = self._settings.approved_words
        also = ("active=true", one_word_of("approval", words), within(_CHANGED, since, until))
        wanted = [*filter(is_sys_id, catalogue_items)]
        rows = self._client.rows_of(ITEM, "cat_item", wanted, _FOUND, also="^".join(also))
        for row in rows:
            at = moment(row.get(_CHANGED, ""))
            in_time = at is not None and since.replace(microsecond=0) <= at <= until
            if in_time and row.get("approval") in words and true(row.get("active", "")):
                yield _completed(self._client.system, row, None)

    def _numbered(self, typed: str) -> str:
        """The number, which people may type without its prefix and its zeros."""
        if not (typed.isascii() and typed.isdecimal()):
            return typed
        return f"{self._settings.item_prefix}{typed.zfill(self._settings.number_digits)}"

    def task(self, ref: OrderRef) -> Row | None:
        """The task to be closed: the one that `ref` names, for it was confirmed when the order
        was read; else the only open one, else the only one, else None.
        """
        tasks = self.tasks(ref)
        named = [row for row in tasks if row["sys_id"] == ref.task_id]
        if ref.task_id and not named:
            reason = f"has no task {ref.task_number or ref.task_id} on {ref.item_number}"
            raise NotFound(self._client.system, reason)
        return named[0] if named else _chosen(tasks, ref)

    def tasks(self, ref: OrderRef) -> list[Row]:
        """Every task of this item."""
        item = sys_id(self._client.system, ref.item_id)
        return list(self._client.rows_of(TASK, "request_item", [item], _TASK))

    def _item(self, ref: OrderRef) -> Row:
        item = self._client.row(ITEM, ref.item_id, self._item_columns)
        if item.get("number") != ref.item_number:
            reason = f"knows this item as {item.get('number')}, not as {ref.item_number}"
            raise NotFound(self._client.system, reason)
        return item

    def _approvals(self, item: Row) -> list[Row]:
        """Approvals of the item, and of the request above it."""
        about = [item["sys_id"], *filter(is_sys_id, [item.get("request", "")])]
        return list(self._client.rows_of("sysapproval_approver", "sysapproval", about, _APPROVAL))

    def _variables(self, item: Row) -> dict[str, str]:
        """Answers by variable name, through the only chain that REST offers."""
        found = self._client.rows_of(_OPTIONS, "request_item", [item["sys_id"]], _VARIABLE)
        rows = sorted(found, key=lambda row: number(row.get(_ORDER, "")))
        return {row[_NAME]: row.get(_VALUE, "") for row in rows if row.get(_NAME)}

    def _dates(self, variables: Row) -> tuple[str, str]:
        settings = self._settings
        start, end = settings.start_variable, settings.end_variable
        return variables.get(start, ""), variables.get(end, "")

    def _unclear(self, item: Row, variables: Row) -> str:
        """A date that cannot be read must not pass for none: access would have no end."""
        bad = [said for said in self._dates(variables) if said and day_or_moment(said) is None]
        if not bad:
            return ""
        said = " and ".join(f"“{word[:80]}”" for word in bad)
        return (
            f"{item['number']} gives {said} as a date, which cannot be read: a day is written"
            " 2026-01-31, a time 2026-01-31 08:15:30 in UTC."
        )

    def _justification(self, item: Row, variables: Row) -> str:
        """What the person wrote: an answer, or the item's text if it is not the catalogue's."""
        answers = {name.casefold(): said for name, said in variables.items()}
        told = [variables.get(self._settings.justification_variable, "")]
        told += [answers.get(name, "") for name in _REASONS]
        catalogue = {_plain(item.get(column, "")) for column in _CATALOGUE_WORDS}
        told += [said for said in map(item.get, _WORDS) if said and _plain(said) not in catalogue]
        return next(filter(str.strip, told), "")

    def _approval(self, item: Row) -> DeskApproval:
        """Only the item's own word counts as approved; an item closed before it is cancelled."""
        settings, word = self._settings, item.get("approval", "")
        words = {
            DeskApproval.APPROVED: settings.approved_words,
            DeskApproval.REJECTED: settings.rejected_words,
            DeskApproval.CANCELLED: settings.cancelled_words,
            DeskApproval.PENDING: settings.pending_words,
        }
        meant = next((ours for ours, theirs in words.items() if word in theirs), None)
        closed = item.get("state") in settings.closed_states or not true(item.get("active", ""))
        if closed and meant in (None, DeskApproval.PENDING):
            return DeskApproval.CANCELLED
        return meant or DeskApproval.UNKNOWN

    def _beneficiary(self, item: Row) -> Account | None:
        path = "requested_for" if item.get("requested_for") else "request.requested_for"
        return self._person(item, path)

    def _person(self, item: Row, path: str) -> Account | None:
        return referred(self._client.system, item, path, self._settings.number_field)


def _plain(text: str) -> str:
    """Without mark-up, case and spacing: catalogues keep their descriptions in HTML."""
    return " ".join(html.unescape(_TAG.sub(" ", text)).casefold().split())


def _chosen(tasks: Sequence[Row], ref: OrderRef) -> Row | None:
    """The only open task, else the posted one, else the only one, else None: a post only hints."""
    still_open = [row for row in tasks if true(row.get("active", ""))]
    named = [row for row in tasks if row["sys_id"] == ref.task_id]
    return next((rows[0] for rows in (still_open, named, tasks) if len(rows) == 1), None)


def _completed(source: str, item: Row, task: Row | None) -> OrderRef:
    return OrderRef(
        source=source,
        item_id=item["sys_id"],
        item_number=item["number"],
        task_id=task["sys_id"] if task else None,
        task_number=task.get("number") if task else None,
        request_id=item.get("request") or None,
        request_number=item.get("request.number") or None,
    )


def _decision(row: Row) -> DeskDecision:
    state = row.get("state", "")
    return DeskDecision(
        approver=row.get("approver.user_name", ""),
        decision=state,
        # an approval keeps no time of its own for the decision, only that of its last change
        at=moment(row.get("sys_updated_on", "")) if state in _DECIDED else None,
        name=row.get("approver.name", ""),
    )
