"""Sign-in, row by row: one handle one answer, one code one browser, and times to the second."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from broker.domain.people import Person
from broker.store import people, sign_in
from broker.store.base import Sessions
from broker.store.sign_in import LoginRow, SessionRow, UsedAssertionRow
from tests.store.conftest import NOON

pytestmark = pytest.mark.both
LATER = NOON + timedelta(minutes=10)
INSTANT = timedelta(microseconds=1)
IDENTITY = {"login": "ada", "groups": ["staff"]}


def begin(sessions: Sessions, request_id: str = "q-1", browser: str = "mine") -> str:
    with sessions.begin() as session:
        return sign_in.begin(session, request_id, browser, "/history?page=2", LATER)


def claim(sessions: Sessions, handle: str, now: datetime = NOON) -> str | None:
    with sessions.begin() as session:
        return sign_in.claim(session, handle, now)


def answered(sessions: Sessions, browser: str = "mine") -> str:
    """A sign-in whose answer waits to be collected; gives the code."""
    handle = begin(sessions, browser=browser)
    claim(sessions, handle)
    with sessions.begin() as session:
        return sign_in.keep_answer(session, handle, IDENTITY)


def collect(
    sessions: Sessions, code: str, browser: str = "mine", now: datetime = NOON
) -> tuple[dict[str, object], str] | None:
    with sessions.begin() as session:
        return sign_in.collect(session, code, browser, now)


def count(sessions: Sessions, row: type) -> int:
    with sessions() as session:
        return session.scalar(select(func.count()).select_from(row)) or 0


def open_session(sessions: Sessions, expires_at: datetime = LATER) -> str:
    with sessions.begin() as session:
        return sign_in.open_session(session, None, "Ada", "operator", NOON, expires_at)


def is_live(sessions: Sessions, value: str, now: datetime = NOON) -> bool:
    with sessions() as session:
        return sign_in.session_of(session, value, now) is not None


def test_secrets_are_long_and_never_the_same() -> None:
    made = {sign_in.secret() for _ in range(50)}
    assert len(made) == 50
    assert {len(value) for value in made} == {43}


def test_the_question_behind_a_handle_is_told_once(sessions: Sessions) -> None:
    handle = begin(sessions, "q-1")
    begin(sessions, "q-2")
    assert claim(sessions, handle) == "q-1"
    assert claim(sessions, handle) is None


@pytest.mark.parametrize(("early", "answer"), [(INSTANT, "q-1"), (timedelta(0), None)])
def test_a_handle_lives_until_its_very_end(
    sessions: Sessions, early: timedelta, answer: str | None
) -> None:
    assert claim(sessions, begin(sessions), LATER - early) == answer


@pytest.mark.parametrize("handle", ["", "unknown", "x" * 64])
def test_an_unknown_handle_has_no_question(sessions: Sessions, handle: str) -> None:
    begin(sessions)
    assert claim(sessions, handle) is None


def test_of_eight_answers_at_once_one_is_taken(sessions: Sessions) -> None:
    handle = begin(sessions)
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: claim(sessions, handle), range(8)))
    assert [answer for answer in told if answer] == ["q-1"]


def test_an_answer_is_collected_with_its_code_once(sessions: Sessions) -> None:
    code = answered(sessions)
    assert collect(sessions, code) == (IDENTITY, "/history?page=2")
    assert collect(sessions, code) is None
    assert count(sessions, LoginRow) == 0


def test_another_browser_neither_collects_nor_spends_the_code(sessions: Sessions) -> None:
    code = answered(sessions)
    assert collect(sessions, code, browser="theirs") is None
    assert collect(sessions, code) is not None


@pytest.mark.parametrize(("early", "there"), [(INSTANT, True), (timedelta(0), False)])
def test_an_answer_can_be_collected_until_its_very_end(
    sessions: Sessions, early: timedelta, there: bool
) -> None:
    code = answered(sessions)
    assert (collect(sessions, code, now=LATER - early) is not None) is there


def test_each_tab_collects_its_own_answer(sessions: Sessions) -> None:
    first, second = answered(sessions), answered(sessions)
    assert first != second
    assert collect(sessions, second) is not None
    assert count(sessions, LoginRow) == 1
    assert collect(sessions, first) is not None


def test_nothing_is_collected_before_an_answer_came(sessions: Sessions) -> None:
    handle = begin(sessions)
    for guess in ("", handle, sign_in.hashed(""), "None"):
        assert collect(sessions, guess) is None
    assert count(sessions, LoginRow) == 1


def test_no_secret_is_stored_as_it_is(sessions: Sessions) -> None:
    code, value = answered(sessions, browser="the browser's secret"), open_session(sessions)
    with sessions() as session:
        login, opened = session.scalars(select(LoginRow)).one(), session.scalars(
            select(SessionRow)
        ).one()  # fmt: skip
    stored = {login.browser_hash, login.answer_hash, opened.id_hash}
    assert stored == {sign_in.hashed(word) for word in ("the browser's secret", code, value)}
    assert all(word is not None and len(word) == 64 for word in stored)


def spend(sessions: Sessions, issuer: str, assertion: str) -> None:
    with sessions.begin() as session:
        sign_in.spend(session, issuer, assertion, LATER)


def test_an_assertion_is_spent_once(sessions: Sessions) -> None:
    spend(sessions, "idp", "a-1")
    with pytest.raises(IntegrityError):
        spend(sessions, "idp", "a-1")


def test_assertions_of_the_same_id_from_two_issuers_are_two(sessions: Sessions) -> None:
    spend(sessions, "idp", "a-1")
    spend(sessions, "other idp", "a-1")
    spend(sessions, "idp", "a-2")
    assert count(sessions, UsedAssertionRow) == 3


def test_a_second_use_is_noticed_before_the_transaction_ends(sessions: Sessions) -> None:
    spend(sessions, "idp", "a-1")
    with sessions() as session, pytest.raises(IntegrityError):
        sign_in.spend(session, "idp", "a-1", LATER)


@pytest.mark.parametrize(("early", "live"), [(INSTANT, True), (timedelta(0), False)])
def test_a_session_lives_until_its_very_end(
    sessions: Sessions, early: timedelta, live: bool
) -> None:
    value = open_session(sessions)
    assert is_live(sessions, value, LATER - early) is live


def test_a_session_is_opened_by_its_secret_only(sessions: Sessions) -> None:
    value = open_session(sessions)
    for guess in ("", value[:-1], value + "x", value.swapcase(), sign_in.hashed(value)):
        assert not is_live(sessions, guess)


def test_a_session_remembers_whose_it_is(sessions: Sessions) -> None:
    with sessions.begin() as session:
        (ada,) = people.remember(session, "oim", [Person("1", "ADA", "Ada")], NOON)
        value = sign_in.open_session(session, ada, "Ada", "auditor,operator", NOON, LATER)
    with sessions() as session:
        row = sign_in.session_of(session, value, NOON)
        assert row is not None
        assert row.person is not None
        assert (row.person.key, row.roles, row.identity) == ("1", "auditor,operator", "Ada")


def test_ending_a_session_ends_no_other(sessions: Sessions) -> None:
    mine, theirs = open_session(sessions), open_session(sessions)
    with sessions.begin() as session:
        sign_in.end_session(session, mine)
        sign_in.end_session(session, "unknown")
    assert (is_live(sessions, mine), is_live(sessions, theirs)) == (False, True)


def test_ending_all_ends_sign_ins_under_way_too(sessions: Sessions) -> None:
    open_session(sessions)
    open_session(sessions, NOON - INSTANT)
    code = answered(sessions)
    with sessions.begin() as session:
        assert sign_in.end_all(session) == 2
    assert collect(sessions, code) is None
    assert count(sessions, SessionRow) == 0


KEPT: dict[str, tuple[type, Callable[[Sessions], object]]] = {
    "sign-ins": (LoginRow, begin),
    "used assertions": (UsedAssertionRow, lambda sessions: spend(sessions, "idp", "a-1")),
    "sessions": (SessionRow, open_session),
}


@pytest.mark.parametrize("kept", KEPT.values(), ids=KEPT)
@pytest.mark.parametrize(("past", "left"), [(timedelta(0), 1), (INSTANT, 0)])
def test_sweeping_takes_what_has_expired_and_nothing_else(
    sessions: Sessions,
    kept: tuple[type, Callable[[Sessions], object]],
    past: timedelta,
    left: int,
) -> None:
    row, make = kept
    make(sessions)
    with sessions.begin() as session:
        sign_in.sweep(session, LATER + past)
    assert count(sessions, row) == left
