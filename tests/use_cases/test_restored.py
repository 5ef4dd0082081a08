"""A restored database is behind the world: whatever moment it was saved at, nothing happens twice.

The lives below are saved after every single step, and each copy is started again when all is
over, against the same IGA and the same desk. SQLite only, for its copies are cheap; the journey
in tests/journeys/test_restore.py does the same on PostgreSQL, with its own tools.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from broker import relay, restored
from broker.domain.access import Holding, ItemKind
from broker.domain.access_requests import RequestState
from broker.domain.errors import Refused, Unavailable, UnknownOutcome
from broker.orders import cancellation, operate
from broker.ports.desk import DeskApproval, OrderRef
from broker.ports.iga import Receipt, Submission
from broker.ports.queue import QueueName
from broker.store import audit, outbox, sign_in
from broker.store.audit import Actor
from broker.store.installation import InstallationRow
from broker.store.sign_in import LoginRow, SessionRow
from broker.sync import engine
from tests.conftest import sqlite
from tests.use_cases.conftest import (
    ADA,
    BEN,
    BUDGET,
    EVE,
    FINANCE,
    LEDGER,
    House,
    account,
    house_on,
)
from tests.use_cases.fakes import FakeClock, FakeDesk, FakeIga, awaiting

OPERATOR = Actor("person", "cho")
Answer = dict[str, Any]


@pytest.fixture
def lived(sqlite_template: Path, tmp_path: Path) -> Iterator[House]:
    """A house whose database is a file that can be copied."""
    path = tmp_path / "lived.sqlite"
    path.write_bytes(sqlite_template.read_bytes())
    iga = FakeIga(staff=[ADA, BEN, EVE], catalogue=[FINANCE, BUDGET, LEDGER])
    desk = FakeDesk(users=[account(ADA), account(BEN), account(EVE)])
    with house_on(sqlite(path).url, iga, desk, FakeClock()) as house:
        yield house


def save(house: House, copy: Path) -> Path:
    """A back-up, taken while the database is in use."""
    database = house.broker.sessions.kw["bind"].url.database
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy


def restore(house: House, copy: Path) -> AbstractContextManager[House]:
    """The broker on a back-up, in the world as it is now."""
    house.clock.forward(minutes=10)
    return house_on(sqlite(copy).url, house.iga, house.desk, house.clock)


def pay_one(house: House) -> bool:
    """One step of anything that is due."""
    for queue in QueueName:
        with house.broker.sessions.begin() as session:
            message = outbox.claim(session, queue, house.clock.now(), house.broker.lease)
        if message is not None:
            relay.pay(house.broker, message)
            return True
    return False


def live(house: House, moment: Callable[[], None], end: RequestState) -> None:
    """Pay step by step until the IGA has ended every request and the desk knows."""
    for _ in range(4):
        while pay_one(house):
            moment()
        for request_id in house.iga.requests:
            house.iga.finish(request_id, end)
        house.clock.forward(seconds=10)


def settle(house: House) -> None:
    """What is left to do gets its time."""
    house.work()
    house.wait(rounds=4, seconds=20)


def chain_holds(house: House) -> bool:
    with house.broker.sessions.begin() as session:
        audit.seal(session, house.broker.audit_key, house.clock.now())
    with house.broker.sessions() as session:
        return audit.verify(session, house.broker.audit_key).intact


@pytest.mark.parametrize("end", [RequestState.COMPLETED, RequestState.FAILED])
@pytest.mark.parametrize("item", ["role", "both"])
def test_a_back_up_of_any_moment_ends_right_and_submits_nothing_again(
    lived: House, item: str, end: RequestState, tmp_path: Path
) -> None:
    copies, numbers = [], count()

    def moment() -> None:
        copies.append(save(lived, tmp_path / f"copy-{next(numbers)}.sqlite"))

    answer = lived.post(lived.item(item))
    moment()
    live(lived, moment, end)
    assert lived.state(answer) == "closed"
    submitted, told = len(lived.iga.submissions), list(lived.desk.journal)
    assert len(copies) > 5
    for copy in copies:
        with restore(lived, copy) as house:
            settle(house)
            assert house.state(answer) == "closed", copy
            assert chain_holds(house)
    assert len(lived.iga.submissions) == submitted
    assert lived.desk.journal == told


@pytest.mark.parametrize(("item", "action"), [("role", "grant"), ("leave", "revoke")])
def test_a_back_up_of_any_moment_does_nothing_twice_that_is_done_directly(
    lived: House, item: str, action: str, tmp_path: Path
) -> None:
    """No request and no word of ours is left in the IGA: only what is held."""
    copies, numbers = [], count()

    def moment() -> None:
        copies.append(save(lived, tmp_path / f"copy-{next(numbers)}.sqlite"))

    lived.iga.direct = True
    lived.iga.held.append((ADA.key, Holding(ItemKind.ACCOUNT, "21", "Ledger")))
    answer = lived.post(lived.item(item), action=action)
    moment()
    live(lived, moment, RequestState.COMPLETED)
    assert lived.state(answer) == "closed"
    assert len(copies) > 4
    for copy in copies:
        with restore(lived, copy) as house:
            restored.after_restore(house.broker, OPERATOR)
            settle(house)
            assert house.state(answer) == "closed", copy
    assert len(lived.iga.submissions) + len(lived.iga.revocations) == 1
    assert [what for what, _, _ in lived.desk.journal] == ["close"]


@pytest.mark.parametrize("end", [RequestState.COMPLETED, RequestState.REJECTED])
def test_an_order_lost_and_posted_again_finds_its_request(
    lived: House, end: RequestState, tmp_path: Path
) -> None:
    before = save(lived, tmp_path / "before.sqlite")
    ref = lived.item("both")
    lived.post(ref)
    live(lived, lambda: None, end)
    told = list(lived.desk.journal)
    with restore(lived, before) as house:
        again = house.post(ref)
        settle(house)
        assert (again["duplicate"], house.state(again)) == (False, "closed")
        assert len(house.iga.submissions) == 2
        assert house.desk.journal == told
        words = [step.sentence for step in house.order(again).history]
        assert "Found in the IGA as request 9001; not submitted again." in words


def test_an_order_lost_while_its_request_was_under_way_is_followed_to_its_end(
    lived: House, tmp_path: Path
) -> None:
    before = save(lived, tmp_path / "before.sqlite")
    ref = lived.item()
    lived.post(ref)
    lived.work()
    with restore(lived, before) as house:
        again = house.post(ref)
        settle(house)
        assert house.state(again) == "submitted"
        house.iga.finish("9001", RequestState.REJECTED)
        house.wait(minutes=5)
        assert (house.state(again), len(house.iga.submissions)) == ("closed", 1)
        assert house.desk.journal[-1][2].split()[1] == "False"
        sentences = [step.sentence for step in house.order(again).history]
        assert "The request was rejected in the IGA." in sentences


def test_a_back_up_taken_during_the_call_looks_before_it_calls_again(
    lived: House, tmp_path: Path
) -> None:
    real, copies = lived.iga.submit, []

    def submit(submission: Submission) -> Receipt:
        copies.append(save(lived, tmp_path / "before.sqlite"))
        receipt = real(submission)
        copies.append(save(lived, tmp_path / "after.sqlite"))
        return receipt

    lived.iga.submit = submit  # type: ignore[method-assign]  # saved in the middle
    answer = lived.post(lived.item())
    live(lived, lambda: None, RequestState.COMPLETED)
    for copy in copies:
        with restore(lived, copy) as house:
            assert house.state(answer) == "submitting"
            settle(house)
            assert (house.state(answer), len(house.iga.submissions)) == ("closed", 1)


def verified(house: House, tmp_path: Path) -> tuple[Answer, OrderRef, Path]:
    """An order that is confirmed and not submitted yet, and a back-up of that moment."""
    ref = house.item()
    answer = house.post(ref)
    assert pay_one(house)
    assert house.state(answer) == "verified"
    return answer, ref, save(house, tmp_path / "verified.sqlite")


def test_what_the_desk_cancelled_after_the_back_up_is_not_submitted(
    lived: House, tmp_path: Path
) -> None:
    answer, ref, copy = verified(lived, tmp_path)
    lived.desk.approve(ref.item_id, DeskApproval.CANCELLED)
    with restore(lived, copy) as house:
        settle(house)
        assert house.state(answer) == "cancelled"
        assert house.reason(answer) == "RITM0000001 was cancelled at the desk."
        assert house.iga.submissions == []
        assert [what for what, _, _ in house.desk.journal] == ["note"]


def test_what_was_closed_by_hand_after_the_back_up_is_for_an_operator(
    lived: House, tmp_path: Path
) -> None:
    answer, ref, copy = verified(lived, tmp_path)
    lived.change(ref, active=False)
    with restore(lived, copy) as house:
        settle(house)
        assert house.state(answer) == "needs_attention"
        assert house.reason(answer) == "RITM0000001 is approved but already closed at the desk."
        house.change(ref, active=True)
        operate.retry(house.broker, str(answer["order_id"]), OPERATOR, "opened again")
        settle(house)
        assert (house.state(answer), len(house.iga.submissions)) == ("submitted", 1)


def test_what_means_something_else_by_now_is_for_an_operator(lived: House, tmp_path: Path) -> None:
    answer, ref, copy = verified(lived, tmp_path)
    lived.change(ref, variables={"role": "Budget Approver"})
    with restore(lived, copy) as house:
        settle(house)
        assert (house.state(answer), house.iga.submissions) == ("needs_attention", [])
        assert "means something else than when it was confirmed" in house.reason(answer)


def test_what_is_for_somebody_else_by_now_is_for_an_operator(lived: House, tmp_path: Path) -> None:
    answer, ref, copy = verified(lived, tmp_path)
    lived.change(ref, requested_for=account(EVE))
    with restore(lived, copy) as house:
        settle(house)
        assert house.state(answer) == "needs_attention"
        assert house.reason(answer).startswith(
            "The desk's record was changed after it was confirmed."
        )


def test_an_order_that_waited_long_for_the_iga_asks_the_desk_again(
    lived: House, tmp_path: Path
) -> None:
    answer, ref, _ = verified(lived, tmp_path)
    lived.clock.forward(minutes=6)
    settle(lived)
    assert lived.desk.asked.count(ref.item_number) == 2
    assert "The desk still wants it." in [step.sentence for step in lived.order(answer).history]


def test_an_order_in_a_hurry_costs_one_look_and_one_question(lived: House) -> None:
    ref = lived.item("both")
    lived.post(ref)
    lived.work()
    assert lived.desk.asked == [ref.item_number]
    assert (len(lived.iga.looks), len(set(lived.iga.looks))) == (2, 2)


def test_the_word_in_the_iga_is_the_same_for_the_same_wish_only(lived: House) -> None:
    first, second = lived.item(), lived.item()
    lived.post(first)
    lived.post(second)
    lived.work()
    words = {submission.reference for submission in lived.iga.submissions}
    assert len(words) == 2
    assert all(word.startswith("RB-") and len(word) == 19 for word in words)


def test_two_requests_that_carry_our_word_are_for_an_operator_before_the_first_call_too(
    lived: House,
) -> None:
    lived.iga.breaks["find_submitted"] = UnknownOutcome("oim", "found 9001 and 9002")
    answer = lived.post(lived.item())
    lived.work()
    assert (lived.state(answer), lived.iga.submissions) == ("needs_attention", [])


def test_an_item_taken_back_before_its_submission_can_be_carried_out_later(
    lived: House, tmp_path: Path
) -> None:
    """The word of the first order goes over to the second."""
    first, ref, _ = verified(lived, tmp_path)
    word = lived.order(first).lines[0].reference
    lived.desk.approve(ref.item_id, DeskApproval.CANCELLED)
    cancellation.announced(lived.broker, OPERATOR, ref.source, ref.item_number, ref.item_id)
    lived.iga.breaks["find_submitted"] = Unavailable("oim", "is down")
    lived.work()
    assert lived.state(first) == "cancelled"
    lived.desk.approve(ref.item_id)
    second = lived.post(ref)
    settle(lived)
    assert (second["duplicate"], lived.state(second)) == (False, "submitted")
    assert lived.order(first).lines[0].reference is None
    assert lived.order(second).lines[0].reference == word


def test_what_was_submitted_after_the_back_up_cannot_be_cancelled_by_a_recall(
    lived: House, tmp_path: Path
) -> None:
    """The desk's cancellation comes first after the restart, before the search in the IGA."""
    answer, ref, copy = verified(lived, tmp_path)
    lived.work()
    lived.desk.approve(ref.item_id, DeskApproval.CANCELLED)
    with restore(lived, copy) as house:
        restored.after_restore(house.broker, OPERATOR)
        cancellation.announced(house.broker, OPERATOR, ref.source, ref.item_number, ref.item_id)
        house.iga.breaks["find_submitted"] = Unavailable("oim", "is down")
        house.work()
        assert house.state(answer) == "verified"
        settle(house)
        assert house.state(answer) == "needs_attention"
        sentences = [step.sentence for step in house.order(answer).history]
        assert any("Request 9001 is to be withdrawn in the IGA" in each for each in sentences)


def test_what_an_operator_let_go_on_after_the_back_up_cannot_be_cancelled_by_a_recall(
    lived: House, tmp_path: Path
) -> None:
    """In the back-up the order waits for an operator, before anything was submitted."""
    answer, ref, _ = verified(lived, tmp_path)
    lived.iga.breaks["find_submitted"] = Refused("oim", "two requests carry this reference")
    lived.work()
    assert lived.state(answer) == "needs_attention"
    copy = save(lived, tmp_path / "parked.sqlite")
    operate.retry(lived.broker, str(answer["order_id"]), OPERATOR, "looked")
    lived.work()
    assert len(lived.iga.submissions) == 1
    lived.desk.approve(ref.item_id, DeskApproval.CANCELLED)
    with restore(lived, copy) as house:
        restored.after_restore(house.broker, OPERATOR)
        cancellation.announced(house.broker, OPERATOR, ref.source, ref.item_number, ref.item_id)
        settle(house)
        assert house.state(answer) == "needs_attention"
        assert house.reason(answer).endswith("was cancelled at the desk.")
        operate.retry(house.broker, str(answer["order_id"]), OPERATOR, "looked")
        settle(house)
        assert house.order(answer).lines[0].iga_request_id == "9001"


# ---- the step after a restore --------------------------------------------------------------------


def sessions_alive(house: House) -> int:
    with house.broker.sessions() as session:
        return len(session.query(SessionRow).all()) + len(session.query(LoginRow).all())


@pytest.mark.both
def test_sessions_and_sign_ins_of_the_back_up_do_not_live_again(house: House) -> None:
    now = house.clock.now()
    with house.broker.sessions.begin() as session:
        sign_in.open_session(session, None, "ada", "", now, now + timedelta(hours=8))
        sign_in.begin(session, "request", "browser", "/", now + timedelta(minutes=5))
    report = restored.after_restore(house.broker, OPERATOR)
    assert (report.sessions_ended, sessions_alive(house)) == (1, 0)


@pytest.mark.both
def test_claims_of_lost_workers_are_freed_and_those_of_living_ones_are_not(house: House) -> None:
    house.post(house.item())
    house.post(house.item())
    for _ in range(2):
        with house.broker.sessions.begin() as session:
            assert outbox.claim(session, QueueName.ORDERS, house.clock.now(), house.broker.lease)
        house.clock.forward(seconds=60)
    assert restored.after_restore(house.broker, OPERATOR).claims_freed == 1
    with house.broker.sessions.begin() as session:
        mine = outbox.claim(session, QueueName.ORDERS, house.clock.now(), house.broker.lease)
        assert mine is not None
        assert mine.crashes == 0
        assert (
            outbox.claim(session, QueueName.ORDERS, house.clock.now(), house.broker.lease) is None
        )


@pytest.mark.parametrize("known", [True, False], ids=["not yet verified", "posted again"])
def test_what_was_submitted_in_the_last_second_is_found_before_anything_is_sent(
    lived: House, known: bool, tmp_path: Path
) -> None:
    """A standby takes over within seconds, before the IGA's search shows the lost request."""
    ref, copy = lived.item(), tmp_path / "copy.sqlite"
    save(lived, copy)
    answer = lived.post(ref)
    if known:
        save(lived, copy)
    lived.work()
    lived.iga.hidden = set(lived.iga.requests)
    lived.clock.forward(seconds=1)
    with house_on(sqlite(copy).url, lived.iga, lived.desk, lived.clock) as house:
        restored.after_restore(house.broker, OPERATOR)
        if not known:
            answer = house.post(ref)
        house.work()
        assert house.state(answer) == "verified"
        house.iga.hidden = set()
        settle(house)
        assert len(house.iga.submissions) == 1
        assert house.order(answer).lines[0].iga_request_id == "9001"


@pytest.mark.both
def test_an_order_under_way_is_asked_about_and_searched_with_patience(house: House) -> None:
    answer = house.post(house.item())
    assert pay_one(house)
    restored.after_restore(house.broker, OPERATOR)
    house.work()
    assert (house.state(answer), house.iga.looks) == ("verified", [])
    house.wait(seconds=5)
    assert (house.state(answer), len(house.desk.asked)) == ("submitted", 2)


@pytest.mark.both
def test_everything_open_is_read_and_mirrored_again(house: House) -> None:
    house.iga.requests["8001"] = awaiting("8001", ADA.key, "BEN")
    engine.sync_everything(house.broker)
    house.work()
    house.desk.mirrored.clear()
    report = restored.after_restore(house.broker, OPERATOR)
    house.work()
    assert (report.requests_to_mirror, len(house.desk.mirrored)) == (1, 2)


@pytest.mark.both
def test_the_step_can_be_repeated_and_is_audited_each_time(house: House) -> None:
    house.post(house.item())
    house.work()
    first = restored.after_restore(house.broker, OPERATOR)
    again = restored.after_restore(house.broker, OPERATOR)
    assert (first.orders_to_ask_about, again.orders_to_ask_about) == (1, 0)
    assert len(house.audit("installation.restored")) == 2
    settle(house)
    assert len(house.iga.submissions) == 1


def moved(house: House) -> bool:
    """As if the database had lived elsewhere until now; whether this one can tell."""
    with house.broker.sessions.begin() as session:
        home = session.get(InstallationRow, "home")
        if home is not None:
            home.value = "7000000000000000001/16384/1"
        return home is not None


@pytest.mark.both
def test_a_database_that_wakes_up_elsewhere_is_put_right_once(house: House) -> None:
    house.post(house.item())
    assert pay_one(house)
    assert restored.notice(house.broker) is None, "at home"
    can_tell = moved(house)
    assert can_tell == (house.broker.sessions.kw["bind"].dialect.name == "postgresql")
    report = restored.notice(house.broker)
    assert (report is not None) == can_tell
    assert report is None or report.orders_to_ask_about == 1
    assert restored.notice(house.broker) is None
    assert len(house.audit("installation.restored")) == can_tell


@pytest.mark.both
def test_what_the_operator_has_put_right_is_not_put_right_again(house: House) -> None:
    restored.notice(house.broker)
    moved(house)
    restored.after_restore(house.broker, OPERATOR)
    assert restored.notice(house.broker) is None
