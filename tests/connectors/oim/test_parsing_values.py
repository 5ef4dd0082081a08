"""Reading OIM's loose values one by one: what each shape means, and what means nothing."""

from datetime import UTC, datetime
from typing import Any

import pytest
import responses

from broker.connectors.iga.oim import values
from broker.connectors.iga.oim.catalogue import kind_of
from broker.connectors.iga.oim.requests import header
from broker.connectors.iga.oim.states import open_words, request_state, task_state
from broker.domain.access_requests import RequestState
from broker.domain.approvals import TaskState
from tests.connectors.conftest import oim_at

BASE = "https://oim.example.com"
API = f"{BASE}/iam/governance/selfservice/api/v1"
NINE = datetime(2026, 1, 31, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (" Ada ", "Ada"), ("", ""), (" ", ""), (None, ""), (14, "14"), (1.5, "1.5"), (0, "0"),
        (True, ""), (False, ""), ({}, ""), ([], ""), (["Ada"], ""), ({"value": "Ada"}, ""),
    ],
)  # fmt: skip
def test_a_scalar_is_text_and_nothing_else_is(value: object, said: str) -> None:
    assert values.text(value) == said


def test_the_first_field_that_says_something_counts() -> None:
    row = {"a": None, "b": " ", "c": "", "d": 0, "e": "late"}
    assert values.first(row, "a", "b", "c", "d", "e") == "0"
    assert values.first(row, "e", "d") == "late"
    assert values.first(row, "z", "a") == ""
    assert values.first(row) == ""


@pytest.mark.parametrize(
    ("value", "count"),
    [(None, 0), ("x", 0), ({}, 1), ({"a": 1}, 1), ([{}, {}], 2), ([{}, None, "x", [{}]], 1)],
)
def test_rows_are_objects_however_they_come(value: object, count: int) -> None:
    assert len(values.rows(value)) == count


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (None, []),
        ("", []),
        ("BEN", ["BEN"]),
        (418, ["418"]),
        (["BEN", "", None, "CHO"], ["BEN", "CHO"]),
        ({"userLogin": "BEN", "login": "x", "id": "418"}, ["BEN"]),
        ({"login": "BEN", "name": "Ben Okafor"}, ["BEN"]),
        ({"name": "Owners", "value": "7"}, ["Owners"]),
        ({"value": "7", "id": "8"}, ["7"]),
        ({"id": 8}, ["8"]),
        ({"mail": "ben@example.com"}, []),
        ([{"id": "8"}, ["CHO", [{"name": "DEE"}]]], ["8", "CHO", "DEE"]),
    ],
)
def test_names_are_found_at_any_depth(value: object, names: list[str]) -> None:
    assert list(values.texts(value)) == names


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ("2026-01-31T09:00:00Z", NINE),
        ("2026-01-31T10:00:00+01:00", NINE),
        ("2026-01-31T03:30:00-05:30", NINE),
        ("2026-01-31T09:00:00", NINE),
        (" 2026-01-31 09:00:00 ", NINE),
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("", None),
        (None, None),
        (True, None),
        (0, None),
        ("31/01/2026", None),
        ("2026-02-30T09:00:00Z", None),
        ("-1", None),
    ],
)
def test_a_time_is_utc_or_none(value: object, at: datetime | None) -> None:
    assert values.moment(value) == at


@pytest.mark.parametrize(
    "value", ["9999-12-31T23:59:59-08:00", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-00:01"]
)
def test_a_time_beyond_the_calendar_is_none(value: str) -> None:
    """Installations write "for ever" as the last moment there is, in their own zone."""
    assert values.moment(value) is None


def test_a_last_moment_in_utc_is_a_time() -> None:
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert values.moment("9999-12-31T23:59:59Z") == last


def test_attributes_are_looked_up_by_name_wherever_they_stand() -> None:
    row = {
        "fields": [{"name": "Email", "value": "a@example.com"}, {"name": "usr_key", "value": 7}],
        "attributes": {"name": "Status", "value": "Active"},
    }
    assert values.attributes(row) == {"Email": "a@example.com", "usr_key": "7", "Status": "Active"}
    assert values.attributes({"fields": None}) == {}


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("ada", "ada"),
        (" Finance Reporting ", "Finance::Reporting"),
        ("a  b", "a::::b"),
        ("", None),
        ("  ", None),
        ("a::b", None),
        ("a\tb", None),
        ("a\nb", None),
        ("Zoë", "Zoë"),
    ],
)
def test_a_value_is_written_as_a_filter_can_hold_it(value: str, written: str | None) -> None:
    assert values.searchable(value) == written


def test_a_filter_asks_for_each_spelling_once() -> None:
    assert values.any_case("User Login", "Ada") == (
        "User::Login eq Ada or User::Login eq ADA or User::Login eq ada"
    )
    assert values.any_case("Email", "7") == "Email eq 7"
    assert values.any_case("Email", "a::b") is None


def test_a_filter_leaves_out_what_cannot_be_searched_for() -> None:
    assert values.either("requester", ["418", "a::b", " "]) == "requester eq 418"
    assert values.either("requester", ["", "a::b"]) is None
    assert values.either("requester", []) is None


REQUEST_WORDS = {
    "Request Draft Created": RequestState.REQUESTED,
    "Request Created": RequestState.REQUESTED,
    "SoD check result pending": RequestState.REQUESTED,
    "Request Awaiting Approval": RequestState.AWAITING_APPROVAL,
    "Provide Information": RequestState.AWAITING_APPROVAL,
    "Obtaining Operation Approval": RequestState.AWAITING_APPROVAL,
    "Request Approved": RequestState.IN_PROGRESS,
    "Operation Completed": RequestState.IN_PROGRESS,
    "Request Approved Fulfillment Pending": RequestState.IN_PROGRESS,
    "Request Awaiting Completion": RequestState.IN_PROGRESS,
    "Request Completed": RequestState.COMPLETED,
    "Request Completed With Errors": RequestState.FAILED,
    "Request Partially Failed": RequestState.FAILED,
    "Request Failed": RequestState.FAILED,
    "Request Rejected": RequestState.REJECTED,
    "Request Approval Rejected": RequestState.REJECTED,
    "Operation Approval Rejected": RequestState.REJECTED,
    "Request Withdrawn": RequestState.WITHDRAWN,
    "Request Closed": RequestState.CLOSED,
    "Completed": RequestState.IN_PROGRESS,
    "": RequestState.IN_PROGRESS,
}


@pytest.mark.parametrize(("word", "state"), REQUEST_WORDS.items())
def test_a_status_of_the_product_means(word: str, state: RequestState) -> None:
    assert request_state(word) is state
    assert request_state(f" {word.upper()} ") is state


TASK_WORDS = {
    "ASSIGNED": TaskState.REQUESTED,
    "REASSIGNED": TaskState.REQUESTED,
    "SUSPENDED": TaskState.REQUESTED,
    "INFO_REQUESTED": TaskState.REQUESTED,
    "APPROVE": TaskState.APPROVED,
    "Approved": TaskState.APPROVED,
    "REJECT": TaskState.REJECTED,
    "rejected": TaskState.REJECTED,
    "WITHDRAWN": TaskState.WITHDRAWN,
    "EXPIRED": TaskState.UNKNOWN,
    "": TaskState.UNKNOWN,
}


@pytest.mark.parametrize(("word", "state"), TASK_WORDS.items())
def test_a_word_for_a_decision_means(word: str, state: TaskState) -> None:
    assert task_state(f" {word} ") is state


def test_open_statuses_are_asked_for_once_each_with_those_of_the_site() -> None:
    words = open_words(["Request Parked", "Request Created", "Request Parked"])
    assert len(words) == len(set(words))
    assert words[-1] == "Request Parked"
    assert "Request Completed" not in words


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("Role", "role"), ("ROLE", "role"), ("ApplicationInstance", "account"),
        ("AppInstance", "account"), ("Entitlement", "entitlement"),
        ("Entitlements", "entitlement"), ("Catalog", "Catalog"), ("", ""),
    ],
)  # fmt: skip
def test_an_entity_has_one_kind_in_every_spelling(word: str, kind: str) -> None:
    assert kind_of(word) == kind


def test_a_header_is_read_from_every_shape() -> None:
    beneficiaries = [{"id": "418"}, {"value": "419"}, {"id": "418"}, {"id": None}, "420"]
    read = header(
        {"id": 7041, "status": "Request Created", "requester": [{"id": "1", "value": "2"}],
         "reqBeneficiaryList": beneficiaries, "reqType": "Assign Roles",
         "reqCreatedOn": "2026-01-31T10:00:00+01:00"}
    )  # fmt: skip
    assert (read.id, read.raw_status, read.state) == (
        "7041",
        "Request Created",
        RequestState.REQUESTED,
    )
    assert (read.requester_key, read.beneficiary_keys) == ("2", ("418", "419", "420"))
    assert (read.created_at, read.request_type, read.justification) == (NINE, "Assign Roles", "")


@pytest.mark.parametrize(
    ("requester", "key"),
    [
        ({"id": "7"}, "7"),
        ({"value": 7, "id": "8"}, "7"),
        ("7", "7"),
        (7, "7"),
        (None, ""),
        ([], ""),
    ],
)
def test_a_requester_is_a_key_or_an_object(requester: object, key: str) -> None:
    assert header({"id": "1", "requester": requester}).requester_key == key


def test_a_request_without_a_time_is_older_than_all_others() -> None:
    assert header({"id": "1"}).created_at == datetime(1970, 1, 1, tzinfo=UTC)


def read(details: object, **fields: object) -> Any:  # noqa: ANN401 - what the port returns
    """A request with these task details, as the connector understands it."""
    row = {"id": "7041", "reqStatus": "Request Awaiting Approval", "requestTaskDetails": details}
    with responses.RequestsMock(assert_all_requests_are_fired=False) as wire:
        wire.add("GET", f"{API}/requests/7041", json=row | fields)
        wire.add("GET", f"{API}/catalog", json={"catalogs": []})
        return oim_at(BASE).request("7041")


def test_a_decision_keeps_everything_that_is_said_of_it() -> None:
    entry = {
        "approver": {"login": "BEN"}, "outcome": "REJECT", "stage": "Manager", "comment": "no",
        "assignedOn": "2026-01-31T09:00:00Z", "completedOn": "2026-01-31T09:00:01Z",
    }  # fmt: skip
    (task,) = read([{"taskId": "t-1", "history": {"previousApprovers": [entry]}}]).tasks
    assert (task.id, task.assignee, task.stage, task.comment) == ("t-1", "BEN", "Manager", "no")
    assert (task.state, task.raw_state) == (TaskState.REJECTED, "REJECT")
    assert (task.assigned_at, task.decided_at) == (NINE, NINE.replace(second=1))


def test_approvers_of_later_stages_have_nothing_to_decide_yet() -> None:
    history = {
        "currentApprovers": {"assignee": "BEN", "status": "ASSIGNED"},
        "futureApprovers": [{"assignee": "CHO", "status": "ASSIGNED"}],
    }
    assert [task.assignee for task in read([{"taskId": "t-1", "history": history}]).tasks] == [
        "BEN"
    ]


def test_a_task_may_hold_its_history_itself() -> None:
    tasks = read({"taskId": "t-1", "currentApprovers": {"approvers": "BEN"}}).tasks
    assert [(task.id, task.assignee, task.state) for task in tasks] == [
        ("t-1", "BEN", TaskState.REQUESTED)
    ]


def test_a_decision_with_an_id_of_its_own_keeps_it() -> None:
    entries = [
        {"taskId": "own-1", "approvers": "BEN", "status": "ASSIGNED"},
        {"taskId": "own-2", "approvers": ["CHO", "DEE"], "status": "ASSIGNED"},
    ]
    tasks = read([{"taskId": "t-1", "history": {"currentApprovers": entries}}]).tasks
    assert tasks[0].id == "own-1"
    assert all(task.id.startswith("own-2-") for task in tasks[1:])
    assert len({task.id for task in tasks}) == 3


def test_a_task_without_an_id_keeps_its_made_up_one_when_others_follow() -> None:
    ben, cho = {"approvers": "BEN", "stage": "Stage1"}, {"approvers": "CHO", "stage": "Stage2"}
    (task,) = read([{"history": {"currentApprovers": ben}}]).tasks
    first, second = read([{"history": {"previousApprovers": ben, "currentApprovers": cho}}]).tasks
    assert task.id.startswith("7041-")
    assert (first.id, second.id != task.id) == (task.id, True)


def test_one_item_for_two_people_is_two_items() -> None:
    period = {"startDate": "2026-01-31T09:00:00Z", "endDate": "9999-12-31T23:59:59-08:00"}
    target = {"entityType": "Role", "entityKey": "14", "entityName": "Finance", **period}
    items = read(
        None, reqTargetEntities=target, reqBeneficiaryList=[{"id": "1"}, {"id": "2"}]
    ).items
    assert [(item.key, item.name, item.beneficiary_key) for item in items] == [
        ("14", "Finance", "1"),
        ("14", "Finance", "2"),
    ]
    assert {(item.start_at, item.end_at) for item in items} == {(NINE, None)}


def test_an_item_for_nobody_named_is_still_an_item() -> None:
    (item,) = read(None, reqTargetEntities=[{"entityType": "Role", "entityId": "14"}]).items
    assert (item.beneficiary_key, item.name) == ("", "role 14")
