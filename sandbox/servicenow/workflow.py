"""What the platform does by itself with requests: ordering, approval, fulfilment task.

ServiceNow docs, "Request Management architecture": a plain request is approved inside its insert,
an item waits for its approvers, an approved item gets its task. What closes, and what follows from
a decision, is in `closing.py` and `approvals.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.servicenow.approvals import Approvals
from sandbox.servicenow.closing import Closing
from sandbox.servicenow.jobs import SYSTEM
from sandbox.servicenow.records import Change, Records, Row

# A catalogue item's workflow by its name; without one the manager is asked.
BY_GROUP, BY_BOTH = "Group approval", "Manager and group approval"


class Workflow:
    """The business rules and the flow that come with the stock request tables."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self.approvals = Approvals(records)
        self.closing = Closing(records)
        records.fillers.append(self.fill)
        records.rules.append(self.after_write)

    def order(
        self,
        item: Row,
        requested_for: str,
        variables: Mapping[str, str],
        opener: str,
        actor: str,
        *,
        quantity: int = 1,
        request: Row | None = None,
    ) -> Row:
        """Order one catalogue item; gives the request (REQ), whose item waits for approval.

        A cart's further items come under the `request` of its first.
        """
        request = request or self._new_request(item, requested_for, opener, actor)
        bought = {"requested_for": requested_for, "quantity": str(quantity)}
        ritm = self._new_item(item, request, bought, actor)
        self._answer_questions(item, ritm, variables, actor)
        self._ask_for_approval(item, ritm, actor)
        return request

    def fill(self, change: Change) -> Mapping[str, str]:
        """A plain request is approved inside its insert (recorded)."""
        plain = change.table == "sc_request" and change.operation == "insert"
        if not plain or not self._records.switches.plain_requests_approved:
            return {}
        row = change.after
        approval = row["approval"] if row["approval"] not in ("", "not requested") else "approved"
        return {
            "approval": approval,
            "request_state": row["request_state"] or "in_process",
            "stage": row["stage"] or "requested",
            "approval_set": row["approval_set"] or self._records.now(),
        }

    def after_write(self, change: Change) -> None:
        """Go on with an item that was decided, and with a request that was cancelled."""
        if change.operation != "update":
            return
        if change.table == "sc_req_item":
            self._item_changed(change)
        if change.table == "sc_request":
            self._request_changed(change)

    def _new_request(self, item: Row, requested_for: str, opener: str, actor: str) -> Row:
        values = {
            "requested_for": requested_for,
            "opened_by": opener,
            "price": item["price"] or "0",
            "short_description": item["name"],
        }
        return self._records.insert("sc_request", values, actor)

    def _new_item(self, item: Row, request: Row, bought: Mapping[str, str], actor: str) -> Row:
        values = {
            **bought,
            "request": request["sys_id"],
            "parent": request["sys_id"],
            "cat_item": item["sys_id"],
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

    def _ask_for_approval(self, item: Row, ritm: Row, actor: str) -> None:
        """Put it to whom the item's workflow names; with nobody to ask, the flow goes on."""
        flow = self._records.display_of("wf_workflow", item["workflow"])
        manager = self._manager(ritm) if flow != BY_GROUP else ""
        group = item["group"] if flow in (BY_GROUP, BY_BOTH) else ""
        if not manager and not self._has_members(group):
            self._records.update("sc_req_item", ritm["sys_id"], {"approval": "approved"}, SYSTEM)
            return
        self._records.update("sc_req_item", ritm["sys_id"], {"approval": "requested"}, actor)
        activity = self._activity("Everyone approves") if manager and group else ""
        if manager:
            self.approvals.ask(ritm, manager, activity)
        if group:
            self.approvals.ask_group(ritm, group, activity)

    def _manager(self, ritm: Row) -> str:
        person = self._records.find("sys_user", ritm["requested_for"])
        manager = self._records.find("sys_user", person["manager"]) if person else None
        return manager["sys_id"] if manager else ""

    def _has_members(self, group: str) -> bool:
        return bool(group and self._records.where("sys_user_grmember", group=group))

    def _activity(self, name: str) -> str:
        found = self._records.where("wf_activity", name=name)
        row = found[0] if found else self._records.insert("wf_activity", {"name": name}, SYSTEM)
        return row["sys_id"]

    def _item_changed(self, change: Change) -> None:
        ritm = change.after["sys_id"]
        if change.changed_to("approval", "approved"):
            self._start_fulfilment(change.after)
        if change.changed_to("approval", "rejected"):
            self._records.update("sc_req_item", ritm, {"state": "4"}, change.actor)
        if change.changed_to("approval", "cancelled"):
            self._cancel(ritm, change.actor)

    def _request_changed(self, change: Change) -> None:
        """A cancelled request cancels its items, and with them what they have asked for."""
        cancelled = change.changed_to("approval", "cancelled")
        if not cancelled and not change.changed_to("request_state", "closed_cancelled"):
            return
        for item in self._records.where(
            "sc_req_item", request=change.after["sys_id"], active="true"
        ):
            told = {"approval": "cancelled"}
            self._records.update("sc_req_item", item["sys_id"], told, change.actor)

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
        for task in self._records.where("sc_task", request_item=ritm, active="true"):
            self._records.update("sc_task", task["sys_id"], {"state": "4"}, actor)
        self._records.update("sc_req_item", ritm, {"state": "4"}, actor)
