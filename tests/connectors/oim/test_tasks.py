"""Who decided and who has to: every shape in which a request's detail may say so."""

from typing import Any

import pytest
import responses

from broker.domain.approvals import ApprovalTask, TaskState
from broker.ports.iga import Iga
from tests.connectors.oim.wire import answered

ASKED, DONE = TaskState.REQUESTED, TaskState.APPROVED


@pytest.fixture
def read(wire: responses.RequestsMock, iga: Iga) -> Any:  # noqa: ANN401 - a function
    """Gives the tasks of a request whose detail says this."""

    def tasks(details: object, status: str = "Request Awaiting Approval") -> list[ApprovalTask]:
        row = {"id": "7041", "reqStatus": status, "requestTaskDetails": details}
        answered(wire, "/requests/7041", row)
        return list(iga.request("7041").tasks)

    return tasks


def now(*current: object) -> list[object]:
    return [{"history": {"currentApprovers": list(current)}}]


def test_an_entry_of_the_manual_is_understood(read: Any) -> None:  # noqa: ANN401
    entry = {
        "stage": "defaultOperationalApproval.approvalTask.assignee",
        "status": "APPROVE",
        "approvers": "SYSTEM ADMINISTRATORS",
    }
    title = "Default operational level approval for Request ID 12"
    (task,) = read([{"title": title, "history": {"previousApprovers": [entry]}}])
    assert (task.assignee, task.state) == ("SYSTEM ADMINISTRATORS", DONE)
    assert task.stage == "Default operational approval"


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        ("Stage1", "Stage1"),
        ("beneficiaryManager.approval", "Beneficiary manager"),
        ("Approval by Finance", "Approval by Finance"),
        ("", ""),
        (None, ""),
    ],
)
def test_a_stage_is_what_its_workflow_is_called(read: Any, stage: object, words: str) -> None:  # noqa: ANN401
    (task,) = read(now({"approvers": "BEN", "stage": stage}))
    assert task.stage == words


NAMED: list[tuple[object, list[str]]] = [
    ("BEN", ["BEN"]),
    (["BEN", "CHO"], ["BEN", "CHO"]),
    ([{"approvers": "BEN"}, "CHO", None, ""], ["BEN", "CHO"]),
    ({"assignees": [{"name": "BEN"}, {"userLogin": "CHO"}]}, ["BEN", "CHO"]),
    ({"approvers": [], "assignee": "BEN"}, ["BEN"]),
    ({"approvers": "FINANCE OWNERS", "acquiredBy": "BEN"}, ["BEN"]),
    ({"approvers": 418}, ["418"]),
    ({}, []),
    (None, []),
    (True, []),
]


@pytest.mark.parametrize(("current", "assignees"), NAMED)
def test_whoever_is_named_is_asked(read: Any, current: object, assignees: list[str]) -> None:  # noqa: ANN401
    tasks = read([{"history": {"currentApprovers": current}}])
    assert [(task.assignee, task.state) for task in tasks] == [(who, ASKED) for who in assignees]


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("", ASKED),
        ("ASSIGNED", ASKED),
        ("Information Required", ASKED),
        ("PONDERING", ASKED),
        ("APPROVE", DONE),
        ("COMPLETED", TaskState.UNKNOWN),
        ("Expired", TaskState.UNKNOWN),
        ("ERRORED", TaskState.UNKNOWN),
        ("WITHDRAWN", TaskState.WITHDRAWN),
    ],
)
def test_a_current_approver_is_asked_unless_the_word_is_one_of_an_end(
    read: Any,  # noqa: ANN401
    word: str,
    state: TaskState,
) -> None:
    (task,) = read(now({"approvers": "BEN", "status": word}))
    assert (task.state, task.raw_state) == (state, word)


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("APPROVE", DONE),
        ("REJECT", TaskState.REJECTED),
        ("ASSIGNED", TaskState.UNKNOWN),
        ("REASSIGNED", TaskState.UNKNOWN),
        ("", TaskState.UNKNOWN),
    ],
)
def test_a_previous_approver_has_nothing_to_decide(read: Any, word: str, state: TaskState) -> None:  # noqa: ANN401
    (task,) = read([{"history": {"previousApprovers": {"approvers": "BEN", "status": word}}}])
    assert (task.state, task.raw_state) == (state, word)


@pytest.mark.parametrize("status", ["Request Withdrawn", "Request Completed", "Request Closed"])
def test_nobody_is_asked_about_a_request_that_is_final(read: Any, status: str) -> None:  # noqa: ANN401
    (task,) = read(now({"approvers": "BEN", "status": "ASSIGNED"}), status)
    assert (task.state, task.raw_state) == (TaskState.WITHDRAWN, "ASSIGNED")


def test_tasks_may_be_many_and_histories_several(read: Any) -> None:  # noqa: ANN401
    past, here = {"previousApprovers": "BEN"}, {"currentApprovers": "CHO"}
    tasks = read([{"taskId": "t-1", "history": [past, here]}, {"currentApprovers": "DEE"}, "x"])
    assert [task.assignee for task in tasks] == ["BEN", "CHO", "DEE"]
    assert len({task.id for task in tasks}) == 3


def test_two_tasks_that_nothing_tells_apart_have_ids_of_their_own(read: Any) -> None:  # noqa: ANN401
    twins = now("BEN") + now("BEN") + now("BEN")
    first, second, third = (task.id for task in read(twins))
    assert (second, third) == (f"{first}-2", f"{first}-3")


COMMENTS: list[tuple[object, str]] = [
    ("fine", "fine"),
    (" ", ""),
    (None, ""),
    ([], ""),
    ({"comment": "why?", "addedBy": "BEN"}, "BEN: why?"),
    (
        [{"comment": "why?", "addedBy": "BEN", "addedOn": "2026-01-31T09:00:00Z"},
         {"text": "month end", "author": "ADA"}],
        "BEN: why?\nADA: month end",
    ),
    (["fine", {"comment": "really"}, {"addedBy": "BEN"}, None, 7], "fine\nreally\n7"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "comment"), COMMENTS)
def test_comments_are_lines(read: Any, said: object, comment: str) -> None:  # noqa: ANN401
    (task,) = read(now({"approvers": "BEN", "comments": said}))
    assert task.comment == comment


@pytest.mark.parametrize("name", ["comment", "actionComment", "text"])
def test_a_comment_has_several_names(read: Any, name: str) -> None:  # noqa: ANN401
    (task,) = read(now({"approvers": "BEN", name: "fine"}))
    assert task.comment == "fine"


@pytest.mark.parametrize(
    ("children", "ids"),
    [
        (None, ()),
        ([], ()),
        ("7042", ("7042",)),
        (["7042", 7043, "7042", "", None], ("7042", "7043")),
        ({"id": "7042", "reqStatus": "Request Created"}, ("7042",)),
        ([{"requestId": "7042"}, {"reqId": 7043}, {"reqStatus": "x"}], ("7042", "7043")),
        (["7041"], ()),
    ],
)
def test_children_are_ids(
    wire: responses.RequestsMock, iga: Iga, children: object, ids: tuple[str, ...]
) -> None:
    answered(wire, "/requests/7041", {"id": "7041", "childRequests": children})
    assert iga.request("7041").children == ids


@pytest.mark.parametrize("wrapped", [{"request": 0}, {"requests": [0]}, {"userRequest": 0}])
def test_a_detail_may_come_wrapped(
    wire: responses.RequestsMock, iga: Iga, wrapped: dict[str, object]
) -> None:
    detail = {"id": "7041", "reqStatus": "Request Completed"}
    ((name, inner),) = wrapped.items()
    answered(wire, "/requests/7041", {name: [detail] if isinstance(inner, list) else detail})
    assert iga.request("7041").header.raw_status == "Request Completed"
