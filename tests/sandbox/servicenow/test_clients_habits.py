"""Habits of well-known client libraries that an instance puts up with."""

from __future__ import annotations

from tests.sandbox.servicenow.desks import Desk, fetch

ADMIN = ("admin", "admin")


def test_an_empty_record_is_inserted_by_a_post_without_body_and_type(desk: Desk) -> None:
    answer = fetch("POST", f"{desk.url}/api/now/table/problem", auth=ADMIN)
    assert answer.status_code == 201
    assert answer.json()["result"]["number"].startswith("PRB")


def test_a_body_without_a_type_is_refused(desk: Desk) -> None:
    answer = fetch("POST", f"{desk.url}/api/now/table/problem", data=b"{}", auth=ADMIN)
    assert answer.status_code == 415
