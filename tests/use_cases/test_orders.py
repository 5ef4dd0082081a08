"""From a post to a closed item: what happens, and what must never happen."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from broker.domain.access_requests import RequestState
from broker.domain.errors import Misconfigured, Refused, Unavailable, UnknownOutcome
from broker.orders import operate
from broker.ports.desk import DeskApproval
from broker.store import audit
from broker.store.audit import Actor
from broker.store.receipts import DifferentBody
from broker.store.vitals import vitals
from tests.use_cases.conftest import ADA, EVE, House

pytestmark = pytest.mark.both
OPERATOR = Actor("person", "cho")


def test_an_approved_order_becomes_one_request_and_the_item_is_closed(house: House) -> None:
    answer = house.post(house.item())
    house.work()
    assert house.state(answer) == "submitted"
    house.iga.finish("9001")
    house.wait(seconds=5)
    assert house.state(answer) == "closed"
    assert len(house.iga.submissions) == 1
    assert [what for what, _, _ in house.desk.journal] == ["refer back", "close"]


def test_the_justification_begins_with_the_desks_numbers_and_carries_our_word(house: House) -> None:
    ref = house.item()
    answer = house.post(ref)
    house.work()
    words = house.iga.submissions[0].justification.split()
    assert words[:2] == [ref.item_number, ref.task_number]
    assert words[2] == house.order(answer).lines[0].reference
    assert words[3:] == ["month", "end"]


@pytest.mark.parametrize(("name", "told"), [("Ben Okafor", "Ben Okafor"), ("", "ben")])
def test_the_timeline_names_who_approved_as_people_know_them(
    house: House, name: str, told: str
) -> None:
    ref = house.item()
    (decision,) = house.desk.items[ref.item_id].decisions
    decisions = [replace(decision, name=name)]
    house.desk.items[ref.item_id] = replace(house.desk.items[ref.item_id], decisions=decisions)
    answer = house.post(ref)
    house.work()
    sentences = [step.sentence for step in house.order(answer).history]
    assert f"Confirmed by the desk, approved by {told}." in sentences
    with house.broker.sessions() as session:
        assert not any(told in str(event.details) for event in audit.search(session))


def test_a_line_for_each_item_the_catalogue_item_stands_for(house: House) -> None:
    answer = house.post(house.item("both"))
    house.work()
    asked = [item.name for submission in house.iga.submissions for item in submission.items]
    assert sorted(asked) == ["Budget Approver", "Finance Reporting"]
    house.iga.finish("9001")
    house.wait(seconds=5)
    assert house.state(answer) == "submitted", "one line is still under way"
    house.iga.finish("9002")
    house.wait(rounds=3, seconds=5)
    assert house.state(answer) == "closed"


def test_the_same_post_again_is_answered_with_the_first_order(house: House) -> None:
    ref = house.item()
    first = house.post(ref)
    again = house.post(ref)
    assert again == {"order_id": first["order_id"], "state": "received", "duplicate": True}


def test_a_post_that_names_what_was_confirmed_is_a_duplicate_too(house: House) -> None:
    ref = house.item()
    first = house.post(ref)
    house.work()
    again = house.post(ref, items=[{"type": "role", "name": "Finance Reporting"}])
    assert (again["order_id"], again["duplicate"]) == (first["order_id"], True)


def test_the_same_webhook_id_gets_the_same_answer(house: House) -> None:
    ref = house.item()
    first = house.post(ref, webhook_id="one")
    house.work()
    assert house.post(ref, webhook_id="one") == first


def test_the_same_webhook_id_with_another_body_is_refused(house: House) -> None:
    ref = house.item()
    house.post(ref, webhook_id="one")
    with pytest.raises(DifferentBody):
        house.post(ref, webhook_id="one", justification="changed")


def test_a_post_for_somebody_else_is_rejected_and_touches_nothing(house: House) -> None:
    answer = house.post(house.item(person=ADA), beneficiary={"user_name": "eve"})
    house.work()
    assert house.state(answer) == "rejected"
    assert house.reason(answer).startswith("The post asks for eve, but at the desk RITM")
    assert (house.iga.submissions, house.desk.journal) == ([], [])
    assert house.audit("order.reject")[0].details.count("differs_from_desk") == 1


def test_a_laptop_that_asks_for_a_role_is_rejected(house: House) -> None:
    answer = house.post(house.item("laptop"), items=[{"type": "role", "name": "Finance Reporting"}])
    house.work()
    assert house.state(answer) == "rejected"
    assert house.reason(answer).endswith("(“Standard laptop”) stands for no access at all.")
    assert (house.iga.submissions, house.desk.journal) == ([], [])


def test_an_honest_laptop_bothers_nobody(house: House) -> None:
    answer = house.post(house.item("laptop"))
    house.work()
    assert house.state(answer) == "cancelled"
    assert house.reason(answer).startswith("“Standard laptop” stands for no access: nothing to")
    assert (house.iga.submissions, house.desk.journal) == ([], [])
    assert house.audit("order.cancel")[0].details.count("stands_for_no_access") == 1


def test_a_forged_twin_does_not_stop_the_honest_order(house: House) -> None:
    ref = house.item()
    forged = house.post(ref, items=[{"type": "role", "name": "Budget Approver"}])
    honest = house.post(ref)
    house.work()
    assert (house.state(forged), house.state(honest)) == ("rejected", "submitted")
    assert [s.items[0].name for s in house.iga.submissions] == ["Finance Reporting"]


def test_of_two_true_posts_of_one_item_only_one_is_carried_out(house: House) -> None:
    ref = house.item()
    first = house.post(ref)
    second = house.post(ref, items=[{"type": "role", "name": "Finance Reporting"}])
    house.work()
    assert sorted([house.state(first), house.state(second)]) == ["rejected", "submitted"]
    assert len(house.iga.submissions) == 1


def test_an_order_waits_while_the_desk_has_not_approved(house: House) -> None:
    ref = house.item(approval=DeskApproval.PENDING)
    answer = house.post(ref)
    house.wait(rounds=3, minutes=15)
    assert house.state(answer) == "received"
    house.desk.approve(ref.item_id)
    house.wait(minutes=15)
    assert house.state(answer) == "submitted"


def test_patience_ends_and_an_operator_is_told(house: House) -> None:
    answer = house.post(house.item(approval=DeskApproval.PENDING))
    house.wait(hours=73)
    assert house.state(answer) == "needs_attention"
    assert house.reason(answer).endswith("was not approved at the desk within 72 hours.")


@pytest.mark.parametrize(
    ("approval", "state"),
    [(DeskApproval.REJECTED, "rejected"), (DeskApproval.CANCELLED, "cancelled")],
)
def test_a_no_of_the_desk_ends_the_order_with_one_note(
    house: House, approval: DeskApproval, state: str
) -> None:
    answer = house.post(house.item(approval=approval))
    house.wait(rounds=2, seconds=5)
    assert house.state(answer) == state
    assert house.reason(answer).endswith(f"was {state} at the desk.")
    assert [what for what, _, _ in house.desk.journal] == ["note"]


def test_an_unknown_word_for_approval_never_means_approved(house: House) -> None:
    answer = house.post(house.item(approval=DeskApproval.UNKNOWN))
    house.work()
    assert house.state(answer) == "received"


def test_an_unknown_beneficiary_needs_attention(house: House) -> None:
    house.iga.staff.remove(ADA)
    answer = house.post(house.item())
    house.work()
    assert house.state(answer) == "needs_attention"
    assert "nobody in the IGA has the employee number or login or e-mail of ada" in house.reason(
        answer
    )


def test_an_unmapped_catalogue_item_needs_attention(house: House) -> None:
    answer = house.post(house.item("badge"))
    house.work()
    assert house.state(answer) == "needs_attention"
    assert "has no entry in the catalogue mapping: add one, then retry." in house.reason(answer)


def test_an_item_that_the_iga_does_not_offer_needs_attention(house: House) -> None:
    answer = house.post(house.item(role="Time Travel"))
    house.work()
    assert house.reason(answer) == "The IGA's catalogue has no requestable role Time Travel."


def test_an_item_the_desk_does_not_know_needs_attention(house: House) -> None:
    ref = house.item()
    del house.desk.items[ref.item_id]
    answer = house.post(ref)
    house.work()
    assert (house.state(answer), house.iga.submissions) == ("needs_attention", [])


def test_an_answer_lost_after_acceptance_does_not_submit_twice(house: House) -> None:
    house.iga.breaks["submit, after acceptance"] = UnknownOutcome("oim", "the answer was lost")
    answer = house.post(house.item())
    house.work()
    assert house.state(answer) == "uncertain"
    house.wait(rounds=3, seconds=3)
    assert house.state(answer) == "submitted"
    assert len(house.iga.submissions) == 1


def test_a_crash_after_acceptance_does_not_submit_twice(house: House) -> None:
    house.iga.breaks["submit, after acceptance"] = SystemExit("killed")  # type: ignore[assignment]  # as a kill would
    answer = house.post(house.item())
    with pytest.raises(SystemExit):
        house.work()
    assert house.state(answer) == "submitting"
    house.wait(rounds=2, seconds=100)
    assert house.state(answer) == "submitted"
    assert len(house.iga.submissions) == 1


def test_an_unknown_outcome_of_a_request_never_made_is_tried_again(house: House) -> None:
    house.iga.breaks["submit"] = UnknownOutcome("oim", "the connection broke")
    answer = house.post(house.item())
    house.wait(rounds=3, seconds=5)
    assert house.state(answer) == "submitted"
    assert len(house.iga.submissions) == 1


def test_searching_waits_until_it_can_be_trusted(house: House) -> None:
    house.iga.breaks["submit, after acceptance"] = UnknownOutcome("oim", "the answer was lost")
    answer = house.post(house.item())
    house.work()
    house.iga.hidden = {"9001"}
    house.wait(seconds=2)
    assert house.state(answer) == "uncertain", "a stale search must not be believed"
    house.iga.hidden = set()
    house.wait(rounds=2, seconds=5)
    assert (house.state(answer), len(house.iga.submissions)) == ("submitted", 1)


def test_a_refusal_of_the_iga_closes_the_item_as_incomplete(house: House) -> None:
    house.iga.breaks["submit"] = Refused("oim", "the role is retired")
    answer = house.post(house.item())
    house.work()
    assert house.state(answer) == "closed"
    assert "Access not granted: Finance Reporting." in house.desk.journal[-1][2]
    assert "the role is retired" in house.desk.journal[-1][2]


@pytest.mark.parametrize(
    "end", [RequestState.FAILED, RequestState.REJECTED, RequestState.WITHDRAWN]
)
def test_an_unhappy_end_in_the_iga_closes_the_item_as_incomplete(
    house: House, end: RequestState
) -> None:
    answer = house.post(house.item())
    house.work()
    house.iga.finish("9001", end)
    house.wait(seconds=5)
    assert house.state(answer) == "closed"
    assert house.desk.journal[-1][2].split()[1] == "False"


@pytest.mark.parametrize(
    "trouble", [Unavailable("oim", "is down", retry_after=7), Misconfigured("oim", "says 401")]
)
def test_an_order_outlives_an_iga_that_is_down(house: House, trouble: Exception) -> None:
    house.iga.breaks["submit"] = trouble
    answer = house.post(house.item())
    house.work()
    assert house.state(answer) == "submitting"
    house.wait(rounds=4, seconds=30)
    assert (house.state(answer), len(house.iga.submissions)) == ("submitted", 1)


def test_a_desk_that_is_down_delays_the_order_only(house: House) -> None:
    house.desk.breaks["order"] = Unavailable("servicenow", "is down")
    answer = house.post(house.item())
    house.work()
    assert house.state(answer) == "received"
    house.wait(seconds=30)
    assert house.state(answer) == "submitted"


def test_a_lost_back_reference_is_written_later_and_once(house: House) -> None:
    house.desk.breaks["refer_back"] = UnknownOutcome("servicenow", "the answer was lost")
    house.post(house.item())
    house.wait(rounds=3, seconds=10)
    assert [what for what, _, _ in house.desk.journal] == ["refer back"]


def test_trouble_for_a_day_asks_an_operator(house: House) -> None:
    answer = house.post(house.item())
    for _ in range(60):
        house.desk.breaks["order"] = Unavailable("servicenow", "is down")
        house.wait(minutes=31)
    assert house.state(answer) == "needs_attention"


def test_a_retry_goes_on_where_the_order_stopped(house: House) -> None:
    house.iga.staff.remove(ADA)
    answer = house.post(house.item())
    house.work()
    house.iga.staff.append(ADA)
    operate.retry(house.broker, str(answer["order_id"]), OPERATOR, "ada was hired")
    house.work()
    assert house.state(answer) == "submitted"


def test_a_retry_after_a_cut_submission_looks_first(house: House) -> None:
    house.iga.breaks["submit, after acceptance"] = UnknownOutcome("oim", "lost")
    answer = house.post(house.item())
    house.work()
    house.iga.breaks["find_submitted"] = Refused("oim", "two requests carry this reference")
    house.wait(rounds=2, seconds=6)
    assert house.state(answer) == "needs_attention"
    operate.retry(house.broker, str(answer["order_id"]), OPERATOR, "looked myself")
    house.wait(seconds=10)
    assert (house.state(answer), len(house.iga.submissions)) == ("submitted", 1)


def test_two_requests_with_our_word_are_for_an_operator(house: House) -> None:
    house.iga.breaks["submit, after acceptance"] = UnknownOutcome("oim", "lost")
    answer = house.post(house.item())
    house.work()
    house.iga.breaks["find_submitted"] = UnknownOutcome("oim", "found 9001 and 9002")
    house.wait(rounds=2, seconds=6)
    assert (house.state(answer), house.reason(answer)) == ("needs_attention", "found 9001 and 9002")


def test_an_operator_adopts_a_request_of_the_same_person_only(house: House) -> None:
    house.iga.breaks["submit, after acceptance"] = UnknownOutcome("oim", "lost")
    answer = house.post(house.item())
    house.work()
    house.iga.breaks["find_submitted"] = Refused("oim", "two requests carry this reference")
    house.wait(rounds=2, seconds=6)
    order_id = str(answer["order_id"])
    house.iga.requests["8000"] = house.iga.requests["9001"]
    house.iga.staff.append(EVE)
    with pytest.raises(operate.NotPossible, match="cannot be read"):
        operate.adopt(house.broker, order_id, "1", OPERATOR, "guess")
    operate.adopt(house.broker, order_id, "9001", OPERATOR, "it is this one")
    house.iga.finish("9001")
    house.wait(seconds=5)
    assert house.state(answer) == "closed"


def test_a_cancelled_order_that_the_desk_confirmed_is_closed_there(house: House) -> None:
    house.iga.breaks["submit, after acceptance"] = UnknownOutcome("oim", "lost")
    answer = house.post(house.item())
    house.work()
    house.iga.breaks["find_submitted"] = Refused("oim", "two requests carry this reference")
    house.wait(rounds=2, seconds=6)
    operate.cancel(house.broker, str(answer["order_id"]), OPERATOR, "not needed")
    house.work()
    assert house.state(answer) == "closed"
    assert house.desk.journal[-1][0] == "close"


def test_a_cancelled_order_that_was_never_confirmed_touches_nothing(house: House) -> None:
    answer = house.post(house.item("badge"))
    house.work()
    operate.cancel(house.broker, str(answer["order_id"]), OPERATOR, "not ours")
    house.work()
    assert (house.state(answer), house.desk.journal) == ("cancelled", [])


def test_an_act_without_a_reason_is_refused(house: House) -> None:
    answer = house.post(house.item("badge"))
    house.work()
    with pytest.raises(operate.NotPossible, match="Say why"):
        operate.retry(house.broker, str(answer["order_id"]), OPERATOR, " ")


def test_an_order_that_is_under_way_cannot_be_operated(house: House) -> None:
    answer = house.post(house.item())
    with pytest.raises(operate.NotPossible, match="only one in need of attention"):
        operate.cancel(house.broker, str(answer["order_id"]), OPERATOR, "changed my mind")


def test_what_the_systems_said_is_kept_and_its_hash_is_in_the_audit_trail(house: House) -> None:
    answer = house.post(house.item())
    house.work()
    from sqlalchemy import select

    from broker.store.orders import EvidenceRow

    with house.broker.sessions() as session:
        kept = session.scalars(select(EvidenceRow).order_by(EvidenceRow.at)).all()
    assert {row.kind for row in kept} == {"verification", "held before", "submission"}
    events = ("order.verify", "order.start", "order.submit")
    said = "".join(house.audit(event)[0].details for event in events)
    assert all(row.sha256 in said for row in kept)
    assert house.order(answer).history[0].sentence.startswith("servicenow announced RITM")


def test_a_post_that_names_another_items_task_is_rejected(house: House) -> None:
    stranger = {"number": "SCTASK9999999", "sys_id": "f" * 32}
    ref = house.item()
    answer = house.post(ref, task=stranger)
    house.work()
    assert house.state(answer) == "rejected"
    assert house.reason(answer).startswith("The post names task SCTASK9999999, but at the desk")
    honest = house.post(ref)
    house.work()
    assert (honest["duplicate"], house.state(honest)) == (False, "submitted")
    assert house.order(honest).task_number == ref.task_number


def test_the_task_that_the_desk_names_counts_not_the_posted_one(house: House) -> None:
    ref = house.item()
    done = {"number": "SCTASK8888888", "sys_id": "e" * 32}
    house.change(ref, task_ids=[ref.task_id, done["sys_id"]])
    answer = house.post(ref, task=done)
    house.work()
    assert house.order(answer).task_number == ref.task_number


MARCH = datetime(2026, 3, 31, tzinfo=UTC)


@pytest.mark.parametrize("lie", [None, "2027-03-31T00:00:00Z"])
def test_a_post_that_asks_for_longer_is_rejected_and_the_honest_one_is_not(
    house: House, lie: str | None
) -> None:
    ref = house.item()
    house.change(ref, end_at=MARCH)
    longer = house.post(ref, end_date=lie)
    house.work()
    assert (house.state(longer), house.iga.submissions) == ("rejected", [])
    said = "2027-03-31 00:00:00 UTC" if lie else "no date"
    assert f"until {said}, but at the desk" in house.reason(longer)
    assert house.reason(longer).endswith("says until 2026-03-31 00:00:00 UTC.")
    honest = house.post(ref, end_date="2026-03-31T00:00:00Z")
    house.work()
    assert (honest["duplicate"], house.state(honest)) == (False, "submitted")
    assert house.iga.submissions[0].end_at == MARCH


def test_a_post_that_begins_earlier_is_rejected(house: House) -> None:
    ref = house.item()
    house.change(ref, start_at=MARCH)
    answer = house.post(ref)
    house.work()
    assert "from no date, but at the desk" in house.reason(answer)


def test_a_post_with_other_dates_is_no_duplicate_of_what_is_carried_out(house: House) -> None:
    ref = house.item()
    first = house.post(ref)
    house.work()
    later = house.post(ref, end_date="2026-03-31T00:00:00Z")
    house.work()
    assert (later["duplicate"], house.state(later)) == (False, "rejected")
    assert house.state(first) == "submitted"


def test_the_justification_is_the_desks_and_not_the_posts(house: House) -> None:
    house.post(house.item(), justification="approved by the board")
    house.work()
    assert house.iga.submissions[0].justification.endswith(" month end")


def test_a_date_that_cannot_be_read_needs_attention(house: House) -> None:
    ref = house.item()
    house.change(ref, unclear="RITM1 gives “soon” as a date.")
    answer = house.post(ref)
    house.work()
    assert (house.state(answer), house.iga.submissions) == ("needs_attention", [])
    assert house.reason(answer) == "RITM1 gives “soon” as a date."


@pytest.mark.parametrize("no", [DeskApproval.REJECTED, DeskApproval.CANCELLED])
def test_an_item_approved_after_all_is_a_new_order(house: House, no: DeskApproval) -> None:
    ref = house.item(approval=no)
    first = house.post(ref, webhook_id="one")
    house.work()
    house.desk.approve(ref.item_id)
    again = house.post(ref)
    house.work()
    assert (again["duplicate"], house.state(again)) == (False, "submitted")
    assert house.state(first) == no.value
    assert house.post(ref, webhook_id="one") == first
    third = house.post(ref)
    assert (third["order_id"], third["duplicate"]) == (again["order_id"], True)


def test_an_order_that_an_operator_gave_up_can_be_posted_again(house: House) -> None:
    ref = house.item("badge")
    answer = house.post(ref)
    house.work()
    operate.cancel(house.broker, str(answer["order_id"]), OPERATOR, "not ours")
    again = house.post(ref)
    assert (again["duplicate"], again["state"]) == (False, "received")


def test_an_honest_post_is_no_duplicate_of_one_that_lies_about_the_task(house: House) -> None:
    ref = house.item()
    lying = house.post(ref, task={"number": "SCTASK9999999", "sys_id": "f" * 32})
    honest = house.post(ref)
    assert honest["duplicate"] is False
    house.work()
    assert (house.state(lying), house.state(honest)) == ("rejected", "submitted")
    assert len(house.iga.submissions) == 1


def test_what_an_operator_has_decided_is_no_longer_given_up(house: House) -> None:
    house.desk.breaks["close"] = Refused("servicenow", "has several tasks")
    answer = house.post(house.item())
    house.work()
    house.iga.finish("9001")
    house.wait(seconds=5)
    with house.broker.sessions() as session:
        assert vitals(session, house.clock.now()).given_up == 1
    operate.cancel(house.broker, str(answer["order_id"]), OPERATOR, "closed by hand")
    with house.broker.sessions() as session:
        assert vitals(session, house.clock.now()).given_up == 0
