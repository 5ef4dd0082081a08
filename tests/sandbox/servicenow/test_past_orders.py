"""What people of the company ordered before: whole, and as the workflow leaves it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.servicenow import create_app
from sandbox.servicenow.instance import ServiceNow
from sandbox.world import World
from sandbox.world.cast import RESERVED, TOLD
from sandbox.world.service_desk import order_numbers
from tests.sandbox.servicenow.desks import Client, Desk, served

CLOSED = {"3", "4", "7"}
OF_REQUEST = {"3": "closed_complete", "4": "closed_incomplete", "7": "closed_skipped"}


@pytest.fixture(scope="module")
def reading(world: World) -> Iterator[Desk]:
    """One instance for all that only read."""
    with served(world, past_orders=True) as made:
        yield made


@pytest.fixture
def desk(world: World) -> Iterator[Desk]:
    """An instance to write to."""
    with served(world, past_orders=True) as made:
        yield made


@pytest.fixture(scope="module")
def admin(reading: Desk) -> Client:
    return reading.as_("admin")


@pytest.fixture(scope="module")
def items(admin: Client) -> list[dict[str, Any]]:
    return admin.rows("sc_req_item", "ORDERBYnumber")


def children(admin: Client, table: str, column: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in admin.rows(table):
        found.setdefault(row[column], []).append(row)
    return found


def test_there_are_as_many_as_the_history_tells_of(
    world: World, items: list[dict[str, Any]]
) -> None:
    numbers = [int(item["number"].removeprefix("RITM")) for item in items]
    assert numbers == list(order_numbers(len(world.history)))
    assert numbers[-1] == 10_000


def test_without_being_asked_for_there_are_none(world: World) -> None:
    app = create_app(world)
    state: ServiceNow = app.extensions["servicenow"]
    assert state.records.all("sc_request") == []
    state.close()


def test_the_next_order_has_the_next_number(desk: Desk) -> None:
    assert desk.ordered()["number"].startswith("RITM001")


def test_every_state_occurs(items: list[dict[str, Any]]) -> None:
    assert {item["state"] for item in items} >= {"1", "3", "4"}
    assert {item["approval"] for item in items} >= {"approved", "rejected", "requested"}


def test_request_item_and_tasks_agree(admin: Client, items: list[dict[str, Any]]) -> None:
    requests = {row["sys_id"]: row for row in admin.rows("sc_request")}
    tasks = children(admin, "sc_task", "request_item")
    for item in items:
        request, closed = requests[item["request"]], item["state"] in CLOSED
        assert request["approval"] == "approved"
        assert request["number"][3:] == item["number"][4:]
        assert (item["active"], request["active"]) == (str(not closed).lower(),) * 2
        assert request["request_state"] == OF_REQUEST.get(item["state"], "in_process")
        assert len(tasks.get(item["sys_id"], [])) == (item["approval"] == "approved")
        for task in tasks.get(item["sys_id"], []):
            assert task["state"] == item["state"] if closed else task["state"] in {"1", "2"}
            assert task["parent"] == item["sys_id"]


def test_what_is_closed_says_when_and_by_whom(admin: Client, items: list[dict[str, Any]]) -> None:
    for row in [*items, *admin.rows("sc_task"), *admin.rows("sc_request")]:
        closed = row["state"] in CLOSED
        assert bool(row["closed_at"]) is closed
        assert bool(row["closed_by"]) is closed
        assert row["sys_updated_on"] >= row["sys_created_on"]


def test_nothing_happened_in_the_future(world: World, reading: Desk) -> None:
    now = f"{world.now:%Y-%m-%d %H:%M:%S}"
    for table in ("sc_request", "sc_req_item", "sc_task", "sysapproval_approver"):
        rows = reading.state.records.all(table)
        assert all(row["sys_created_on"] <= row["sys_updated_on"] <= now for row in rows)


def test_approvals_fit_the_items(admin: Client, items: list[dict[str, Any]]) -> None:
    approvals = children(admin, "sysapproval_approver", "sysapproval")
    words = {"approved": {"approved", "not_required"}, "rejected": {"rejected", "not_required"},
             "requested": {"requested"}, "cancelled": {"not_required"}}  # fmt: skip
    for item in items:
        states = [row["state"] for row in approvals.get(item["sys_id"], [])]
        assert set(states) <= words[item["approval"]]
        if item["approval"] in ("rejected", "requested"):
            assert item["approval"] in states


def test_a_second_approver_was_no_longer_needed(admin: Client) -> None:
    assert admin.rows("sysapproval_approver", "state=not_required")


def test_answers_are_those_that_the_item_asks_for(
    admin: Client, items: list[dict[str, Any]]
) -> None:
    asked = children(admin, "item_option_new", "cat_item")
    fields = "request_item,sc_item_option.item_option_new.name,sc_item_option.value"
    given: dict[str, dict[str, str]] = {}
    for row in admin.rows("sc_item_option_mtom", "", fields):
        name = row["sc_item_option.item_option_new.name"]
        given.setdefault(row["request_item"], {})[name] = row["sc_item_option.value"]
    for item in items:
        answers = given.get(item["sys_id"], {})
        wanted = asked.get(item["cat_item"], [])
        assert set(answers) == {question["name"] for question in wanted}
        assert all(answers[q["name"]] for q in wanted if q["mandatory"] == "true")


def test_what_was_typed_into_the_iga_was_ordered_here(
    world: World, admin: Client, items: list[dict[str, Any]]
) -> None:
    typed = {request.order: request for request in world.history if request.order}
    by_number = {int(item["number"].removeprefix("RITM")): item for item in items}
    assert typed
    for number, request in typed.items():
        item = by_number[number]
        assert item["requested_for"] == world.people[request.beneficiary].sys_id
        assert item["approval"] == "approved"
        query = f"element_id.request_item={item['sys_id']}^ORelement=work_notes"
        notes = [row["value"] for row in admin.rows("sys_journal_field", query, "value")]
        assert any(request.request_id in note for note in notes)


def test_the_demos_people_have_no_past_here(world: World, items: list[dict[str, Any]]) -> None:
    for key in TOLD:
        assert all(world.people[key].sys_id != item["requested_for"] for item in items)


def test_nothing_waits_for_the_demos_people(world: World, admin: Client) -> None:
    told = {world.people[key].sys_id for key in RESERVED if key in world.people}
    waiting = admin.rows("sysapproval_approver", "state=requested", "approver")
    assert waiting
    assert told.isdisjoint(row["approver"] for row in waiting)


def test_somebody_wrote_notes_and_comments(admin: Client) -> None:
    for table, element in (("sc_task", "work_notes"), ("sc_req_item", "comments"),
                           ("sysapproval_approver", "comments")):  # fmt: skip
        rows = admin.rows("sys_journal_field", f"name={table}^element={element}", "sys_created_by")
        assert rows
        assert all(row["sys_created_by"] != "system" for row in rows)


def test_an_old_order_that_waits_goes_on_like_any_other(world: World, desk: Desk) -> None:
    admin = desk.as_("admin")
    approval = admin.rows("sysapproval_approver", "state=requested^ORDERBYsys_id")[0]
    people = {person.sys_id: person for person in world.people.values()}
    boss = desk.as_(str(people[approval["approver"]].desk_user_name))
    assert boss.patch("sysapproval_approver", approval["sys_id"], state="approved").ok
    (task,) = admin.rows("sc_task", f"request_item={approval['sysapproval']}")
    assert admin.patch("sc_task", task["sys_id"], state="3").ok
    item = desk.item(approval["sysapproval"])
    assert (item["state"], item["active"]) == ("3", "false")
