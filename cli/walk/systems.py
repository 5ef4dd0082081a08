"""The three systems as programs see them: OIM's and ServiceNow's own APIs, and our machine API."""

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Mapping
from typing import Any

import requests

from cli.walk.browser import Failed

_SECONDS = 30.0
_FINAL = frozenset(
    {
        "Request Completed",
        "Request Rejected",
        "Request Withdrawn",
        "Request Closed",
        "Request Failed",
        "Request Partially Failed",
        "Request Completed With Errors",
    }
)
# Published with the demo; nothing outside loopback takes it.
_SECRET = "whsec_cmVxdWVzdC1icm9rZXItZGVtby1vcmRlcnMta2V5LTAwMDEh"  # noqa: S105
Row = dict[str, Any]


def _answer(answer: requests.Response) -> Any:  # noqa: ANN401 - foreign JSON
    if not answer.ok:
        raise Failed(f"{answer.request.method} {answer.url} answers {answer.status_code}")
    return answer.json()


class Oim:
    """OIM's self-service API, asked by a system administrator."""

    def __init__(self, url: str) -> None:
        self._base = f"{url}/iam/governance/selfservice/api/v1"
        self._session = requests.Session()
        self._session.auth = ("broker", "broker")
        self._session.trust_env = False

    def user(self, login: str) -> Row:
        """A user's attributes by name; `key` is the user key."""
        found = self._list("/users", "users", q=f"User::Login eq {login.upper()}")
        if len(found) != 1:
            raise Failed(f"OIM has {len(found)} users called {login}")
        values: Row = {field["name"]: field.get("value") for field in found[0]["fields"]}
        return values | {"key": str(found[0]["id"])}

    def requests_of(self, login: str) -> list[Row]:
        """What this person asked for or shall get, of all times, as Track Requests lists it."""
        query = f"requester eq {login.upper()} or beneficiary eq {login.upper()}"
        return self._list("/requests", "requests", view="trackRequests", q=query)

    def open_requests_of(self, login: str) -> list[Row]:
        """Those that are not final, in full."""
        rows = [row for row in self.requests_of(login) if row["reqStatus"] not in _FINAL]
        return [self.request(str(row["id"])) for row in rows]

    def request(self, request_id: str) -> Row:
        """One request in full."""
        row: Row = self._get(f"/requests/{request_id}")
        return row

    def count(self) -> int:
        """How many requests OIM has, of everybody and of all times."""
        return len(self._list("/requests", "requests", view="trackRequests", fields="id"))

    def roles_of(self, login: str) -> set[str]:
        """The names of the roles that this person has now."""
        key = self.user(login)["key"]
        return {str(row["name"]) for row in self._list("/roles", "roles", userId=key)}

    def simple_roles(self) -> dict[str, str]:
        """Keys by name of the roles that only a manager has to approve: those of low risk."""
        rows = self._list("/catalog", "catalogs", q="ENTITY_TYPE eq Role")
        return {
            str(row["entityName"]): str(row["entityKey"])
            for row in rows
            if str(row["entityType"]).lower() == "role" and row.get("itemRisk") == "Low"
        }

    def _get(self, path: str, **params: str) -> Any:  # noqa: ANN401 - foreign JSON
        return _answer(self._session.get(self._base + path, params=params, timeout=_SECONDS))

    def _list(self, path: str, key: str, **params: str) -> list[Row]:
        rows: list[Row] = []
        while True:
            page = self._get(path, **params, offset=str(len(rows) + 1), limit="2000")
            rows += page[key]
            if not page["hasMore"]:
                return rows


def approvers_of(request: Row) -> set[str]:
    """The logins that a request waits for now."""
    return {
        str(entry["approvers"])
        for task in request.get("requestTaskDetails", [])
        for entry in task["history"]["currentApprovers"]
    }


class ServiceNow:
    """ServiceNow's APIs, asked by one account."""

    def __init__(self, url: str, user_name: str, password: str) -> None:
        self._base = url
        self._session = requests.Session()
        self._session.auth = (user_name, password)
        self._session.headers["Accept"] = "application/json"
        self._session.trust_env = False

    def rows(self, table: str, query: str) -> list[Row]:
        """The rows of a table that match an encoded query."""
        params = {"sysparm_query": query, "sysparm_limit": "200"}
        url = f"{self._base}/api/now/table/{table}"
        found: list[Row] = _answer(self._session.get(url, params=params, timeout=_SECONDS))[
            "result"
        ]
        return found

    def row(self, table: str, query: str) -> Row:
        """The only row that matches."""
        found = self.rows(table, query)
        if len(found) != 1:
            raise Failed(f"ServiceNow has {len(found)} rows in {table} where {query}")
        return found[0]

    def change(self, table: str, sys_id: str, **values: str) -> None:
        """Write some columns of a row."""
        url = f"{self._base}/api/now/table/{table}/{sys_id}"
        _answer(self._session.patch(url, json=values, timeout=_SECONDS))

    def order(self, name: str, **variables: str) -> Row:
        """Order a catalogue item for oneself; the requested item (RITM)."""
        item = self.row("sc_cat_item", f"name={name}")["sys_id"]
        url = f"{self._base}/api/sn_sc/servicecatalog/items/{item}/order_now"
        body = {"sysparm_quantity": "1", "variables": variables}
        made = _answer(self._session.post(url, json=body, timeout=_SECONDS))["result"]
        return self.row("sc_req_item", f"request={made['sys_id']}")


class MachineApi:
    """The broker's machine API, signed as the Standard Webhooks specification says."""

    def __init__(self, url: str) -> None:
        self._base = url
        self._session = requests.Session()
        self._session.trust_env = False

    def post_order(self, body: Mapping[str, Any]) -> Row:
        """Post an order."""
        text = json.dumps(body)
        url, headers = f"{self._base}/api/v1/orders", _signed(text)
        answer: Row = _answer(self._session.post(url, text, headers=headers, timeout=_SECONDS))
        return answer

    def order(self, order_id: str) -> Row:
        """One order: state, lines, history."""
        found: Row = _answer(self._get(f"/api/v1/orders/{order_id}"))
        return found

    def orders_of(self, number: str) -> list[Row]:
        """The orders that were posted for one item, if any."""
        answer = self._get(f"/api/v1/orders?item={number}&source=servicenow")
        if answer.status_code == requests.codes.not_found:
            return []
        return [_answer(answer)]

    def _get(self, path: str) -> requests.Response:
        return self._session.get(self._base + path, headers=_signed(path), timeout=_SECONDS)


def _signed(text: str) -> dict[str, str]:
    key = base64.b64decode(_SECRET.removeprefix("whsec_"))
    name, at = f"msg_{uuid.uuid4().hex}", str(int(time.time()))
    mac = hmac.new(key, f"{name}.{at}.{text}".encode(), hashlib.sha256).digest()
    return {
        "webhook-id": name,
        "webhook-timestamp": at,
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
        "X-Broker-Client": "servicenow",
        "Content-Type": "application/json",
    }
