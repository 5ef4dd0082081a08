"""The filter language of the OIM sandbox, read and put to lists of requests."""

from __future__ import annotations

import pytest

from sandbox.oim import Oim
from sandbox.oim.query import BadQuery, Condition, Grammar, parse
from tests.sandbox.oim.sites import API, Api


def ids(api: Api, query: str) -> set[str]:
    return {row["id"] for row in api.get("/requests", q=query, limit=1000)["requests"]}


def test_and_binds_before_or() -> None:
    groups = parse("a eq 1 or b co 2 AND c sw 3 Or d eq 4")
    assert [[each.name for each in group] for group in groups] == [["a"], ["b", "c"], ["d"]]


def test_a_name_and_a_value_have_their_spaces_as_colons() -> None:
    assert parse("User::Login EQ Ada::L") == [[Condition("user login", "eq", "ada l")]]


def test_no_filter_is_met_by_everything() -> None:
    assert parse("  ") == [[]]


@pytest.mark.parametrize("text", ["a", "a eq", "a is 1", "a eq b c", "a eq 1 or", "and a eq 1"])
def test_what_cannot_be_understood_is_said_to_be_bad(text: str) -> None:
    with pytest.raises(BadQuery):
        parse(text)


def test_a_grammar_may_take_cases_and_colons_as_they_are() -> None:
    grammar = Grammar(colons_are_spaces=False, any_case=False)
    ((condition,),) = parse("A eq X::Y", grammar)
    assert condition == Condition("a", "eq", "X::Y", any_case=False)
    assert condition.met_by("X::Y")
    assert not condition.met_by("x::y", "X Y")


@pytest.mark.parametrize(
    ("operator", "met"),
    [("eq", {"pay"}), ("sw", {"pay", "payroll"}), ("co", {"pay", "payroll", "to pay"})],
)
def test_three_operators(operator: str, met: set[str]) -> None:
    condition = Condition("x", operator, "pay")
    assert {word for word in ("pay", "payroll", "to pay", "ay") if condition.met_by(word)} == met


def test_people_are_found_by_key_and_by_login(broker: Api) -> None:
    key = broker.user("ADA")
    assert ids(broker, f"beneficiary eq {key}") == ids(broker, "beneficiary eq ADA") != set()
    assert ids(broker, f"requesterId eq {key}") == ids(broker, "requester eq ada") != set()


def test_either_of_two_people(broker: Api) -> None:
    both = ids(broker, "requester eq ada or beneficiary eq ada")
    assert both == ids(broker, "requester eq ada") | ids(broker, "beneficiary eq ada")


def test_both_of_two_conditions(broker: Api) -> None:
    done = ids(broker, "reqStatus eq Request::Completed and beneficiary eq ada")
    assert done == ids(broker, "reqStatus eq Request::Completed") & ids(
        broker, "beneficiary eq ada"
    )


def test_one_request_is_found_by_its_id(broker: Api) -> None:
    some = broker.get("/requests", limit=1)["requests"][0]["id"]
    assert ids(broker, f"id eq {some}") == {some}
    assert ids(broker, "id eq 1") == set()


def test_a_literal_double_colon_cannot_be_asked_for(broker: Api) -> None:
    broker.ask(broker.user("ADA"), why="a::b")
    assert ids(broker, "reqStatus eq Request::::Completed") == set()


def test_a_filter_may_be_percent_encoded(broker: Api) -> None:
    encoded = f"{API}/requests?q=reqStatus%20eq%20Request%3A%3AWithdrawn&limit=500"
    rows = broker.outside("GET", encoded).json()["requests"]
    assert {row["reqStatus"] for row in rows} == {"Request Withdrawn"}


def test_what_has_just_been_raised_is_found_by_its_new_status(broker: Api, ada: Api) -> None:
    made = ada.ask(broker.user("ADA"))["id"]
    broker.wait_for(made, "Request Awaiting Approval")
    assert made in ids(broker, "reqStatus co await and requester eq ada")
    assert made in ids(ada, "reqStatus co await")


@pytest.mark.parametrize("query", ["state eq Completed", "state eq any", "id eq 1"])
def test_pending_approvals_are_filtered_by_state_and_id(ben: Api, query: str) -> None:
    found = ben.get("/requests", view="pendingApprovals", q=query, limit=500)["requests"]
    states = {task["state"] for task in found}
    assert {"state eq Completed": states == {"COMPLETED"}, "id eq 1": not found}.get(
        query, {"ASSIGNED", "COMPLETED"} <= states
    )


def test_pending_approvals_are_found_by_their_title(ben: Api) -> None:
    (first, *_) = ben.get("/requests", view="pendingApprovals")["requests"]
    asked = {"view": "pendingApprovals", "q": f"title co {first['id']}", "limit": 500}
    assert {task["id"] for task in ben.get("/requests", **asked)["requests"]} == {first["id"]}


def test_fields_narrow_pending_approvals_too(ben: Api) -> None:
    (task, *_) = ben.get("/requests", view="pendingApprovals", fields="taskId,state")["requests"]
    assert set(task) == {"links", "id", "taskId", "state"}


def test_there_are_two_views(broker: Api) -> None:
    answer = broker.call("GET", "/requests", params={"view": "everything"})
    assert answer.status_code == 400
    assert answer.json()["errorCode"].startswith("IAM-2050")


def found(api: Api, query: str) -> set[str]:
    tasks = api.get("/requests", view="pendingApprovals", q=query, limit=500)["requests"]
    return {task["id"] for task in tasks}


@pytest.mark.parametrize(
    ("action", "state", "shown"),
    [
        ("suspend", "Suspended", "SUSPENDED"),
        ("requestinformation", "Information::Required", "INFO_REQUESTED"),
    ],
)
def test_a_task_is_found_by_the_state_that_holds_it_up(
    broker: Api, ada: Api, ben: Api, action: str, state: str, shown: str
) -> None:
    made = ada.ask(broker.user("ADA"))["id"]
    broker.wait_for(made, "Request Awaiting Approval")
    body = {"action": action, "actionComment": "why?", "assignees": ["ben"]}
    answer = ben.call("PUT", f"/requests/{made}", json=body)
    assert answer.ok, answer.text
    assert made in found(ben, f"state eq {state}")
    assert made not in found(ben, "state eq Assigned")
    task = next(
        each
        for each in ben.get("/requests", view="pendingApprovals", q="state eq Any", limit=500)[
            "requests"
        ]
        if each["id"] == made
    )
    assert task["state"] == shown


def test_titles_name_the_kind_of_approval(broker: Api, ada: Api, ben: Api) -> None:
    made = ada.ask(broker.user("ADA"))["id"]
    broker.wait_for(made, "Request Awaiting Approval")
    assert made in found(ben, "title sw Beneficiary::manager::approval")


def test_titles_of_11g_name_the_level(broker: Api, ada: Api, ben: Api, installation: Oim) -> None:
    installation.switches.flip("profile-12c")
    made = ada.ask(broker.user("ADA"))["id"]
    broker.wait_for(made, "Obtaining Request Approval")
    assert made in found(ben, "title sw Default::request::level::approval")
