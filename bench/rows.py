"""The rows that are mirrored, and what a person would write to mirror them by hand."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import requests

from broker.ports.desk import MirrorRow

USER = ("broker", "broker")
SIZE = 100  # rows of one batch, as the connector has them
_TABLES = {"request": "x_rqbrk_access_request", "approval": "x_rqbrk_access_approval"}
_JSON = [
    {"name": "Content-Type", "value": "application/json"},
    {"name": "Accept", "value": "application/json"},
]
_PEOPLE = [uuid.uuid5(uuid.NAMESPACE_URL, f"person {each}").hex for each in range(500)]


def row(number: int, change: int) -> MirrorRow:
    """A request, or the approval that it waits for, as it is after so many changes."""
    half, odd = divmod(number, 2)
    return _approval(half, change) if odd else _request(half, change)


def rows(places: Iterable[int], change: int) -> list[MirrorRow]:
    """These rows, each of them changed."""
    return [row(each, change) for each in places]


def _request(number: int, change: int) -> MirrorRow:
    person = _PEOPLE[number % len(_PEOPLE)]
    fields = {
        "iga": "oim",
        "request_id": str(number),
        "request_type": "Assign Roles",
        "state": "awaiting approval",
        "iga_status": f"Request Awaiting Approval, seen {change} times",
        "requested_for": person,
        "requested_by": person,
        "items": "Finance Reporting, Budget Approver",
        "justification": "Month end is near, and somebody has to close the books of the plant.",
        "waiting_for": "Ben Okafor",
        "waiting_since": "2026-03-02 12:00:00",
        "opened_at": "2026-03-02 11:58:13",
        "closed_at": "",
        "ritm": f"RITM{number:07}",
        "link": f"https://iga.example.com/identity/faces/request/{number}",
        "active": "true",
    }
    return MirrorRow("request", _key("request", number), fields)


def _approval(number: int, change: int) -> MirrorRow:
    fields = {
        "iga": "oim",
        "task_id": f"task-{number}",
        "request": _key("request", number),
        "approver": _PEOPLE[(number + 1) % len(_PEOPLE)],
        "approver_name": "Ben Okafor",
        "state": "requested",
        "assigned_at": datetime.fromtimestamp(change * 60, UTC).strftime("%Y-%m-%d %H:%M:%S"),
        "decided_at": "",
        "comment": "",
        "link": "https://iga.example.com/identity/faces/inbox",
        "active": "true",
    }
    return MirrorRow("approval", _key("approval", number), fields)


def _key(kind: str, number: int) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"bench {kind} {number}").hex


# ---- by hand ------------------------------------------------------------------------------------


def _session() -> requests.Session:
    session = requests.Session()
    session.auth = USER
    session.headers["Accept"] = "application/json"
    return session


def one_by_one(url: str, changed: Sequence[MirrorRow]) -> None:
    """A call for each row."""
    with _session() as session:
        for each in changed:
            path = f"{url}/api/now/table/{_TABLES[each.table]}/{each.id}"
            session.patch(path, json=dict(each.fields), timeout=60).raise_for_status()


def batches(changed: Sequence[MirrorRow]) -> list[dict[str, Any]]:
    """The bodies of the batches that write these rows."""
    return [_batch(changed[start : start + SIZE]) for start in range(0, len(changed), SIZE)]


def _batch(part: Sequence[MirrorRow]) -> dict[str, Any]:
    return {
        "batch_request_id": "by hand",
        "rest_requests": [_part(str(place), each) for place, each in enumerate(part)],
    }


def _part(place: str, each: MirrorRow) -> dict[str, Any]:
    shown = ",".join(["sys_id", *each.fields])
    return {
        "id": place,
        "method": "PATCH",
        "url": f"/api/now/table/{_TABLES[each.table]}/{each.id}?sysparm_display_value=false"
        f"&sysparm_exclude_reference_link=true&sysparm_fields={shown}",
        "headers": _JSON,
        "body": base64.b64encode(json.dumps(dict(each.fields)).encode()).decode(),
        "exclude_response_headers": True,
    }


class Bare:
    """A loop that posts the batches and looks at nothing but the status."""

    def __init__(self, url: str) -> None:
        self._url, self._session = f"{url}/api/now/v1/batch", _session()

    def post(self, bodies: Sequence[dict[str, Any]]) -> None:
        """Post them one after the other."""
        for body in bodies:
            self._session.post(self._url, json=body, timeout=120).raise_for_status()

    def close(self) -> None:
        """Let the connection go."""
        self._session.close()
