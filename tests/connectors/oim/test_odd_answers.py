"""Answers that no sandbox gives: loose JSON, moving lists, results that say too little."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
import responses
from requests import PreparedRequest

from broker.connectors.iga.oim.states import open_words, request_state, task_state
from broker.domain.access import CatalogueItem, ItemKind, ItemName
from broker.domain.access_requests import RequestState
from broker.domain.approvals import TaskState
from broker.domain.errors import Misconfigured, Refused, Unavailable, UnknownOutcome
from broker.domain.people import Person
from broker.ports.iga import Iga, Receipt, Submission
from tests.connectors.conftest import oim_at
from tests.connectors.oim.wire import API, BASE, asked, user

SUBMISSION = Submission("R-1", "418", [CatalogueItem(ItemKind.ROLE, "14", "Finance")], "R-1 please")


def test_unknown_words_stay_visible_and_are_never_final() -> None:
    assert request_state("Request Parked") is RequestState.IN_PROGRESS
    assert task_state("PONDERING") is TaskState.UNKNOWN
    assert task_state("COMPLETED") is TaskState.UNKNOWN


def test_words_are_understood_in_any_case() -> None:
    assert request_state("REQUEST completed ") is RequestState.COMPLETED
    assert task_state("Assigned") is TaskState.REQUESTED


def test_no_word_for_open_is_final() -> None:
    assert not [word for word in open_words() if request_state(word).final]


def answered(wire: responses.RequestsMock, item: object) -> None:
    wire.add("POST", f"{API}/requests", json={"requests": [item]})


GOOD = {"id": "7041", "requestId": "R-1", "status": "SUCCESS"}
UNCLEAR: list[dict[str, object]] = [
    {"id": "7041", "requestId": "R-2", "status": "SUCCESS"},
    {"id": "7041", "status": "SUCCESS"},
    {"id": "7041", "requestId": "R-1"},
    {"id": "7041", "requestId": "R-1", "status": "FAILURE"},
    {"id": None, "requestId": "R-1", "status": None},
    {"requestId": "R-1", "status": "PENDING"},
]


@pytest.mark.parametrize("item", UNCLEAR)
def test_a_result_that_says_too_little_is_an_unknown_outcome(
    wire: responses.RequestsMock, iga: Iga, item: object
) -> None:
    answered(wire, item)
    with pytest.raises(UnknownOutcome):
        iga.submit(SUBMISSION)


@pytest.mark.parametrize(
    "answer", [None, [], {}, {"requests": []}, {"requests": [GOOD, GOOD]}, "ok"]
)
def test_an_answer_that_is_not_about_one_request_is_an_unknown_outcome(
    wire: responses.RequestsMock, iga: Iga, answer: object
) -> None:
    wire.add("POST", f"{API}/requests", json=answer)
    with pytest.raises(UnknownOutcome):
        iga.submit(SUBMISSION)


def test_a_failed_result_is_refused_in_its_own_words(
    wire: responses.RequestsMock, iga: Iga
) -> None:
    answered(wire, {"requestId": "R-1", "status": "FAILED", "message": "IAM-2050011: no such user"})
    with pytest.raises(Refused, match="IAM-2050011: no such user"):
        iga.submit(SUBMISSION)


@pytest.mark.parametrize("said", [{}, {"id": ""}, {"id": None}, {"id": 0}, {"id": "0"}])
def test_success_without_an_id_was_carried_out_directly(
    wire: responses.RequestsMock, iga: Iga, said: dict[str, object]
) -> None:
    answer: dict[str, object] = {"requestId": "R-1", "status": "SUCCESS", **said}
    answered(wire, answer)
    assert iga.submit(SUBMISSION) == Receipt("", answer)


def test_the_header_against_forged_writes_is_sent(wire: responses.RequestsMock, iga: Iga) -> None:
    answered(wire, GOOD)
    assert iga.submit(SUBMISSION).request_id == "7041"
    assert wire.calls[0].request.headers["X-Requested-By"] == "request-broker"


@pytest.mark.parametrize(("request_type", "read"), [("Assign Roles", 1), ("Revoke Account", 0)])
def test_a_justification_that_a_list_leaves_out_is_read_unless_there_is_none(
    wire: responses.RequestsMock, iga: Iga, request_type: str, read: int
) -> None:
    head: dict[str, object] = {"id": "7041", "reqType": request_type}
    head |= {"requester": {"value": "2"}, "reqBeneficiaryList": [{"id": "418"}]}
    answered_with(wire, "/users", users=[user("2", "BROKER")])
    answered_with(wire, "/requests", requests=[head])
    answered_with(wire, "/requests/7041", **head, reqJustification="for R-1, please")
    assert iga.find_submitted(SUBMISSION) == ("7041" if read else None)
    assert asked(wire, "/requests/7041") == read


def answered_with(wire: responses.RequestsMock, path: str, **data: object) -> None:
    wire.add("GET", f"{API}{path}", json=data)


def detail(**fields: object) -> dict[str, object]:
    return {"id": "7041", "reqStatus": "Request Awaiting Approval", **fields}


def read(wire: responses.RequestsMock, iga: Iga, **fields: object) -> Any:  # noqa: ANN401
    wire.add("GET", f"{API}/requests/7041", json=detail(**fields))
    wire.add("GET", f"{API}/catalog", json={"catalogs": []})
    return iga.request("7041")


def test_the_detail_of_another_request_is_not_believed(
    wire: responses.RequestsMock, iga: Iga
) -> None:
    with pytest.raises(Unavailable, match="asked about request 7041 and told of 7042"):
        read(wire, iga, id="7042", reqStatus="Request Completed")


def test_a_detail_without_an_id_is_that_of_the_request_asked_for(
    wire: responses.RequestsMock, iga: Iga
) -> None:
    assert read(wire, iga, id=None).header.id == "7041"


def test_accounts_are_held_by_their_application_once_they_can_be_used(
    wire: responses.RequestsMock, iga: Iga
) -> None:
    """An account's own id may be the number of an application that the person does not have."""
    status = [{"name": "Status", "value": "Provisioning"}]
    accounts = [{"id": "21"}, {"id": "54", "appInstanceId": "22", "fields": status}]
    for path in ("/roles", "/entitlements", "/catalog"):
        answered_with(wire, path)
    answered_with(wire, "/accounts", accounts=accounts, hasMore=False)
    held = iga.holdings(Person("418", "ADA", "Ada", "", "", None))
    assert [(each.key, each.arriving) for each in held] == [("account 21", False), ("22", True)]


def test_a_request_may_say_almost_nothing(wire: responses.RequestsMock, iga: Iga) -> None:
    request = read(wire, iga, requester=None, reqBeneficiaryList=None, requestTaskDetails=None)
    assert (request.items, request.tasks, request.header.beneficiary_keys) == ((), (), ())
    assert request.header.justification == ""


APPROVERS: list[tuple[object, list[str]]] = [
    ([{"approvers": "BEN", "status": "ASSIGNED"}], ["BEN"]),
    ({"approvers": ["BEN", "FINN"], "status": "ASSIGNED"}, ["BEN", "FINN"]),
    ([{"approvers": [{"userLogin": "BEN"}], "status": "assigned"}], ["BEN"]),
    (
        [{"approvers": {"name": "SYSTEM ADMINISTRATORS"}, "state": "ASSIGNED"}],
        ["SYSTEM ADMINISTRATORS"],
    ),
    ([{"status": "ASSIGNED"}], []),
]


@pytest.mark.parametrize(("current", "assignees"), APPROVERS)
def test_approvers_come_in_many_shapes(
    wire: responses.RequestsMock, iga: Iga, current: object, assignees: list[str]
) -> None:
    details = [{"taskId": "t-1", "history": {"currentApprovers": current}}]
    request = read(wire, iga, requestTaskDetails=details)
    assert [task.assignee for task in request.waiting] == assignees
    assert len({task.id for task in request.tasks}) == len(assignees)


def test_a_decision_keeps_its_id_when_the_next_stage_begins(
    wire: responses.RequestsMock, iga: Iga
) -> None:
    ben, cho = {"approvers": "BEN", "stage": "Stage1"}, {"approvers": "CHO", "stage": "Stage2"}
    early = {"currentApprovers": [ben | {"status": "ASSIGNED"}], "futureApprovers": [cho]}
    late = {
        "previousApprovers": [ben | {"status": "APPROVE"}],
        "currentApprovers": [cho | {"status": "ASSIGNED"}],
    }
    (before,) = read(wire, iga, requestTaskDetails={"taskId": "t-1", "history": early}).tasks
    wire.replace(
        "GET",
        f"{API}/requests/7041",
        json=detail(requestTaskDetails={"taskId": "t-1", "history": late}),
    )
    after = iga.request("7041").tasks
    assert after[0].id == before.id
    assert after[1].id != before.id


def test_an_item_unknown_to_the_catalogue_keeps_its_key(
    wire: responses.RequestsMock, iga: Iga
) -> None:
    targets = [{"entityType": "ApplicationInstance", "entityId": "21"}]
    request = read(wire, iga, reqTargetEntities=targets, reqBeneficiaryList=[{"id": "418"}])
    assert [(i.kind, i.name, i.beneficiary_key) for i in request.items] == [
        ("account", "account 21", "418")
    ]


def test_two_items_of_one_name_are_for_the_operator(wire: responses.RequestsMock, iga: Iga) -> None:
    twins = [{"entityType": "Role", "entityKey": key, "entityDisplayName": "Twin"} for key in "12"]
    wire.add("GET", f"{API}/catalog", json={"catalogs": twins})
    with pytest.raises(Misconfigured, match="several items called role Twin"):
        iga.find_item(ItemName("role", "Twin"))


class MovingList:
    """A list of users from which rows vanish after a page was given out."""

    def __init__(
        self, wire: responses.RequestsMock, size: int, vanish: Sequence[Sequence[int]]
    ) -> None:
        self.ids, self.vanish, self.asked = list(range(1, size + 1)), list(vanish), 0
        wire.add_callback("GET", f"{API}/users", self.answer)

    def answer(self, request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        params: dict[str, str] = request.params  # type: ignore[attr-defined]
        offset, limit = int(params["offset"]) - 1, int(params["limit"])
        rows = [{"id": str(number), "fields": []} for number in self.ids[offset : offset + limit]]
        more = len(self.ids) > offset + limit
        gone = self.vanish[self.asked] if self.asked < len(self.vanish) else ()
        self.ids = [number for number in self.ids if number not in gone]
        self.asked += 1
        return (
            200,
            {"Content-Type": "application/json"},
            json.dumps({"users": rows, "hasMore": more}),
        )


@pytest.mark.parametrize(
    "vanish", [[], [[1]], [[3]], [[1, 2, 3]], [[1], [4], [6]], [[2], [3], [5, 6]]]
)
def test_rows_that_leave_a_list_hide_no_others(
    wire: responses.RequestsMock, iga: Iga, vanish: list[list[int]]
) -> None:
    gone = {number for numbers in vanish for number in numbers}
    moving = MovingList(wire, 12, vanish)
    found = [int(person.key) for person in iga.people()]
    assert set(range(1, 13)) - gone <= set(found)
    assert len(found) == len(set(found))
    assert moving.asked < 20


@pytest.mark.parametrize(("people", "calls"), [(3, 1), (4, 2), (5, 2), (6, 3), (7, 3), (12, 6)])
def test_a_list_takes_no_more_calls_than_it_has_pages(
    wire: responses.RequestsMock, people: int, calls: int
) -> None:
    moving = MovingList(wire, people, [])
    assert len(list(oim_at(BASE, page_size=2).people())) == people
    assert moving.asked == calls <= -(-people // 2)


def test_a_list_that_ends_with_an_empty_page_ends(wire: responses.RequestsMock, iga: Iga) -> None:
    wire.add(
        "GET",
        f"{API}/users",
        json={"users": [{"id": "1"}, {"id": "2"}, {"id": "3"}], "hasMore": True},
    )
    wire.add("GET", f"{API}/users", json={"users": [], "hasMore": True})
    assert [person.key for person in iga.people()] == ["1", "2", "3"]


def paged(wire: responses.RequestsMock, most: int, **said: object) -> None:
    """Ten users, of whom a page never has more than `most`."""

    def answer(request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        params: dict[str, str] = request.params  # type: ignore[attr-defined]
        offset, limit = int(params["offset"]), min(most, int(params["limit"]))
        rows = [{"id": str(number)} for number in range(offset, min(offset + limit, 11))]
        more = {"hasMore": offset + limit <= 10} if said == {} else said
        return 200, {"Content-Type": "application/json"}, json.dumps({"users": rows, **more})

    wire.add_callback("GET", f"{API}/users", answer)


@pytest.mark.parametrize("most", [2, 3, 5, 9, 10])
def test_pages_that_are_shorter_than_asked_for_hide_nobody(
    wire: responses.RequestsMock, most: int
) -> None:
    paged(wire, most)
    found = [person.key for person in oim_at(BASE, page_size=9).people()]
    assert found == [str(number) for number in range(1, 11)]


@pytest.mark.parametrize("page_size", [2, 4, 10, 11])
@pytest.mark.parametrize("said", [{"hasMore": None}, {"hasMore": None, "totalResult": -1}])
def test_a_list_that_does_not_say_whether_it_goes_on_is_read_to_its_end(
    wire: responses.RequestsMock, page_size: int, said: dict[str, object]
) -> None:
    paged(wire, page_size, **said)
    assert len(list(oim_at(BASE, page_size=page_size).people())) == 10


def test_a_list_that_says_in_words_that_it_goes_on_goes_on(
    wire: responses.RequestsMock, iga: Iga
) -> None:
    wire.add("GET", f"{API}/users", json={"users": [{"id": "1"}, {"id": "2"}], "hasMore": "true"})
    wire.add("GET", f"{API}/users", json={"users": [{"id": "3"}], "hasMore": "false"})
    assert [person.key for person in iga.people()] == ["1", "2", "3"]


def test_a_list_that_repeats_itself_for_ever_is_given_up(
    wire: responses.RequestsMock, iga: Iga
) -> None:
    wire.add("GET", f"{API}/users", json={"users": [{"id": "1"}], "hasMore": True})
    with pytest.raises(Unavailable, match="repeats itself"):
        list(iga.people())


def test_a_list_without_its_rows_is_empty(wire: responses.RequestsMock, iga: Iga) -> None:
    wire.add("GET", f"{API}/users", json={"totalResult": -1})
    assert list(iga.people()) == []
