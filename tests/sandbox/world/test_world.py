"""The shared world: the same for the same seed, plausible, with the odd people in it."""

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.world import ADMINISTRATORS, World, approval_route, build_world, holdings_of, sys_id

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(now=NOW)


def test_the_same_seed_gives_the_same_company(world: World) -> None:
    again, other = build_world(now=NOW), build_world(seed=8, now=NOW)
    assert again == world
    assert other.history != world.history


def test_a_world_is_as_large_as_asked_for(world: World) -> None:
    assert (len(world.people), len(world.history)) == (120, 400)
    large = build_world(people=1000, requests=3000, open_share=0.5, now=NOW)
    assert (len(large.people), len(large.history)) == (1000, 3000)
    assert len({p.iga_login for p in large.people.values() if p.iga_login}) == 999
    recent = [r for r in large.history if r.created_at > NOW - timedelta(days=60)]
    assert 1400 <= len(recent) <= 1700


def test_everybody_but_the_head_of_all_has_a_manager_who_exists(world: World) -> None:
    heads = [p for p in world.people.values() if p.manager is None]
    assert [p.title for p in heads] == ["Managing Director"]
    for person in world.people.values():
        seen, boss = {person.key}, person.manager
        while boss is not None:
            assert boss not in seen
            seen.add(boss)
            boss = world.people[boss].manager


def test_the_cast_is_as_the_demo_says(world: World) -> None:
    people = world.people
    assert people["ada"].manager == "ben"
    assert people["finn"].manager == people["ben"].manager != "ben"
    assert people["eve"].manager != "ben"
    assert people["eve"].department != people["ada"].department
    assert (people["cho"].groups, people["dee"].groups) == (
        ("broker-operators",),
        ("broker-auditors",),
    )
    for key in ("ada", "ben", "cho", "dee", "eve", "finn"):
        person = people[key]
        assert (person.iga_login, person.desk_user_name) == (key.upper(), key)
        assert person.iga_active
        assert person.desk_active
        assert person.email
        assert person.employee_number
    assert world.delegates == {"ben": "finn"}


def test_the_odd_people_are_odd_in_their_own_way(world: World) -> None:
    people = world.people
    assert people["gina"].iga_login is None
    assert people["gina"].desk_user_name
    assert people["hugo"].desk_user_name is None
    assert people["hugo"].iga_login
    assert people["ivan"].email == people["ivana"].email
    assert people["ivan"].employee_number == ""
    logins = {(p.iga_login or "").lower() for p in people.values()}
    assert people["ivan"].desk_user_name not in logins
    assert (people["jill"].iga_login, people["june"].desk_user_name) == ("JCARTER", "jcarter")
    assert people["june"].iga_login == "JUNECARTER"
    assert people["jill"].employee_number != people["june"].employee_number
    assert (people["karl"].iga_active, people["karl"].desk_active) == (False, True)
    assert (people["lena"].iga_active, people["lena"].desk_active) == (True, False)


def test_employee_numbers_and_keys_are_unique(world: World) -> None:
    for attribute in ("employee_number", "usr_key", "desk_user_name", "iga_login", "sys_id"):
        values = [v for p in world.people.values() if (v := getattr(p, attribute))]
        assert len(values) == len(set(values)), attribute
    emails = [p.email for p in world.people.values()]
    assert len(emails) - len(set(emails)) == 1


def test_history_is_told_in_order_and_agrees_with_the_managers(world: World) -> None:
    created = [request.created_at for request in world.history]
    assert created == sorted(created)
    assert created[0] < NOW - timedelta(days=365 * 3)
    ids = [int(request.request_id) for request in world.history]
    assert ids == sorted(set(ids))
    for request in world.history:
        assert request.created_at <= request.modified_at <= NOW
        item = world.items[request.items[0]]
        route = approval_route(world.people, item, request.beneficiary, request.created_at.date())
        assert [task.assignee for task in request.tasks] == list(route[: len(request.tasks)])


def test_open_requests_wait_for_somebody_and_closed_ones_for_nobody(world: World) -> None:
    for request in world.history:
        waiting = [task for task in request.tasks if task.state == "ASSIGNED"]
        if request.status == "Request Awaiting Approval":
            assert len(waiting) == 1
        if request.status in ("Request Completed", "Request Rejected", "Request Withdrawn"):
            assert waiting == []


def test_ada_has_requests_that_wait_for_ben_and_some_that_are_done(world: World) -> None:
    mine = [r for r in world.history if r.beneficiary == "ada"]
    waiting = [r for r in mine if r.tasks and r.tasks[-1].state == "ASSIGNED"]
    assert len(waiting) >= 2
    assert {r.tasks[-1].assignee for r in waiting} == {"ben"}
    assert {"Request Completed", "Request Rejected", "Request Withdrawn"} <= {
        r.status for r in mine
    }


def test_holdings_follow_from_completed_requests(world: World) -> None:
    held = {(h.person, h.kind, h.name): h for h in holdings_of(world)}
    sap = held["ada", "account", "SAP ERP"]
    request = next(r for r in world.history if r.request_id == sap.request_id)
    assert (request.beneficiary, request.status) == ("ada", "Request Completed")
    assert ("ada", "role", "Finance Reporting") not in held
    assert ("gina", "role", "Employee") not in held


def test_somebody_whose_manager_cannot_act_is_decided_on_by_the_administrators(
    world: World,
) -> None:
    chief = next(p.key for p in world.people.values() if p.manager is None)
    item = world.items["role", "Finance Reporting"]
    assert approval_route(world.people, item, chief) == (f"role:{ADMINISTRATORS}",)


def test_both_catalogues_know_the_same_roles(world: World) -> None:
    choices = world.desk_items["business_role"].variables[0].choices
    assert {"Finance Reporting", "Budget Approver", "Warehouse Supervisor"} <= set(choices)
    assert all(("role", choice) in world.items for choice in choices)
    assert world.desk_items["standard_laptop"].variables == ()


def test_sys_ids_are_hex_and_differ_by_table() -> None:
    assert len(sys_id("sys_user", "ada")) == 32
    assert sys_id("sys_user", "ada") != sys_id("sc_cat_item", "ada")
