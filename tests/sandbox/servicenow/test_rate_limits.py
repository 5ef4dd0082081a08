"""Rules that limit the calls of an hour: whom they are about, and what answers tell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import requests

from tests.sandbox.servicenow.desks import Client, Desk

LIMIT, RESET, RULE = "X-RateLimit-Limit", "X-RateLimit-Reset", "X-RateLimit-Rule"
START = datetime(2026, 3, 2, 10, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def wait(desk: Desk) -> Callable[[timedelta], None]:
    """Let time pass for the counters."""
    now = [START]
    desk.state.rate_limits.clock = lambda: now[0]

    def pass_by(time: timedelta) -> None:
        now[0] += time

    return pass_by


def rule(desk: Desk, limit: int, **values: str) -> str:
    """An active rule, inserted as an administrator does."""
    row = desk.state.records.insert(
        "sys_rate_limit_rules",
        {"name": "r", "request_limit_per_hour": str(limit), "active": "true", **values},
        "admin",
    )
    return row["sys_id"]


def user(desk: Desk, name: str) -> str:
    return desk.state.records.where("sys_user", user_name=name)[0]["sys_id"]


def admin_role(desk: Desk) -> str:
    known = desk.state.records.where("sys_user_role", name="admin")
    row = known[0] if known else desk.state.records.insert("sys_user_role", {"name": "admin"}, "x")
    return row["sys_id"]


def call(client: Client, path: str = "table/sys_user?sysparm_limit=1") -> requests.Response:
    return client.http.get(f"{client.url}/api/now/{path}")


def test_without_a_rule_nothing_is_told(broker: Client) -> None:
    assert not [name for name in call(broker).headers if name.startswith("X-RateLimit")]


def test_calls_up_to_the_limit_are_served_and_told_about(
    desk: Desk, broker: Client, wait: Callable[[timedelta], None]
) -> None:
    key = rule(desk, 2)
    answers = [call(broker) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    for answer in answers:
        assert answer.headers[LIMIT] == "2"
        assert answer.headers[RESET] == str(int(datetime(2026, 3, 2, 11, tzinfo=UTC).timestamp()))
        assert answer.headers[RULE] == key
    assert "Retry-After" not in answers[0].headers
    assert int(answers[2].headers["Retry-After"]) == 45 * 60 + 1
    assert answers[2].json() == {
        "error": {
            "message": "Rate limit exceeded",
            "detail": "Rate limit of 2 requests per hour for Table API exceeded",
        },
        "status": "failure",
    }


def test_a_refused_call_does_nothing(desk: Desk, broker: Client) -> None:
    rule(desk, 0)
    assert broker.post("x_rqbrk_access_request", request_id="1").status_code == 429
    assert desk.state.records.all("x_rqbrk_access_request") == []


def test_with_the_hour_the_counting_begins_anew(
    desk: Desk, broker: Client, wait: Callable[[timedelta], None]
) -> None:
    rule(desk, 1)
    assert [call(broker).status_code for _ in range(2)] == [200, 429]
    wait(timedelta(minutes=44))
    assert call(broker).status_code == 429
    wait(timedelta(minutes=1))
    assert call(broker).status_code == 200


def test_a_changed_limit_begins_anew(desk: Desk, broker: Client) -> None:
    key = rule(desk, 1)
    assert [call(broker).status_code for _ in range(2)] == [200, 429]
    desk.state.records.update("sys_rate_limit_rules", key, {"request_limit_per_hour": "3"}, "admin")
    assert [call(broker).status_code for _ in range(4)] == [200, 200, 200, 429]


def test_each_user_is_counted_alone(desk: Desk, broker: Client) -> None:
    rule(desk, 1)
    assert [call(broker).status_code for _ in range(2)] == [200, 429]
    assert call(desk.as_("admin")).status_code == 200


def test_a_rule_for_a_user_wins_over_roles_and_everybody(desk: Desk) -> None:
    admin = desk.as_("admin")
    role = admin_role(desk)
    rule(desk, 1)
    assert call(admin).headers[LIMIT] == "1"
    rule(desk, 5, role=role)
    lowest = rule(desk, 4, role=role)
    answer = call(admin)
    assert (answer.headers[LIMIT], answer.headers[RULE]) == ("4", lowest)
    mine = rule(desk, 9, user=user(desk, "admin"))
    assert call(admin).headers[RULE] == mine
    assert call(desk.as_("ada")).headers[LIMIT] == "1"


def test_a_rule_may_be_about_some_calls_only(desk: Desk, broker: Client) -> None:
    rule(desk, 1, path="/api/now/table/sys_user", http_methods="GET, HEAD")
    assert [call(broker).status_code for _ in range(2)] == [200, 429]
    assert LIMIT not in call(broker, "attachment").headers
    assert broker.post("x_rqbrk_access_request", request_id="1").status_code == 201


def test_an_inactive_rule_is_none(desk: Desk, broker: Client) -> None:
    rule(desk, 0, active="false")
    assert call(broker).status_code == 200


def test_the_message_names_the_api(desk: Desk, broker: Client) -> None:
    rule(desk, 0)
    catalog = broker.http.get(f"{broker.url}/api/sn_sc/servicecatalog/items")
    assert "for Service Catalog API exceeded" in catalog.json()["error"]["detail"]
    assert "for Attachment API" in call(broker, "attachment").json()["error"]["detail"]


def test_parts_of_a_batch_count_by_their_own_rule(desk: Desk, broker: Client) -> None:
    rule(desk, 1, path="/api/now/table/")
    parts = [{"id": n, "method": "GET", "url": "/api/now/table/sys_user"} for n in (1, 2)]
    answer = broker.http.post(
        f"{broker.url}/api/now/v1/batch", json={"batch_request_id": 1, "rest_requests": parts}
    )
    statuses = [part["status_code"] for part in answer.json()["serviced_requests"]]
    assert statuses == [200, 429]


def test_nobody_is_told_to_sign_in_before_anything_is_counted(desk: Desk) -> None:
    rule(desk, 0)
    assert requests.get(f"{desk.url}/api/now/table/sys_user", timeout=10).status_code == 401
