"""An IGA may do at once what it is asked, without a request: what is held is the only proof."""

from datetime import timedelta
from typing import Any

import pytest

from broker.domain.access import Holding, ItemKind
from broker.domain.errors import Refused, UnknownOutcome
from broker.orders import cancellation, operate
from broker.ports.desk import DeskApproval
from broker.store import installation
from broker.store.audit import Actor
from broker.store.orders import BackReferenceRow
from tests.use_cases.conftest import ADA, EVE, House
from tests.use_cases.fakes import NOON

pytestmark = pytest.mark.both
OPERATOR = Actor("person", "cho")


@pytest.fixture
def at_once(house: House) -> House:
    """A house whose IGA makes no requests of what it is asked."""
    house.iga.direct = True
    return house


def role(**facts: Any) -> Holding:  # noqa: ANN401 - fields of many types
    return Holding(ItemKind.ROLE, "14", "Finance Reporting", **facts)


def lost(house: House, *, arrived: bool) -> dict[str, Any]:
    """An order whose answer was lost, on the way there or back."""
    call = "submit, after acceptance" if arrived else "submit"
    house.iga.breaks[call] = UnknownOutcome("oim", "the answer was lost")
    answer = house.post(house.item())
    house.work()
    assert house.state(answer) == "uncertain"
    return answer


def sentences(house: House, answer: dict[str, Any]) -> list[str]:
    return [step.sentence for step in house.order(answer).history]


def test_access_given_at_once_ends_the_order_when_it_is_held(at_once: House) -> None:
    answer = at_once.post(at_once.item())
    at_once.wait(rounds=2, seconds=5)
    assert (at_once.state(answer), len(at_once.iga.submissions)) == ("closed", 1)
    assert at_once.order(answer).lines[0].iga_request_id is None
    assert [who for who, _ in at_once.iga.held] == [ADA.key]
    ((what, _, text),) = at_once.desk.journal
    assert what == "close"
    assert "granted (oim did it directly, without a request) Access granted: Finance" in text
    assert "The IGA carries it out directly, without a request." in sentences(at_once, answer)
    with at_once.broker.sessions() as session:
        assert session.query(BackReferenceRow).all() == []


def said_to_be_done(house: House, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """An order that the IGA says it has carried out, and has not."""
    answer = house.post(house.item())
    monkeypatch.setattr(house.iga, "_grant", lambda *_: None)
    house.work()
    return answer


def test_what_is_said_to_be_done_is_not_believed_before_it_is_held(
    at_once: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = said_to_be_done(at_once, monkeypatch)
    at_once.wait(rounds=5, minutes=5)
    assert (at_once.state(answer), at_once.desk.journal) == ("submitted", [])
    at_once.iga.held = [(ADA.key, role())]
    at_once.wait(rounds=2, minutes=5)
    assert at_once.state(answer) == "closed"


def test_what_is_listed_and_not_usable_yet_is_not_granted(
    at_once: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = said_to_be_done(at_once, monkeypatch)
    at_once.iga.held = [(ADA.key, role(arriving=True))]
    at_once.wait(rounds=3, minutes=5)
    assert (at_once.state(answer), at_once.desk.journal) == ("submitted", [])
    at_once.iga.held = [(ADA.key, role())]
    at_once.wait(rounds=2, minutes=5)
    assert at_once.state(answer) == "closed"


def test_what_never_comes_is_for_an_operator_who_can_let_it_wait_on(
    at_once: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = said_to_be_done(at_once, monkeypatch)
    at_once.wait(rounds=26, hours=1)
    assert at_once.state(answer) == "needs_attention"
    assert "has not in 24 hours" in at_once.reason(answer)
    operate.retry(at_once.broker, str(answer["order_id"]), OPERATOR, "it is made by hand")
    at_once.wait(rounds=3, hours=1)
    assert at_once.state(answer) == "submitted"
    at_once.iga.held = [(ADA.key, role())]
    at_once.wait(rounds=2, minutes=6)
    assert (at_once.state(answer), len(at_once.iga.submissions)) == ("closed", 1)


def test_account_taken_at_once_ends_the_order_when_it_is_gone(at_once: House) -> None:
    account = Holding(ItemKind.ACCOUNT, "21", "Ledger")
    at_once.iga.held += [(ADA.key, account), (EVE.key, account)]
    answer = at_once.post(at_once.item("leave"), action="revoke")
    at_once.wait(rounds=2, seconds=5)
    assert (at_once.state(answer), len(at_once.iga.revocations)) == ("closed", 1)
    assert at_once.iga.held == [(EVE.key, account)]
    assert "removed (oim did it directly" in at_once.desk.journal[0][2]


# ---- lost answers and crashes --------------------------------------------------------------------


def test_a_lost_answer_of_what_was_done_is_seen_by_what_is_held(at_once: House) -> None:
    answer = lost(at_once, arrived=True)
    at_once.wait(rounds=3, seconds=5)
    assert (at_once.state(answer), len(at_once.iga.submissions)) == ("closed", 1)
    said = "The IGA has carried it out already, without a request; nothing was submitted."
    assert said in sentences(at_once, answer)


def test_a_call_that_never_arrived_is_made_again(at_once: House) -> None:
    answer = lost(at_once, arrived=False)
    at_once.wait(rounds=3, seconds=10)
    assert (at_once.state(answer), len(at_once.iga.submissions)) == ("closed", 1)


def test_a_worker_killed_at_the_call_leaves_one_grant(at_once: House) -> None:
    at_once.iga.breaks["submit, after acceptance"] = SystemExit("killed")  # type: ignore[assignment]  # as a kill would
    answer = at_once.post(at_once.item())
    with pytest.raises(SystemExit):
        at_once.work()
    at_once.wait(rounds=3, seconds=100)
    assert (at_once.state(answer), len(at_once.iga.submissions)) == ("closed", 1)


@pytest.mark.parametrize(
    "held",
    [role(since=NOON - timedelta(days=300)), role(since=NOON, request_id="4711"), role()],
    ids=["long before", "by a request", "nobody knows since when"],
)
def test_what_was_held_otherwise_does_not_pass_for_a_lost_answer(
    house: House, held: Holding
) -> None:
    """It was not us who gave it: the order may ask for another period, or a second account."""
    house.iga.held.append((ADA.key, held))
    answer = lost(house, arrived=False)
    house.wait(rounds=3, seconds=10)
    assert (house.state(answer), len(house.iga.submissions)) == ("submitted", 1)


def test_what_somebody_else_was_given_at_once_is_no_proof(house: House) -> None:
    house.iga.held.append((EVE.key, role(since=NOON)))
    answer = lost(house, arrived=False)
    house.wait(rounds=3, seconds=10)
    assert (house.state(answer), len(house.iga.submissions)) == ("submitted", 1)


def test_what_another_order_was_given_at_once_is_no_proof(at_once: House) -> None:
    """Two orders of an account each: the first is carried out, the second never arrives."""
    first = at_once.post(at_once.item("account"))
    at_once.wait(seconds=5)
    at_once.iga.breaks["submit"] = UnknownOutcome("oim", "the connection broke")
    second = at_once.post(at_once.item("account"))
    at_once.wait(rounds=4, seconds=10)
    assert (at_once.state(first), at_once.state(second)) == ("closed", "closed")
    assert len(at_once.iga.submissions) == 2


def test_what_another_order_is_being_given_is_no_proof(at_once: House) -> None:
    """The first never arrives; the second is carried out, and its answer is still on the way."""
    first = lost(at_once, arrived=False)
    at_once.iga.breaks["submit, after acceptance"] = SystemExit("killed")  # type: ignore[assignment]  # as a kill would
    second = at_once.post(at_once.item())
    with pytest.raises(SystemExit):
        at_once.work()
    at_once.wait(seconds=10)
    assert (at_once.state(first), at_once.state(second)) == ("uncertain", "submitting")
    at_once.wait(rounds=4, seconds=100)
    assert (at_once.state(first), at_once.state(second)) == ("closed", "closed")
    assert len(at_once.iga.submissions) == 2


def test_a_refusal_of_what_the_try_before_has_done_is_no_refusal(
    at_once: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = lost(at_once, arrived=True)
    held, at_once.iga.held = at_once.iga.held, []

    def refuse(_submission: object) -> None:
        at_once.iga.held = held
        raise Refused("oim", "gave it to this person already")

    monkeypatch.setattr(at_once.iga, "submit", refuse)
    at_once.wait(rounds=4, seconds=10)
    assert at_once.state(answer) == "closed"
    assert "Access granted: Finance" in at_once.desk.journal[-1][2]


def test_what_is_held_already_does_not_keep_an_order_from_being_sent(at_once: House) -> None:
    """Nothing was tried before: the IGA may know more, such as another end of the period."""
    at_once.iga.held.append((ADA.key, role(since=NOON)))
    at_once.post(at_once.item())
    at_once.work()
    assert len(at_once.iga.submissions) == 1


@pytest.mark.parametrize("ordered", ["before", "after"])
def test_an_order_posted_again_after_a_restore_is_not_done_twice(
    at_once: House, ordered: str
) -> None:
    """Ordered before the database was lost, it may have been sent then; no word of it is left."""
    ref, hour = at_once.item(), timedelta(hours=1)
    opened_at = NOON - hour if ordered == "before" else NOON + hour
    at_once.change(ref, opened_at=opened_at)
    with at_once.broker.sessions.begin() as session:
        installation.keep_restored_at(session, NOON)
    at_once.clock.forward(hours=2)
    at_once.iga.held.append((ADA.key, role(since=opened_at + timedelta(minutes=1))))
    answer = at_once.post(ref)
    at_once.wait(rounds=3, seconds=10)
    assert at_once.state(answer) == "closed"
    assert len(at_once.iga.submissions) == (0 if ordered == "before" else 1)


# ---- taken back ----------------------------------------------------------------------------------


def test_what_was_done_at_once_cannot_be_withdrawn_and_says_so(
    at_once: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = at_once.item()
    answer = at_once.post(ref)
    monkeypatch.setattr(at_once.iga, "_grant", lambda *_: None)
    at_once.work()
    at_once.desk.approve(ref.item_id, DeskApproval.CANCELLED)
    at_once.change(ref, active=False)
    cancellation.announced(at_once.broker, OPERATOR, ref.source, ref.item_number, ref.item_id)
    at_once.wait(rounds=3, seconds=5)
    assert (at_once.state(answer), at_once.iga.withdrawals) == ("needs_attention", [])
    assert any("without a request to withdraw" in each for each in sentences(at_once, answer))
    at_once.iga.held = [(ADA.key, role())]
    operate.retry(at_once.broker, at_once.order(answer).id, OPERATOR, "it is taken back by hand")
    at_once.wait(rounds=3, seconds=5)
    assert (
        "Access granted: Finance Reporting. It was too late to cancel that."
        in (at_once.desk.journal[-1][2])
    )
