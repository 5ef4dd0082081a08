"""A program of a desk that signs by hand, and what it posts."""

import base64
import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from broker.context import Broker
from broker.files import ApiClient
from broker.store.orders import OrderRow
from broker.store.outbox import OutboxRow
from broker.store.receipts import ReceiptRow

ORDERS_KEY = b"orders-key-orders-key-orders-key"
OLD_ORDERS_KEY = b"older-key-older-key-older-key-01"
EVENTS_KEY = b"events-key-events-key-events-key"
EMEA_KEY = b"emea-key-emea-key-emea-key-emea1"
NOW = datetime(2026, 1, 31, 8, 15, 30, tzinfo=UTC)
ORDERS, LOGINS = "/api/v1/orders", "/api/v1/events/login"


@dataclass
class FixedClock:
    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


class InventedIga:
    name = "oim"

    def request_link(self, request_id: str) -> str:
        return f"https://oim.example.com/requests/{request_id}"


def clients() -> dict[str, ApiClient]:
    """Two desks, each with its client, and one client who speaks for both."""
    of_orders = {"orders": [ORDERS_KEY, OLD_ORDERS_KEY], "events": [EVENTS_KEY]}
    emea = {"orders": [EMEA_KEY]}
    return {
        "servicenow": ApiClient("servicenow", frozenset({"servicenow"}), of_orders),
        "emea": ApiClient("emea", frozenset({"servicenow-emea"}), emea),
        "both": ApiClient("both", frozenset({"servicenow", "servicenow-emea", "gone"}), of_orders),
    }


def sign(key: bytes, webhook_id: str, seconds: object, content: bytes) -> str:
    """The oracle: one signature as the specification's text says, sharing no code of ours."""
    message = webhook_id.encode() + b"." + str(seconds).encode() + b"." + content
    return "v1," + base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()


@dataclass
class Program:
    """A program of a desk that posts and asks."""

    http: FlaskClient
    name: str = "servicenow"
    key: bytes = ORDERS_KEY
    seconds: object = int(NOW.timestamp())
    headers: dict[str, str] = field(default_factory=dict)

    def post(
        self,
        content: object,
        path: str = ORDERS,
        webhook_id: str = "",
        changed: bytes | None = None,
        **headers: str,
    ) -> TestResponse:
        """Post; `changed` is sent instead of what was signed."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        sent = self._signed(body, webhook_id) | {"Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.post(path, data=body if changed is None else changed, headers=sent)

    def get(self, path: str, signed_path: str = "") -> TestResponse:
        return self.http.get(path, headers=self._signed((signed_path or path).encode(), ""))

    def _signed(self, content: bytes, webhook_id: str) -> dict[str, str]:
        named = webhook_id or f"msg_{uuid.uuid4().hex}"
        return {
            "X-Broker-Client": self.name,
            "webhook-id": named,
            "webhook-timestamp": str(self.seconds),
            "webhook-signature": sign(self.key, named, self.seconds, content),
        } | self.headers


def an_order(**changes: object) -> dict[str, Any]:
    """An honest order of ada's, with changes."""
    return {
        "source": "servicenow",
        "request": {"number": "REQ0010003", "sys_id": "1" * 32},
        "item": {"number": "RITM0010007", "sys_id": "2" * 32},
        "task": {"number": "SCTASK0010009", "sys_id": "3" * 32},
        "action": "grant",
        "beneficiary": {"user_name": "ada"},
        "requested_by": {"user_name": "ada"},
        "approved_by": [{"user_name": "ben", "at": "2026-01-31T08:10:00Z"}],
        "items": [{"type": "role", "name": "Finance Reporting"}],
        "justification": "month end",
        "start_date": None,
        "end_date": None,
    } | changes


def a_login(**changes: object) -> dict[str, Any]:
    """ada signed in."""
    at = "2026-01-31T08:15:30Z"
    return {"source": "servicenow", "user_name": "ada", "occurred_at": at} | changes


def later(seconds: float) -> int:
    return int((NOW + timedelta(seconds=seconds)).timestamp())


def stored(broker: Broker) -> tuple[int, int, int]:
    """How many orders, receipts and owed messages there are."""
    with broker.sessions() as session:
        counts = [
            session.scalar(select(func.count()).select_from(row)) or 0
            for row in (OrderRow, ReceiptRow, OutboxRow)
        ]
    return counts[0], counts[1], counts[2]


NOTHING = (0, 0, 0)


def code_of(response: TestResponse) -> tuple[int, str]:
    """Status and code of a problem, having seen that it is a whole one."""
    assert response.mimetype == "application/problem+json"
    problem = response.get_json()
    assert problem.keys() == {
        "type", "title", "status", "detail", "instance", "code", "correlation_id"
    }  # fmt: skip
    assert problem["status"] == response.status_code
    return response.status_code, problem["code"]
