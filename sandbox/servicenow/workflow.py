"""What the platform does by itself with requests: ordering, approval, fulfilment task, roll-up.

ServiceNow docs, "Service Catalog state closure", "Request Management architecture": a plain request
is approved inside its insert, an item waits for its approvers, the first decision moots the others,
a closed task closes its item and that its request.
"""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.servicenow.records import Change, Records, Row
from sandbox.servicenow.stock_tables import CLOSED_STATES

SYSTEM = "system"
_OPEN_APPROVALS = frozenset({"requested", "not requested"})
_REQUEST_STATES = {"3": "closed_complete", "4": "closed_incomplete", "7": "closed_skipped"}
_STAGES = {"3": "completed", "4": "Request Cancelled", "7": "completed"}


class Workflow:
    """The business rules and the flow that come with the stock request tables."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._rules = {
            "sysapproval_approver": self._approval_changed,
            "sc_req_item": self._item_changed,
            "sc_task": self._task_changed,
            "sc_request": self._close_if_closed,
        }
        records.rules.append(self.after_write)

    def order(
        self, item: Row, requested_for: str, variables: Mapping[str, str], opener: str, actor: str
    ) -> Row:
        """Order one catalogue item; gives the request (REQ), whose item waits for approval."""
        request = self._new_request(item, requested_for, opener, actor)
        ritm = self._new_item(item, request, actor)
        self._answer_questions(item, ritm, variables, actor)
        self._ask_for_approval(ritm, actor)
        return request

    def after_write(self, change: Change) -> None:
        """The rule of the written table, if it has one."""
        rule = self._rules.get(change.table)
        if rule is not None and change.operation == "update":
            rule(change)

    def _new_request(self, item: Row, requested_for: str, opener: str, actor: str) -> Row:
        values = {
            "requested_for": requested_for,
            "opened_by": opener,
            "approval": "approved",
            "request_state": "in_process",
            "stage": "requested",
            "price": item["price"] or "0",
            "short_description": item["name"],
        }
        return self._records.insert("sc_request", values, actor)

    def _new_item(self, item: Row, request: Row, actor: str) -> Row:
        values = {
            "request": request["sys_id"],
            "parent": request["sys_id"],
            "cat_item": item["sys_id"],
            "requested_for": request["requested_for"],
            "opened_by": request["opened_by"],
            "short_description": item["short_description"] or item["name"],
            "price": item["price"] or "0",
            "stage": "waiting_for_approval",
        }
        return self._records.insert("sc_req_item", values, actor)

    def _answer_questions(
        self, item: Row, ritm: Row, variables: Mapping[str, str], actor: str
    ) -> None:
        for question in self._records.where("item_option_new", cat_item=item["sys_id"]):
            values = {
                "item_option_new": question["sys_id"],
                "value": variables.get(question["name"], ""),
                "order": question["order"],
            }
            option = self._records.insert("sc_item_option", values, actor)
            link = {"request_item": ritm["sys_id"], "sc_item_option": option["sys_id"]}
            self._records.insert("sc_item_option_mtom", link, actor)

    def _ask_for_approval(self, ritm: Row, actor: str) -> None:
        """The manager decides; without one the flow's step has nobody to ask and goes on."""
        person = self._records.find("sys_user", ritm["requested_for"])
        manager = person["manager"] if person else ""
        if self._records.find("sys_user", manager) is None:
            self._records.update("sc_req_item", ritm["sys_id"], {"approval": "approved"}, SYSTEM)
            return
        self._records.update("sc_req_item", ritm["sys_id"], {"approval": "requested"}, actor)
        values = {
            "approver": manager,
            "sysapproval": ritm["sys_id"],
            "source_table": "sc_req_item",
            "document_id": ritm["sys_id"],
            "state": "requested",
        }
        self._records.insert("sysapproval_approver", values, actor)

    def _approval_changed(self, change: Change) -> None:
        decided = change.after["state"]
        ritm = self._records.find("sc_req_item", change.after["sysapproval"])
        decision = decided in ("approved", "rejected") and change.changed_to("state", decided)
        if not decision or ritm is None or ritm["approval"] != "requested":
            return
        self._moot_approvals(ritm["sys_id"], change.actor)
        self._records.update("sc_req_item", ritm["sys_id"], {"approval": decided}, change.actor)

    def _moot_approvals(self, ritm: str, actor: str) -> None:
        for row in self._records.where("sysapproval_approver", sysapproval=ritm):
            if row["state"] in _OPEN_APPROVALS:
                moot = {"state": "not_required"}
                self._records.update("sysapproval_approver", row["sys_id"], moot, actor)

    def _item_changed(self, change: Change) -> None:
        ritm = change.after["sys_id"]
        if change.changed_to("approval", "approved"):
            self._start_fulfilment(change.after)
        if change.changed_to("approval", "rejected"):
            self._records.update("sc_req_item", ritm, {"state": "4"}, change.actor)
        if change.changed_to("approval", "cancelled"):
            self._cancel(ritm, change.actor)
        self._close_if_closed(change)

    def _start_fulfilment(self, ritm: Row) -> None:
        self._records.update("sc_req_item", ritm["sys_id"], {"stage": "fulfillment"}, SYSTEM)
        values = {
            "request": ritm["request"],
            "request_item": ritm["sys_id"],
            "parent": ritm["sys_id"],
            "opened_by": ritm["opened_by"],
            "short_description": ritm["short_description"],
        }
        self._records.insert("sc_task", values, SYSTEM)

    def _cancel(self, ritm: str, actor: str) -> None:
        """Cancelling the approval ends the flow: approvals are moot, tasks and item closed.

        Writing only the item's state does less: it leaves approvals and tasks as orphans.
        """
        self._moot_approvals(ritm, actor)
        for task in self._records.where("sc_task", request_item=ritm, active="true"):
            self._records.update("sc_task", task["sys_id"], {"state": "4"}, actor)
        self._records.update("sc_req_item", ritm, {"state": "4"}, actor)

    def _task_changed(self, change: Change) -> None:
        self._close_if_closed(change)

    def _close_if_closed(self, change: Change) -> None:
        state, table = change.after["state"], change.table
        if state not in CLOSED_STATES or not change.changed_to("state", state):
            return
        closed = {"active": "false", "closed_at": self._records.now()}
        closed |= {"closed_by": self._sys_id(change.actor)}
        if table != "sc_task":
            closed |= {"stage": _STAGES[state]}
        if table == "sc_request":
            closed |= {"request_state": _REQUEST_STATES[state]}
        self._records.update(table, change.after["sys_id"], closed, change.actor)
        self._roll_up(table, change.after, change.actor)

    def _roll_up(self, table: str, row: Row, actor: str) -> None:
        if table == "sc_task":
            self._close_parent("sc_req_item", row["request_item"], "sc_task", "request_item", actor)
        if table == "sc_req_item":
            self._close_parent("sc_request", row["request"], "sc_req_item", "request", actor)

    def _close_parent(
        self, table: str, parent: str, children: str, column: str, actor: str
    ) -> None:
        row = self._records.find(table, parent)
        states = {child["state"] for child in self._records.where(children, **{column: parent})}
        if row is None or row["active"] != "true" or not states <= CLOSED_STATES:
            return
        self._records.update(table, parent, {"state": rolled_up(states)}, actor)

    def _sys_id(self, user_name: str) -> str:
        found = self._records.where("sys_user", user_name=user_name)
        return found[0]["sys_id"] if found else ""


def rolled_up(states: set[str]) -> str:
    """The state closed children give their parent: any incomplete, all skipped, else complete."""
    if "4" in states:
        return "4"
    return "7" if states == {"7"} else "3"
