"""Writing mirrored rows, against the sandbox's ServiceNow."""

import uuid

import pytest

from broker.domain.errors import Unavailable
from broker.ports.desk import MirrorRow
from sandbox.fault_plan import FaultPlan
from tests.connectors.conftest import DeskSite

TABLE = "x_rqbrk_access_request"


def row(number: int = 1, **fields: str) -> MirrorRow:
    key = uuid.uuid5(uuid.NAMESPACE_URL, str(number)).hex
    return MirrorRow("request", key, {"iga": "oim", "request_id": str(number), **fields})


def calls(desk: DeskSite) -> int:
    return len([entry for entry in desk.state.ledger if entry.table == TABLE])


def test_a_row_is_created_under_our_id(desk: DeskSite) -> None:
    wanted = row(state="awaiting approval", active="true", opened_at="2026-01-31 08:15:30")
    assert desk.desk.mirror([wanted]) == []
    held = desk.desk.find_mirrored("request", wanted.id, list(wanted.fields))
    assert held is not None
    assert held == {"sys_id": wanted.id, **wanted.fields}


def test_a_row_is_changed_where_it_is(desk: DeskSite) -> None:
    desk.desk.mirror([row(state="awaiting approval")])
    assert desk.desk.mirror([row(state="completed", active="false")]) == []
    (held,) = desk.state.records.all(TABLE)
    assert (held["state"], held["active"]) == ("completed", "false")


def test_a_connector_that_forgot_finds_the_row_again(desk: DeskSite) -> None:
    desk.desk.mirror([row(state="awaiting approval")])
    assert desk.connect().mirror([row(state="completed")]) == []
    (held,) = desk.state.records.all(TABLE)
    assert held["state"] == "completed"


def test_a_row_that_was_deleted_comes_back(desk: DeskSite) -> None:
    desk.desk.mirror([row()])
    desk.state.records.delete(TABLE, row().id, "admin")
    assert desk.desk.mirror([row()]) == []
    assert len(desk.state.records.all(TABLE)) == 1


def test_many_rows_go_in_few_calls(desk: DeskSite) -> None:
    rows = [row(number) for number in range(250)]
    assert desk.desk.mirror(rows) == []
    assert {held["sys_id"] for held in desk.state.records.all(TABLE)} == {r.id for r in rows}


def test_what_a_batch_left_out_is_sent_again(desk: DeskSite) -> None:
    desk.state.batch_limit = 4
    assert desk.desk.mirror([row(number) for number in range(20)]) == []
    assert len(desk.state.records.all(TABLE)) == 20


def test_a_batch_that_never_gets_anywhere_is_for_later(desk: DeskSite) -> None:
    desk.state.batch_limit = 0
    with pytest.raises(Unavailable, match="left unserviced"):
        desk.desk.mirror([row()])


def test_a_batch_whose_answer_was_lost_is_sent_again(desk: DeskSite) -> None:
    assert desk.desk.account_named("ada")
    desk.state.faults.add("drop-after-accept")
    with pytest.raises(Unavailable):
        desk.desk.mirror([row()])
    desk.state.faults.clear()
    assert desk.desk.mirror([row(state="completed")]) == []
    assert len(desk.state.records.all(TABLE)) == 1


@pytest.mark.parametrize("fault", ["part-busy", "part-failed", "part-cancelled", "part-cut"])
@pytest.mark.parametrize("known", [True, False])
def test_a_part_that_failed_for_a_moment_is_sent_again(
    desk: DeskSite, fault: str, known: bool
) -> None:
    """Whether the row was written or not, and by POST or PATCH."""
    rows = [row(number, state="completed") for number in range(4)]
    if known:
        desk.desk.mirror([row(number, state="awaiting approval") for number in range(4)])
    desk.state.plan = plan = FaultPlan(1, [fault], 0)
    assert desk.desk.mirror(rows) == []
    assert plan.fired[fault] == 1
    assert [held["state"] for held in desk.state.records.all(TABLE)] == ["completed"] * 4


def test_a_part_that_always_fails_is_a_fault_of_its_row(desk: DeskSite) -> None:
    """It must not hold up the others for ever, as a broken script in the instance would."""
    desk.state.faults.add("part-failed")
    (fault,) = desk.desk.mirror([row()])
    assert fault.reason.startswith("answered 500 (Transaction cancelled")


def test_a_refused_row_is_returned_with_the_reason_and_holds_up_no_other(desk: DeskSite) -> None:
    bad = MirrorRow("no_such_table", row(1).id, {"state": "x"})
    (fault,) = desk.desk.mirror([bad, row(2)])
    assert fault.row == bad
    assert fault.reason == "answered 400 (Invalid table x_rqbrk_access_no_such_table)"
    assert len(desk.state.records.all(TABLE)) == 1


def test_a_column_that_is_not_there_is_a_fault(desk: DeskSite) -> None:
    (fault,) = desk.desk.mirror([row(no_such_column="x")])
    assert fault.reason == "did not keep no_such_column"


def test_a_text_that_was_cut_is_none(desk: DeskSite) -> None:
    assert desk.desk.mirror([row(waiting_for="B" * 400)]) == []


def test_an_empty_field_is_cleared(desk: DeskSite) -> None:
    desk.desk.mirror([row(waiting_for="BEN")])
    assert desk.desk.mirror([row(waiting_for="")]) == []
    held = desk.desk.find_mirrored("request", row().id, ["waiting_for"])
    assert held is not None
    assert held["waiting_for"] == ""


@pytest.mark.parametrize("row_id", [row(999).id, "no id"])
def test_a_row_that_is_not_there_is_none(desk: DeskSite, row_id: str) -> None:
    assert desk.desk.find_mirrored("request", row_id, ["state"]) is None


def test_nothing_to_mirror_is_no_call(desk: DeskSite) -> None:
    before = calls(desk)
    assert desk.desk.mirror([]) == []
    assert calls(desk) == before
