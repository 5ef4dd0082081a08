"""What operators and readers learn about readings, silence, debts and strangers."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from broker.domain.access_requests import RequestState
from broker.domain.visibility import Role
from broker.ports.queue import QueueName
from broker.store import outbox, sync_runs
from broker.store.base import Sessions
from broker.store.outbox import OutboxRow
from broker.store.people import PersonLinkRow
from broker.store.views.freshness import freshness
from broker.store.views.operations import OperationsPage, operations_page
from tests.store.conftest import NOON
from tests.store.rows import request_of, viewer

pytestmark = pytest.mark.both
MINUTE = timedelta(minutes=1)
ADA, BEN = "id-oim-11", "id-oim-12"
OPERATOR = viewer(None, "", Role.OPERATOR)


def run(
    sessions: Sessions,
    kind: str,
    minute: int,
    person_id: str | None = None,
    *,
    iga: str = "oim",
    error: str = "",
    ends: bool = True,
) -> None:
    """A reading that began so many minutes after noon and took half a minute."""
    at = NOON + minute * MINUTE
    with sessions.begin() as session:
        id_ = sync_runs.start(session, iga, kind, at, person_id)
        if ends:
            sync_runs.finish(session, id_, at + MINUTE / 2, {"read": minute}, error)


def as_of(sessions: Sessions, person_id: str | None = ADA) -> datetime | None:
    with sessions() as session:
        return freshness(session, "oim", person_id).as_of


@pytest.mark.parametrize("kind", ["person", "changes", "everything"])
def test_a_reading_counts_from_its_start(staff: Sessions, kind: str) -> None:
    run(staff, kind, 5, ADA if kind == "person" else None)
    assert as_of(staff) == NOON + 5 * MINUTE


@pytest.mark.parametrize(
    "more",
    [
        lambda s: run(s, "person", 9, BEN),
        lambda s: run(s, "person", 9, ADA, error="broke off"),
        lambda s: run(s, "person", 9, ADA, ends=False),
        lambda s: run(s, "changes", 9, error="one could not be read"),
        lambda s: run(s, "changes", 9, iga="other"),
        lambda s: run(s, "people", 9),
    ],
    ids=["somebody else's", "broken", "under way", "incomplete", "of another IGA", "of people"],
)
def test_what_says_nothing_about_ones_requests_makes_them_no_fresher(
    staff: Sessions, more: Callable[[Sessions], None]
) -> None:
    run(staff, "person", 1, ADA)
    more(staff)
    assert as_of(staff) == NOON + MINUTE


def test_the_newest_reading_counts_in_whatever_order_they_ended(staff: Sessions) -> None:
    run(staff, "changes", 3)
    run(staff, "person", 1, ADA)
    assert (as_of(staff), as_of(staff, BEN), as_of(staff, None)) == (NOON + 3 * MINUTE,) * 3
    run(staff, "person", 4, ADA)
    assert (as_of(staff), as_of(staff, BEN)) == (NOON + 4 * MINUTE, NOON + 3 * MINUTE)


def test_what_was_never_read_is_of_no_age(staff: Sessions) -> None:
    assert as_of(staff) is None


def owe(
    sessions: Sessions,
    topic: str,
    key: str,
    queue: QueueName = QueueName.INTERACTIVE,
    at: datetime = NOON,
) -> None:
    with sessions.begin() as session:
        outbox.owe(session, queue, topic, key, at)


def each_row(sessions: Sessions, change: Callable[[OutboxRow], None], key: str = "") -> None:
    """Change every row, or those of one key."""
    with sessions.begin() as session:
        for row in session.query(OutboxRow):
            if key in ("", row.key):
                change(row)


def settled(row: OutboxRow) -> None:
    row.settled_at = NOON


def given_up(row: OutboxRow) -> None:
    row.given_up_at = NOON


def refreshing(sessions: Sessions, person_id: str | None = ADA) -> bool:
    with sessions() as session:
        return freshness(session, "oim", person_id).refreshing


def test_a_page_is_renewed_while_a_reading_of_its_person_is_owed(staff: Sessions) -> None:
    owe(staff, "sync.person", ADA)
    assert (refreshing(staff), refreshing(staff, BEN), refreshing(staff, None)) == (
        True,
        False,
        False,
    )


@pytest.mark.parametrize("end", [settled, given_up])
def test_a_page_is_not_renewed_for_what_has_ended(
    staff: Sessions, end: Callable[[OutboxRow], None]
) -> None:
    owe(staff, "sync.person", ADA)
    each_row(staff, end)
    assert not refreshing(staff)


def test_other_debts_renew_no_page(staff: Sessions) -> None:
    owe(staff, "sync.login", ADA)
    assert not refreshing(staff)


def silent(sessions: Sessions, name: str, minute: int = 0, reason: str = "down") -> None:
    with sessions.begin() as session:
        sync_runs.silent(session, name, NOON + minute * MINUTE, reason)


def answered(sessions: Sessions, name: str, minute: int = 0) -> None:
    with sessions.begin() as session:
        sync_runs.answered(session, name, NOON + minute * MINUTE)


def test_silence_is_told_since_its_beginning_with_its_latest_reason(staff: Sessions) -> None:
    silent(staff, "oim", 0, "timed out")
    silent(staff, "oim", 5, "x" * 2000)
    silent(staff, "servicenow")
    with staff() as session:
        told = freshness(session, "oim", ADA)
    assert told.iga_silent is not None
    assert (told.iga_silent.since, told.iga_silent.reason) == (NOON, "x" * 1000)
    assert {system.name for system in told.silent} == {"oim", "servicenow"}


def test_an_answer_ends_the_silence_of_that_system_alone(staff: Sessions) -> None:
    silent(staff, "oim")
    silent(staff, "servicenow")
    answered(staff, "oim", 1)
    with staff() as session:
        told = freshness(session, "oim", ADA)
    assert (told.iga_silent, [system.name for system in told.silent]) == (None, ["servicenow"])
    silent(staff, "oim", 2, "down again")
    with staff() as session:
        again = freshness(session, "oim", ADA).iga_silent
    assert again is not None
    assert (again.since, again.reason) == (NOON + 2 * MINUTE, "down again")


def test_a_slot_is_taken_once_a_job(sessions: Sessions) -> None:
    taken = []
    for job, at in (("sync", NOON), ("sync", NOON), ("sync", NOON + MINUTE), ("seal", NOON)):
        with sessions.begin() as session:
            taken.append(sync_runs.take_slot(session, job, at))
    assert taken == [True, False, True, True]


# ---- the operator's page -------------------------------------------------------------------------


def page(sessions: Sessions, *names: str) -> OperationsPage:
    with sessions() as session:
        return operations_page(session, OPERATOR, names)


def test_every_connection_is_listed_met_or_not(staff: Sessions) -> None:
    answered(staff, "oim")
    silent(staff, "gone", 0, "no longer configured")
    told = page(staff, "servicenow", "oim").connections
    assert [(each.name, each.answered_at, each.silent_since) for each in told] == [
        ("servicenow", None, None),
        ("oim", NOON, None),
    ]


def test_queues_tell_what_waits_what_was_put_off_and_since_when(staff: Sessions) -> None:
    owe(staff, "order.verify", "1", QueueName.ORDERS, NOON + MINUTE)
    owe(staff, "order.verify", "2", QueueName.ORDERS, NOON)
    owe(staff, "sync.people", "oim", QueueName.SYNC, NOON)
    for key, end in (("3", settled), ("4", given_up)):
        owe(staff, "order.verify", key, QueueName.ORDERS, NOON - MINUTE)
        each_row(staff, end, key)
    each_row(staff, lambda row: setattr(row, "last_error", "down" if row.key in "13" else ""))
    told = [(q.name, q.waiting, q.postponed, q.oldest_at) for q in page(staff).queues]
    assert told == [("orders", 2, 1, NOON), ("sync", 1, 0, NOON)]


def test_what_was_given_up_is_listed_newest_first_until_somebody_sees_to_it(
    staff: Sessions,
) -> None:
    for key in "abc":
        owe(staff, "order.close", key, QueueName.ORDERS)
    with staff.begin() as session:
        for row in session.query(OutboxRow):
            row.given_up_at = NOON + "abc".index(row.key) * MINUTE
    assert [debt.key for debt in page(staff).given_up] == ["c", "b", "a"]
    with staff.begin() as session:
        outbox.see_to(session, ["b"], NOON)
    assert [debt.key for debt in page(staff).given_up] == ["c", "a"]


def test_strangers_are_listed_by_system_and_login_and_people_are_not(staff: Sessions) -> None:
    def link(key: str, system: str, login: str, person_id: str | None = None) -> PersonLinkRow:
        return PersonLinkRow(
            system=system, key=key, login=login, login_normal=login, person_id=person_id,
            reason="" if person_id else "nobody", seen_at=NOON,
        )  # fmt: skip

    with staff.begin() as session:
        session.add_all(
            [
                link("1", "servicenow", "zoe"),
                link("2", "servicenow", "abe"),
                link("3", "saml:idp", "zoe"),
                link("4", "servicenow", "ada", ADA),
            ]
        )
    assert [(one.system, one.login) for one in page(staff).unmatched] == [
        ("saml:idp", "zoe"),
        ("servicenow", "abe"),
        ("servicenow", "zoe"),
    ]


def test_of_a_crowd_of_strangers_the_first_are_listed(staff: Sessions) -> None:
    """A desk knows many who are no employees; the page is read anew every few seconds."""
    with staff.begin() as session:
        session.add_all(
            PersonLinkRow(system="servicenow", key=f"{number}", login=f"guest-{number:04}",
                          login_normal=f"guest-{number:04}", reason="nobody", seen_at=NOON)
            for number in range(210)
        )  # fmt: skip
    shown = [one.login for one in page(staff).unmatched]
    assert (len(shown), shown[0], shown[-1]) == (200, "guest-0000", "guest-0199")


def test_the_latest_readings_are_listed_with_whom_they_were_for(staff: Sessions) -> None:
    for minute in range(21):
        run(staff, "changes", minute)
    run(staff, "person", 30, ADA, error="broke off")
    runs = page(staff).runs
    assert len(runs) == 20
    first, second = runs[:2]
    assert first.person is not None
    assert (first.person.id, first.error, first.counts) == (ADA, "broke off", (("read", 30),))
    assert (second.person, second.started_at) == (None, NOON + 20 * MINUTE)
    assert second.finished_at == NOON + 20.5 * MINUTE


def test_people_and_open_requests_are_counted(staff: Sessions) -> None:
    with staff.begin() as session:
        session.add_all(
            [
                request_of("1"),
                request_of("1", iga="other"),
                request_of("2", gone_at=NOON),
                request_of("3", state=RequestState.COMPLETED),
            ]
        )
    told = page(staff)
    assert (told.people, told.open_requests) == (5, 2)
