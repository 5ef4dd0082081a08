"""The same post gets the same answer; whose post it was, and of which family, counts."""

import hashlib
from datetime import datetime

import pytest
from sqlalchemy.exc import IntegrityError

from broker.store import receipts
from broker.store.base import Sessions
from broker.store.receipts import DifferentBody
from tests.store.conftest import NOON

pytestmark = pytest.mark.both
BODY = hashlib.sha256(b"{}").hexdigest()
OTHER = hashlib.sha256(b"{ }").hexdigest()
ANSWER: dict[str, object] = {
    "order_id": "1",
    "state": "received",
    "lines": [{"name": "Budget – é"}],
    "none": None,
}
NAME = ("servicenow", "orders", "msg_1")


def keep(
    sessions: Sessions,
    name: tuple[str, str, str] = NAME,
    answer: dict[str, object] = ANSWER,
    at: datetime = NOON,
) -> None:
    with sessions.begin() as session:
        receipts.keep(session, *name, BODY, answer, at)


def earlier(
    sessions: Sessions, name: tuple[str, str, str] = NAME, body: str = BODY
) -> dict[str, object] | None:
    with sessions() as session:
        return receipts.earlier_answer(session, *name, body)


def test_the_answer_is_given_again_word_for_word(sessions: Sessions) -> None:
    keep(sessions)
    assert earlier(sessions) == ANSWER


def test_the_first_post_has_no_earlier_answer(sessions: Sessions) -> None:
    assert earlier(sessions) is None


def test_another_body_under_the_same_id_is_told_apart(sessions: Sessions) -> None:
    keep(sessions)
    with pytest.raises(DifferentBody, match="msg_1"):
        earlier(sessions, body=OTHER)


@pytest.mark.parametrize(
    "name",
    [
        ("another client", "orders", "msg_1"),
        ("servicenow", "events", "msg_1"),
        ("servicenow", "orders", "msg_2"),
        ("servicenow", "orders", "MSG_1"),
    ],
)
@pytest.mark.parametrize("body", [BODY, OTHER])
def test_a_post_of_another_name_is_another_post(
    sessions: Sessions, name: tuple[str, str, str], body: str
) -> None:
    keep(sessions)
    assert earlier(sessions, name, body) is None
    keep(sessions, name, {"order_id": "2"})
    assert earlier(sessions) == ANSWER


def test_of_two_who_answer_the_same_post_one_loses(sessions: Sessions) -> None:
    keep(sessions)
    with pytest.raises(IntegrityError):
        keep(sessions, answer={"order_id": "2"})
    assert earlier(sessions) == ANSWER


def test_the_loser_learns_it_before_anything_is_committed(sessions: Sessions) -> None:
    keep(sessions)
    with sessions() as session, pytest.raises(IntegrityError):
        receipts.keep(session, *NAME, BODY, {"order_id": "2"}, NOON)
