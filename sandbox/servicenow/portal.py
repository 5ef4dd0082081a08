"""What the portal's pages show, collected from the rows for one account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sandbox.servicenow import portal_approvals
from sandbox.servicenow.accounts import Account
from sandbox.servicenow.filling import shown_in_portal
from sandbox.servicenow.instance import SCOPE, ServiceNow
from sandbox.servicenow.ordering import questions_of
from sandbox.servicenow.records import Row, journal_label
from sandbox.servicenow.rendering import author_name
from sandbox.servicenow.stock_tables import APPROVALS, STATES

REQUESTS = f"{SCOPE}_request"
APPROVALS_TABLE = f"{SCOPE}_approval"
_PAGE = 50


@dataclass(frozen=True)
class Entry:
    """One line of a record's activity."""

    at: str
    author: str
    label: str
    text: str


@dataclass(frozen=True)
class Question:
    """One question of a catalogue item, as a form shows it."""

    name: str
    text: str
    mandatory: bool
    choices: list[str]


def index(instance: ServiceNow, account: Account) -> dict[str, Any]:
    """The front page: the two widgets fed by the broker, own items, approvals to give here."""
    requests = _mine(instance, REQUESTS, account)
    approvals = [
        _approval_widget(instance, row)
        for row in instance.records.where(APPROVALS_TABLE, approver=account.sys_id)
        if row["state"] == "requested" and row["active"] == "true"
    ]
    return {
        "open_requests": [r for r in requests if r["active"] == "true"],
        "closed_requests": [r for r in requests if r["active"] != "true"][:10],
        "approvals": sorted(approvals, key=lambda row: row["assigned_at"]),
        "freshness": _freshness(instance, account),
        "items": [_item_line(row) for row in _own_items(instance, account)],
        "local_approvals": [
            row | {"variables": variables(instance, row["sysapproval"])}
            for row in portal_approvals.waiting_for(instance, account)
        ],
    }


def _mine(instance: ServiceNow, table: str, account: Account) -> list[Row]:
    rows = [r for r in instance.records.all(table) if account.sys_id in _parties(r)]
    newest = sorted(rows, key=lambda row: row["opened_at"], reverse=True)
    return [_with_names(instance, row) for row in newest]


def _parties(row: Row) -> tuple[str, str]:
    return row["requested_for"], row["requested_by"]


def _with_names(instance: ServiceNow, row: Row) -> Row:
    return {**row, "for_name": instance.records.display_of("sys_user", row["requested_for"])}


def _approval_widget(instance: ServiceNow, row: Row) -> Row:
    request = instance.records.find(REQUESTS, row["request"]) or {}
    named = instance.records.display_of("sys_user", request.get("requested_for", ""))
    return {**request, **row, "items": request.get("items", ""), "for_name": named}


def _freshness(instance: ServiceNow, account: Account) -> str:
    """When the broker last changed something of this person's; the rows keep no other time."""
    rows = [r for r in instance.records.all(REQUESTS) if account.sys_id in _parties(r)]
    rows += instance.records.where(APPROVALS_TABLE, approver=account.sys_id)
    return max((row["sys_updated_on"] for row in rows), default="")


def _own_items(instance: ServiceNow, account: Account) -> list[Row]:
    rows = instance.records.all("sc_req_item")
    own = [r for r in rows if account.sys_id in (r["requested_for"], r["opened_by"])]
    return sorted(own, key=lambda row: row["number"], reverse=True)


def _item_line(row: Row) -> dict[str, str]:
    return {**row, "link": ticket_link(row), "state_label": state_label(row)}


def state_label(row: Row) -> str:
    """An item's progress in a phrase: the approval until it is given, then the state."""
    if row["approval"] == "requested":
        return "Waiting for approval"
    if row["approval"] in ("rejected", "cancelled"):
        return APPROVALS[row["approval"]]
    return STATES.get(row["state"], row["state"])


def ticket_link(row: Row) -> str:
    """The portal's page of a requested item."""
    return "/sp?" + urlencode({"id": "ticket", "table": "sc_req_item", "sys_id": row["sys_id"]})


def approval(instance: ServiceNow, row: Row, account: Account) -> dict[str, Any]:
    """One approval of ServiceNow's own, with the answers given with the order."""
    return portal_approvals.shown(instance, row, account) | {
        "variables": variables(instance, row["sysapproval"])
    }


def ticket(instance: ServiceNow, account: Account, row: Row) -> dict[str, Any]:
    """A requested item with its answers, approvals, tasks and activity.

    Employees read comments; work notes are for fulfillers.
    """
    return {
        "item": _item_line(row),
        "request_number": instance.records.display_of("sc_request", row["request"]),
        "for_name": instance.records.display_of("sys_user", row["requested_for"]),
        "opened_by_name": instance.records.display_of("sys_user", row["opened_by"]),
        "variables": variables(instance, row["sys_id"]),
        "approvals": portal_approvals.asked_about(instance, row["sys_id"]),
        "tasks": [
            {**task, "state_label": STATES.get(task["state"], task["state"])}
            for task in instance.records.where("sc_task", request_item=row["sys_id"])
        ],
        "activity": _activity(instance, account, row["sys_id"]),
    }


def _activity(instance: ServiceNow, account: Account, sys_id: str) -> list[Entry]:
    element = "" if account.is_fulfiller else "comments"
    return [
        Entry(
            entry["sys_created_on"],
            author_name(instance.records, entry["sys_created_by"]),
            journal_label(entry["element"]),
            entry["value"],
        )
        for entry in instance.records.journal(sys_id, element)
    ]


def variables(instance: ServiceNow, ritm: str) -> list[tuple[str, str]]:
    """Questions and answers of a requested item, in the form's order."""
    records = instance.records
    links = records.where("sc_item_option_mtom", request_item=ritm)
    options = [records.find("sc_item_option", link["sc_item_option"]) or {} for link in links]
    options.sort(key=lambda option: int(option.get("order") or 0))
    return [
        (records.display_of("item_option_new", o.get("item_option_new", "")), o.get("value", ""))
        for o in options
    ]


def catalogue(
    instance: ServiceNow, words: str = "", category: str = "", page: int = 1
) -> dict[str, Any]:
    """What can be ordered, by name: a page of the items of a category that have all the words."""
    every = sorted(shown_in_portal(instance), key=_name)
    found = [row for row in every if category in ("", row["category"]) and _has(row, words)]
    last = max(1, -(-len(found) // _PAGE))
    page = min(max(page, 1), last)
    return {
        "items": found[(page - 1) * _PAGE : page * _PAGE],
        "total": len(found),
        "page": page,
        "last": last,
        "words": words,
        "category": category,
        "categories": sorted({row["category"] for row in every}),
    }


def _name(row: Row) -> str:
    return row["name"].casefold()


def _has(row: Row, words: str) -> bool:
    text = f"{row['name']} {row['short_description']} {row['category']}".casefold()
    return all(word in text for word in words.casefold().split())


def questions(instance: ServiceNow, item: Row) -> list[Question]:
    """The form of a catalogue item."""
    return [
        Question(q["name"], q["question_text"], q["mandatory"] == "true", _choices(instance, q))
        for q in questions_of(instance.records, item["sys_id"])
    ]


def _choices(instance: ServiceNow, question: Row) -> list[str]:
    rows = instance.records.where("question_choice", question=question["sys_id"])
    return [row["value"] for row in sorted(rows, key=lambda row: int(row["order"]))]
