"""A ServiceNow order becomes access, and a forged one does not."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from cli.walk.journey import OK, Journey, demand, rows_in
from cli.walk.pages import Element, Page
from cli.walk.systems import Row

_ROLE_ITEM, _LAPTOP = "Access to a business role", "Standard laptop"
_CLOSED_COMPLETE = "3"


def order(walk: Journey) -> None:
    """ada orders a role in ServiceNow, ben approves it there, the app's own script posts it"""
    facts = walk.facts
    facts.count_before = walk.oim.count()
    facts.ritm = walk.desk_of_ada.order(_ROLE_ITEM, role=facts.ordered_role)
    approval = walk.desk_of_ben.row(
        "sysapproval_approver", f"sysapproval={facts.ritm['sys_id']}^state=requested"
    )
    walk.desk_of_ben.change("sysapproval_approver", approval["sys_id"], state="approved")
    facts.task = walk.desk.row("sc_task", f"request_item={facts.ritm['sys_id']}")
    number = facts.ritm["number"]
    found = walk.until(
        lambda: walk.api.orders_of(number), f"the broker has received an order for {number}"
    )
    facts.order_id = found[0]["order_id"]


def forged(walk: Journey) -> None:
    """signed posts that ask for another role, for a laptop's role, or for eve are rejected"""
    facts = walk.facts
    laptop = walk.desk_of_ada.order(_LAPTOP)
    posts = [
        (_post(walk, facts.ritm, facts.other_role), "another role than was ordered"),
        (_post(walk, laptop, facts.other_role), "a role for a laptop's item"),
        (_post(walk, facts.ritm, facts.ordered_role, person="eve"), "ada's order for eve"),
    ]
    for body, what in posts:
        _demand_rejected(walk, body, what)
    count = walk.oim.count() - facts.count_before
    demand(count <= 1, f"OIM has {count} new requests, where one honest order was placed")
    stray = [row for row in walk.oim.requests_of("eve") if facts.ritm["number"] in _why(row)]
    demand(not stray, f"OIM has a request for eve because of {facts.ritm['number']}")


def _post(walk: Journey, item: Row, role: str, person: str = "ada") -> dict[str, Any]:
    """What ServiceNow would post, but for the lie in it."""
    tasks = walk.desk.rows("sc_task", f"request_item={item['sys_id']}")
    request = walk.desk.row("sc_request", f"sys_id={_value(item['request'])}")
    return {
        "source": "servicenow",
        "request": {"number": request["number"], "sys_id": request["sys_id"]},
        "item": {"number": item["number"], "sys_id": item["sys_id"]},
        "task": {"number": tasks[0]["number"], "sys_id": tasks[0]["sys_id"]} if tasks else None,
        "action": "grant",
        "beneficiary": {"user_name": person},
        "requested_by": {"user_name": "ada"},
        "approved_by": [{"user_name": "ben", "at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}],
        "items": [{"type": "role", "name": role}],
        "justification": "month end",
        "start_date": None,
        "end_date": None,
    }


def _value(reference: object) -> str:
    return str(reference["value"] if isinstance(reference, dict) else reference)


def _demand_rejected(walk: Journey, body: dict[str, Any], what: str) -> None:
    order_id = walk.api.post_order(body)["order_id"]
    demand(order_id != walk.facts.order_id, f"a post of {what} is taken for the honest order")
    state = walk.until(lambda: _judged(walk, order_id), f"a post of {what} is judged")
    demand(state == "rejected", f"a post of {what} is {state}, not rejected")


def _judged(walk: Journey, order_id: str) -> str:
    state = str(walk.api.order(order_id)["state"])
    return "" if state in ("received", "verified") else state


def _why(row: Row) -> str:
    return str(row.get("reqJustification") or "")


def submitted(walk: Journey) -> None:
    """the honest one becomes one OIM request for ada, with RITM and task number in it"""
    facts = walk.facts
    numbers = (facts.ritm["number"], facts.task["number"])
    row = walk.until(
        lambda: next((r for r in walk.oim.requests_of("ada") if numbers[0] in _why(r)), None),
        f"OIM has a request for ada whose justification names {numbers[0]}",
    )
    for number in numbers:
        demand(re.search(rf"\b{number}\b", _why(row)), f"it says “{_why(row)}”, without {number}")
    facts.born_id = str(row["id"])
    count = walk.oim.count() - facts.count_before
    demand(count == 1, f"OIM has {count} new requests for one honest order")


def referred_back(walk: Journey) -> None:
    """ServiceNow's item carries the id of the OIM request"""
    sys_id, born = walk.facts.ritm["sys_id"], walk.facts.born_id
    walk.until(
        lambda: walk.desk.row("sc_req_item", f"sys_id={sys_id}")["correlation_id"] == born,
        f"{walk.facts.ritm['number']} carries the correlation id {born}",
    )


def provisioned(walk: Journey) -> None:
    """OIM provisions, ada holds the role, and the broker has seen it"""
    facts = walk.facts
    walk.until(
        lambda: walk.oim.request(facts.born_id)["reqStatus"] == "Request Completed",
        f"OIM says that request {facts.born_id} is completed",
    )
    demand(facts.ordered_role in walk.oim.roles_of("ada"),
           f"OIM does not say that ada holds {facts.ordered_role}")  # fmt: skip
    walk.until(
        lambda: walk.api.order(facts.order_id)["state"] in ("fulfilled", "closed"),
        f"the broker says that order {facts.order_id} is fulfilled",
    )


def closed(walk: Journey) -> None:
    """task and item are closed with a work note and one comment; the pages tell the whole story"""
    facts = walk.facts
    for table, row in (("sc_task", facts.task), ("sc_req_item", facts.ritm)):
        walk.until(
            _is_closed(walk, table, row["sys_id"]),
            f"ServiceNow says that {row['number']} is closed",
        )
    query = f"element_id={facts.task['sys_id']}^ORelement_id={facts.ritm['sys_id']}"
    notes = walk.desk.rows("sys_journal_field", query + "^element=work_notes")
    demand(any(facts.born_id in note["value"] for note in notes),
           f"no work note names request {facts.born_id}")  # fmt: skip
    _demand_one_comment(walk)
    _demand_timeline(walk)
    _demand_human_requester(walk)


def _is_closed(walk: Journey, table: str, sys_id: str) -> Callable[[], bool]:
    return lambda: walk.desk.row(table, f"sys_id={sys_id}")["state"] == _CLOSED_COMPLETE


def _demand_one_comment(walk: Journey) -> None:
    ritm = walk.facts.ritm
    address = f"{walk.at.servicenow}/sp?id=ticket&table=sc_req_item&sys_id={ritm['sys_id']}"
    page = walk.ada.open(address)
    entries = [entry.text for entry in page.root.find("article", **{"class": "entry"})]
    granted = [entry for entry in entries if "ccess granted" in entry]
    demand(len(granted) == 1, f"ada reads {len(granted)} comments “Access granted”: {entries}")


def _demand_timeline(walk: Journey) -> None:
    facts = walk.facts
    page = walk.ada.open(f"{walk.at.broker}/orders/{facts.order_id}")
    demand(page.status == OK, f"the order's page answers {page.status} to ada")
    for word in (facts.ritm["number"], facts.task["number"], facts.born_id, facts.ordered_role):
        demand(word in page.text, f"the order's page does not mention {word}")


def _demand_human_requester(walk: Journey) -> None:
    facts = walk.facts
    row = walk.until(
        lambda: _born_row(walk), f"ada's pages at the broker list request {facts.born_id}"
    )
    demand(
        facts.ritm["number"] in row.text, f"the request's row does not name the RITM: {row.text}"
    )
    page = walk.ada.open(_link_of(walk, row))
    name = walk.oim.user("ada")["Display Name"]
    machine = str(walk.oim.user("broker").get("Display Name", ""))
    main = next(page.root.find("main"), page.root).text
    demand(name in main, f"the request's page does not name {name}: {main[:300]}")
    for words in (row.text, main):
        demand(not machine or machine not in words, f"the service account is shown: {words[:300]}")


def _born_row(walk: Journey) -> Element | None:
    for path, section in (("/", "open-requests"), ("/history", "")):
        page = walk.ada.open(walk.at.broker + path)
        rows = rows_in(page, section) if section else _all_rows(page)
        if walk.facts.born_id in rows:
            return rows[walk.facts.born_id]
    return None


def _all_rows(page: Page) -> dict[str, Element]:
    return {row.attributes["data-request-id"]: row for row in page.root.having("data-request-id")}


def _link_of(walk: Journey, row: Element) -> str:
    page = Page(f"{walk.at.broker}/", OK, "")
    page.root.children.append(row)
    links = [link for link in page.links("/requests/") if link.startswith(walk.at.broker)]
    demand(links, f"the request's row has no link to its page: {row.text}")
    return links[0]


def audit(walk: Journey) -> None:
    """dee signs in, finds the order's events in the audit trail, and its chain verifies"""
    number = walk.facts.ritm["number"]
    page = walk.dee.open(f"{walk.at.broker}/audit")
    demand(page.status == OK, f"the audit page answers {page.status} to dee")
    walk.until(
        lambda: _sealed_events(walk, number), f"the audit page shows sealed events of {number}"
    )
    sealed = walk.until(lambda: _verified(walk), "the audit page says that the chain is intact")
    demand(sealed > 0, "nothing is sealed")


def _sealed_events(walk: Journey, number: str) -> list[Element]:
    page = walk.dee.open(f"{walk.at.broker}/audit?q={number}")
    events = page.root.having("data-audit-event")
    ours = [event for event in events if event.attributes["data-action"].startswith("order.")]
    return [event for event in ours if event.attributes["data-sealed"] == "true"]


def _verified(walk: Journey) -> int:
    """How many events the chain vouches for, as dee reads it when she asks for a check."""
    page = walk.dee.open(f"{walk.at.broker}/audit?verify=1")
    verdicts = page.root.find(data_intact="true")
    return max((int(verdict.attributes["data-sealed"]) for verdict in verdicts), default=0)
