"""Past orders as rows: request, item, answers, approvals, task, journals, as a flow leaves them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from random import Random

from sandbox.servicenow.demo_data.groups import group_id
from sandbox.servicenow.demo_data.past_orders import APPROVED, Fate, PastOrder
from sandbox.servicenow.demo_data.tasks import NOT_IN_JOURNALS, USUAL
from sandbox.servicenow.demo_data.words import Rows, made, sections
from sandbox.servicenow.rows import StoredRow, platform_time
from sandbox.world.model import sys_id
from sandbox.world.service_desk import FIRST_FREE

_STATES = {
    Fate.COMPLETE: "3", Fate.INCOMPLETE: "4", Fate.SKIPPED: "7", Fate.REJECTED: "4",
    Fate.CANCELLED: "4", Fate.WAITING: "1", Fate.WORKING: "1",
}  # fmt: skip
_REQUEST_STATES = {"3": "closed_complete", "4": "closed_incomplete", "7": "closed_skipped"}
_STAGES = {"3": "completed", "4": "Request Cancelled", "7": "completed"}
_APPROVALS = {Fate.REJECTED: "rejected", Fate.CANCELLED: "cancelled", Fate.WAITING: "requested"}
_OPEN = frozenset({Fate.WAITING, Fate.WORKING})
_GROUPS = {"Hardware": "Hardware", "Software": "Software", "Access": "User Administration",
           "Site": "Facilities", "Office": "Order Desk"}  # fmt: skip


def order_rows(orders: Iterable[PastOrder], catalog: str, seed: int) -> Rows:
    """The rows of these orders of a company's catalogue."""
    every = list(orders)
    number = FIRST_FREE - sum(order.fate in APPROVED for order in every)
    for order in every:
        one = _OneOrder(order, catalog, Random(f"{seed}:order:{order.number}"))
        yield from one.rows(number)
        number += order.fate in APPROVED


class _OneOrder:
    """One order and what hangs on it."""

    def __init__(self, order: PastOrder, catalog: str, rng: Random) -> None:
        self._order, self._rng, self._place = order, rng, 0
        self._req, self._ritm = f"REQ{order.number:07}", f"RITM{order.number:07}"
        self._ids = {kind: sys_id(kind, f"past:{order.number}")
                     for kind in ("sc_request", "sc_req_item", "sc_task")}  # fmt: skip
        self._opener = str(order.opener.desk_user_name or "system")
        self._worker = order.analyst.desk_user_name if order.analyst else None
        self._shared = {"requested_for": order.person.sys_id, "opened_by": order.opener.sys_id,
                        **USUAL, "impact": "3", "urgency": "3", "priority": "4"}  # fmt: skip
        self._catalog = {"sc_catalog": catalog}

    def rows(self, task_number: int) -> Rows:
        """All of them."""
        yield "sc_request", self._request()
        yield "sc_req_item", self._item()
        yield from self._answers()
        yield from self._approvals()
        if self._order.fate in APPROVED:
            yield "sc_task", self._task(f"SCTASK{task_number:07}")
            yield from self._notes()

    def _task_row(self, kind: str, number: str, opened: datetime, **values: object) -> StoredRow:
        order, at = self._order, platform_time(opened)
        usual: dict[str, object] = {"number": number, "task_effective_number": number}
        usual |= {"sys_class_name": kind, "sys_id": self._ids[kind], "opened_at": at}
        usual |= {"short_description": order.item.name, "writer": self._opener}
        usual |= {"changed": platform_time(self._last()), "sys_mod_count": "4"}
        return made(kind, number, at, **(usual | self._shared | values))

    def _last(self) -> datetime:
        order = self._order
        if order.fate is Fate.WAITING:
            return order.opened
        return order.decided if order.fate in (Fate.WORKING, Fate.REJECTED) else order.ended

    def _closed(self, *, by: str) -> Mapping[str, object]:
        """The columns that say whether a record is closed, and since when."""
        if self._order.fate in _OPEN:
            return {"active": True, "state": _STATES[self._order.fate]}
        values = {"active": False, "state": _STATES[self._order.fate], "closed_by": by}
        return values | {"closed_at": platform_time(self._last())}

    def _closer(self) -> str:
        order = self._order
        if order.fate is Fate.REJECTED and order.approver:
            return order.approver.sys_id
        if order.fate is Fate.CANCELLED:
            return order.opener.sys_id
        return order.analyst.sys_id if order.analyst else ""

    def _request(self) -> StoredRow:
        state = _STATES[self._order.fate]
        return self._task_row(
            "sc_request", self._req, self._order.opened, approval="approved", price="0",
            request_state=_REQUEST_STATES.get(state, "in_process"),
            stage=_STAGES.get(state, "requested"), **self._closed(by=self._closer()),
        )  # fmt: skip

    def _item(self) -> StoredRow:
        order, state = self._order, _STATES[self._order.fate]
        opened = {Fate.WAITING: "waiting_for_approval", Fate.WORKING: "fulfillment"}
        return self._task_row(
            "sc_req_item", self._ritm, order.opened, request=self._ids["sc_request"],
            parent=self._ids["sc_request"], cat_item=order.item.sys_id, quantity=1, price="0",
            recurring_price="0", stage=opened.get(order.fate) or _STAGES[state],
            approval=self._approval(), backordered=False, billable=False,
            due_date=platform_time(order.opened + timedelta(days=5)),
            **self._closed(by=self._closer()), **self._catalog,
        )  # fmt: skip

    def _approval(self) -> str:
        """Without somebody to ask there is nothing to wait for and nobody to say no."""
        given = _APPROVALS.get(self._order.fate, "approved")
        return "approved" if self._order.approver is None and given == "requested" else given

    def _task(self, number: str) -> StoredRow:
        order = self._order
        working = order.fate is Fate.WORKING
        state = {"state": "2" if working and order.number % 2 else _STATES[order.fate]}
        return self._task_row(
            "sc_task", number, order.decided, request=self._ids["sc_request"],
            request_item=self._ids["sc_req_item"], parent=self._ids["sc_req_item"],
            assignment_group=group_id(_GROUPS.get(order.item.category, "Service Desk")),
            assigned_to=order.analyst.sys_id if order.analyst else "",
            **{**self._closed(by=self._closer()), **state}, **self._catalog,
        )  # fmt: skip

    def _answers(self) -> Rows:
        order = self._order
        for place, variable in enumerate(order.item.variables, start=1):
            key = f"past:{order.number}:{variable.name}"
            own = sys_id("item_option_new", f"{order.item.key}.{variable.name}")
            values = {"item_option_new": own, "value": order.answers.get(variable.name, "")}
            at = platform_time(order.opened)
            yield "sc_item_option", made("sc_item_option", key, at, order=place * 100, **values)
            link = {"sc_item_option": sys_id("sc_item_option", key)}
            link |= {"request_item": self._ids["sc_req_item"]}
            yield "sc_item_option_mtom", made("sc_item_option_mtom", key, at, **link)

    def _approvals(self) -> Rows:
        order = self._order
        for person, decides in ((order.approver, True), (order.second, False)):
            if person is None:
                continue
            key = f"past:{order.number}:{person.key}"
            at, waiting = platform_time(order.opened), order.fate is Fate.WAITING
            yield (
                "sysapproval_approver",
                made(
                    "sysapproval_approver", key, at, approver=person.sys_id, iteration=1,
                    sysapproval=self._ids["sc_req_item"], source_table="sc_req_item",
                    document_id=self._ids["sc_req_item"], state=self._decision(decides=decides),
                    changed=at if waiting else platform_time(order.decided),
                    writer=person.desk_user_name, sys_mod_count="0" if waiting else "1",
                ),
            )  # fmt: skip
            if decides and order.fate is Fate.REJECTED:
                text = self._rng.choice(sections("orders")["refusals"])
                owner = sys_id("sysapproval_approver", key)
                name, at = str(person.desk_user_name), platform_time(order.decided)
                yield self._entry("sysapproval_approver", owner, "comments", text, at, name)

    def _decision(self, *, decides: bool) -> str:
        """The first decision makes the others needless; so does an end without one."""
        fate = self._order.fate
        if fate is Fate.WAITING:
            return "requested"
        if not decides or fate is Fate.CANCELLED:
            return "not_required"
        return "rejected" if fate is Fate.REJECTED else "approved"

    def _notes(self) -> Rows:
        """What the service desk wrote while it worked."""
        order, rng, task = self._order, self._rng, self._ids["sc_task"]
        if self._worker is None:
            return
        begun = platform_time(order.decided)
        text = rng.choice(sections("orders")["notes"])
        if order.typed:
            text = f"Typed into the identity system, request {order.typed}."
        yield self._entry("sc_task", task, "work_notes", text, begun, self._worker)
        if rng.random() < 0.5:  # noqa: PLR2004 -- half of them say something to the person
            text = rng.choice(sections("orders")["comments"])
            item = self._ids["sc_req_item"]
            yield self._entry("sc_req_item", item, "comments", text, begun, self._worker)

    def _entry(
        self, table: str, key: str, element: str, text: str, at: str, writer: str
    ) -> tuple[str, StoredRow]:
        self._place += 1
        row = made(
            "sys_journal_field", f"past:{self._order.number}:{self._place}", at, name=table,
            element_id=key, element=element, value=text, writer=writer,
        )  # fmt: skip
        kept = {name: value for name, value in row.items() if name not in NOT_IN_JOURNALS}
        return "sys_journal_field", StoredRow(kept)
