"""Notes, back-references and closure, against the sandbox's ServiceNow."""

from collections.abc import Callable

import pytest

from broker.connectors.desk.servicenow.client import Client
from broker.connectors.desk.servicenow.values import Row
from broker.domain.errors import ConnectorError, NotFound, Refused, UnknownOutcome
from broker.ports.desk import OrderRef
from sandbox.servicenow.records import WriteRefused
from tests.connectors.conftest import DeskSite


def refer(desk: DeskSite, ref: OrderRef, *ids: str) -> None:
    desk.desk.refer_back(ref, "abc-ref", "oim", ids)


def close(desk: DeskSite, ref: OrderRef, *, complete: bool = True) -> None:
    desk.desk.close(ref, "abc-end", complete, "Request 7041 is done.", "Access granted: Finance.")


def states(desk: DeskSite, ref: OrderRef) -> tuple[list[str], str, str]:
    tasks = desk.state.records.where("sc_task", request_item=ref.item_id)
    item = desk.row("sc_req_item", ref.item_id)
    return [task["state"] for task in tasks], item["state"], item["active"]


def test_a_note_is_left_once(desk: DeskSite) -> None:
    ref = desk.order("finance_reporting")
    for _ in range(2):
        desk.desk.note(ref, "abc-note", "Nothing was submitted.")
    assert desk.journal(ref.item_id, "work_notes") == ["Nothing was submitted. [abc-note]"]


def test_another_marker_is_another_note(desk: DeskSite) -> None:
    ref = desk.order("finance_reporting")
    desk.desk.note(ref, "abc-1", "One.")
    desk.desk.note(ref, "abc-11", "Eleven.")
    desk.desk.note(ref, "abc-1", "One.")
    assert len(desk.journal(ref.item_id, "work_notes")) == 2


def test_a_note_is_left_once_where_journal_entries_are_hidden(
    desk: DeskSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = desk.order("finance_reporting")
    may_read = desk.state.access.may_read
    monkeypatch.setattr(
        desk.state.access,
        "may_read",
        lambda who, table, row: table != "sys_journal_field" and may_read(who, table, row),
    )
    for _ in range(2):
        desk.desk.note(ref, "abc-note", "Nothing was submitted.")
    assert len(desk.journal(ref.item_id, "work_notes")) == 1


def test_a_note_whose_answer_was_lost_is_not_written_again(desk: DeskSite) -> None:
    ref = desk.order("finance_reporting")
    desk.desk.note(ref, "warm-up", "Signs in.")
    desk.state.faults.add("drop-after-accept")
    with pytest.raises(UnknownOutcome):
        desk.desk.note(ref, "abc-note", "Nothing was submitted.")
    desk.state.faults.clear()
    desk.desk.note(ref, "abc-note", "Nothing was submitted.")
    assert len(desk.journal(ref.item_id, "work_notes")) == 2


def test_a_note_on_nothing_is_not_found(desk: DeskSite) -> None:
    with pytest.raises(NotFound):
        desk.desk.note(OrderRef("servicenow", "f" * 32, "RITM1"), "abc", "Hello.")


def test_the_item_names_the_request_and_its_system_once(desk: DeskSite) -> None:
    ref = desk.approved("finance_reporting")
    refer(desk, ref, "7041")
    before = desk.row("sc_req_item", ref.item_id)
    refer(desk, ref, "7041")
    assert desk.row("sc_req_item", ref.item_id) == before
    assert (before["correlation_id"], before["correlation_display"]) == ("7041", "oim")
    (note,) = desk.journal(ref.item_id, "work_notes")
    assert note == "Access request 7041 was raised in oim for this item. [abc-ref]"


def test_our_own_reference_may_grow(desk: DeskSite) -> None:
    ref = desk.approved("finance_reporting")
    refer(desk, ref, "7041")
    refer(desk, ref, "7041", "7042")
    assert desk.row("sc_req_item", ref.item_id)["correlation_id"] == "7041,7042"


def test_somebody_elses_reference_is_left_alone(desk: DeskSite) -> None:
    ref = desk.approved("finance_reporting")
    theirs = {"correlation_id": "JIRA-1", "correlation_display": "jira"}
    desk.state.records.update("sc_req_item", ref.item_id, theirs, "admin")
    with pytest.raises(Refused, match=r"already refers RITM\d+ to jira JIRA-1 in correlation_id"):
        refer(desk, ref, "7041")
    assert desk.row("sc_req_item", ref.item_id)["correlation_id"] == "JIRA-1"


def test_a_field_that_is_dropped_silently_is_named(desk: DeskSite) -> None:
    ref = desk.approved("finance_reporting")
    own = desk.connect(correlation_id_field="u_no_such_column")
    with pytest.raises(Refused, match="did not keep u_no_such_column of sc_req_item"):
        own.refer_back(ref, "abc-ref", "oim", ["7041"])


def test_closing_the_task_closes_the_item_and_tells_the_employee(desk: DeskSite) -> None:
    ref = desk.approved("finance_reporting")
    close(desk, ref)
    assert states(desk, ref) == (["3"], "3", "false")
    (task,) = desk.state.records.where("sc_task", request_item=ref.item_id)
    assert desk.journal(task["sys_id"], "work_notes") == ["Request 7041 is done. [abc-end]"]
    assert desk.journal(ref.item_id, "comments") == ["Access granted: Finance."]


def test_closing_twice_writes_nothing_twice(desk: DeskSite) -> None:
    ref = desk.approved("finance_reporting")
    close(desk, ref)
    (task,) = desk.state.records.where("sc_task", request_item=ref.item_id)
    close(desk, ref)
    assert desk.row("sc_task", task["sys_id"]) == task
    assert len(desk.journal(ref.item_id, "comments")) == 1


def test_an_incomplete_order_closes_incomplete(desk: DeskSite) -> None:
    ref = desk.approved("finance_reporting")
    close(desk, ref, complete=False)
    assert states(desk, ref)[:2] == (["4"], "4")


def test_a_task_that_somebody_closed_keeps_its_state(desk: DeskSite) -> None:
    ref = desk.approved("finance_reporting")
    (task,) = desk.state.records.where("sc_task", request_item=ref.item_id)
    desk.state.records.update("sc_task", task["sys_id"], {"state": "7"}, "admin")
    close(desk, ref)
    assert states(desk, ref)[0] == ["7"]


def test_an_item_without_a_task_is_closed_itself(desk: DeskSite) -> None:
    ref = desk.approved("finance_reporting")
    (task,) = desk.state.records.where("sc_task", request_item=ref.item_id)
    desk.state.records.delete("sc_task", task["sys_id"], "admin")
    for _ in range(2):
        close(desk, ref)
    assert states(desk, ref) == ([], "3", "false")
    assert len(desk.journal(ref.item_id, "comments")) == 1
    assert len(desk.journal(ref.item_id, "work_notes")) == 1


def test_among_several_tasks_nobody_guesses(desk: DeskSite) -> None:
    ref = desk.approved("finance_reporting")
    desk.state.records.insert("sc_task", {"request_item": ref.item_id}, "admin")
    with pytest.raises(Refused, match="several tasks"):
        close(desk, ref)


def test_a_closure_cut_short_is_finished_by_repeating_it(desk: DeskSite) -> None:
    ref = desk.approved("finance_reporting")
    desk.desk.order(ref)
    desk.state.faults.add("drop-after-accept")
    with pytest.raises(UnknownOutcome):
        close(desk, ref)
    desk.state.faults.clear()
    close(desk, ref)
    assert states(desk, ref) == (["3"], "3", "false")
    assert len(desk.journal(ref.item_id, "comments")) == 1


# ---- once, whatever is lost ----------------------------------------------------------------------


@pytest.fixture
def secretive(desk: DeskSite, monkeypatch: pytest.MonkeyPatch) -> DeskSite:
    """An instance that shows our account no entry of a journal, only the whole text."""
    may_read = desk.state.access.may_read
    monkeypatch.setattr(
        desk.state.access,
        "may_read",
        lambda who, table, row: table != "sys_journal_field" and may_read(who, table, row),
    )
    return desk


@pytest.mark.parametrize("fault", ["drop-after-accept", "session-overflow", "drop-before", "busy"])
def test_a_note_is_left_once_whatever_became_of_the_answer(secretive: DeskSite, fault: str) -> None:
    ref = secretive.order("finance_reporting")
    secretive.desk.note(ref, "warm-up", "Signs in.")
    secretive.state.faults.add(fault)
    with pytest.raises(ConnectorError):
        secretive.desk.note(ref, "abc-note", "Nothing was submitted.")
    secretive.state.faults.clear()
    for _ in range(2):
        secretive.desk.note(ref, "abc-note", "Nothing was submitted.")
    notes = secretive.journal(ref.item_id, "work_notes")
    assert sorted(notes) == ["Nothing was submitted. [abc-note]", "Signs in. [warm-up]"]


@pytest.mark.parametrize("fault", ["drop-after-accept", "session-overflow", "drop-before"])
def test_reference_and_closure_are_written_once_whatever_became_of_the_answer(
    secretive: DeskSite, fault: str
) -> None:
    ref = secretive.approved("finance_reporting")
    secretive.desk.order(ref)
    steps: list[Callable[[], None]] = [
        lambda: refer(secretive, ref, "7041"),
        lambda: close(secretive, ref),
    ]
    for step in steps:
        secretive.state.faults.add(fault)
        with pytest.raises(ConnectorError):
            step()
        secretive.state.faults.clear()
        for _ in range(2):
            step()
    assert states(secretive, ref) == (["3"], "3", "false")
    assert len(secretive.journal(ref.item_id, "work_notes")) == 1
    assert len(secretive.journal(ref.item_id, "comments")) == 1
    (task,) = secretive.state.records.where("sc_task", request_item=ref.item_id)
    assert len(secretive.journal(task["sys_id"], "work_notes")) == 1


def test_only_what_differs_is_sent(desk: DeskSite, monkeypatch: pytest.MonkeyPatch) -> None:
    ref = desk.approved("finance_reporting")
    ours = {"correlation_display": "oim"}
    desk.state.records.update("sc_req_item", ref.item_id, ours, "admin")
    sent: list[dict[str, str]] = []
    patch = Client.patch

    def watched(self: Client, table: str, key: str, fields: dict[str, str]) -> Row:
        sent.append(dict(fields))
        return patch(self, table, key, fields)

    monkeypatch.setattr(Client, "patch", watched)
    refer(desk, ref, "7041")
    (fields,) = sent
    assert set(fields) == {"correlation_id", "work_notes"}
    assert all(isinstance(value, str) for value in fields.values())


def test_a_rule_of_the_table_refuses_the_record_for_good_and_is_named(desk: DeskSite) -> None:
    ref = desk.approved("finance_reporting")
    (task,) = desk.state.records.where("sc_task", request_item=ref.item_id)

    def guard(change: object) -> None:
        if getattr(change, "table", "") == "sc_task":
            words = "aborted by Business Rule 'No closing today^abc'."
            raise WriteRefused("Operation Failed", f"Operation against file 'sc_task' was {words}")

    desk.state.records.guards.append(guard)
    with pytest.raises(Refused, match="No closing today"):
        close(desk, ref)
    desk.state.records.guards.remove(guard)
    close(desk, ref)
    assert desk.row("sc_task", task["sys_id"])["state"] == "3"
