"""Deltas are complete: after a sync run of the broker its rows say what the server says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest
from sqlalchemy import select

from broker.domain.errors import ConnectorError
from broker.domain.people import normal
from broker.store.requests import RequestRow
from broker.sync import engine
from tests.contract.subject import Subject
from tests.contract.test_iga import BUSY, JSON, PAGE
from tests.faults.proxy import Exchange, Fault, answering, broken_off, lost_call
from tests.use_cases.conftest import House, house_on
from tests.use_cases.fakes import FakeClock, FakeDesk, FakeIga

SOME = 12


class Syncing:
    """A broker that mirrors the product."""

    def __init__(self, house: House, subject: Subject) -> None:
        self.house, self.subject, self.hands = house, subject, subject.hands

    def run(self) -> None:
        """One run of the timer, some minutes later."""
        self.house.clock.forward(minutes=30)
        engine.sync_changes(self.house.broker)

    def row(self, request_id: str) -> RequestRow:
        """The broker's row of this request."""
        with self.house.broker.sessions() as session:
            query = select(RequestRow).where(RequestRow.request_id == request_id)
            return session.scalars(query).one()

    def open_ids(self) -> set[str]:
        """What the broker believes to be open."""
        with self.house.broker.sessions() as session:
            query = select(RequestRow.request_id).where(
                RequestRow.is_open, RequestRow.gone_at.is_(None)
            )
            return set(session.scalars(query))

    def truth(self) -> set[str]:
        """What the product lists as open, undisturbed."""
        self.subject.proxy.heal()
        return {head.id for head in self.subject.iga.open_requests()}


@pytest.fixture
def syncing(database_url: str, subject: Subject) -> Iterator[Syncing]:
    small = cast("FakeIga", subject.connect(**subject.small_pages))
    with house_on(database_url, small, FakeDesk(users=[]), FakeClock()) as house:
        yield Syncing(house, subject)


def test_every_change_between_two_runs_is_seen(syncing: Syncing) -> None:
    asked = [syncing.hands.ask() for _ in range(SOME)]
    syncing.run()
    assert syncing.open_ids() == syncing.truth() >= set(asked)
    finished, moved, vanished, *left = asked
    syncing.hands.finish(finished)
    name = syncing.hands.reassign(moved)
    syncing.hands.vanish(vanished)
    new = syncing.hands.ask()
    syncing.run()
    assert syncing.open_ids() == syncing.truth() >= {moved, new, *left}
    assert not syncing.row(finished).is_open
    assert syncing.row(vanished).gone_at is not None
    assert [task.assignee_normal for task in syncing.row(moved).waiting] == [normal(name)]


def test_what_no_list_shows_is_known_after_the_next_run_of_all_that_wait(syncing: Syncing) -> None:
    """Another approver of each; only the details tell."""
    asked = [syncing.hands.ask() for _ in range(SOME)]
    syncing.run()
    listed = {head.id: head for head in syncing.subject.iga.open_requests()}
    names = {each: normal(syncing.hands.reassign(each)) for each in asked}
    assert {head.id: head for head in syncing.subject.iga.open_requests()} == listed
    syncing.run()
    waiting = {each: syncing.row(each).waiting for each in asked}
    assert {id_: [t.assignee_normal for t in tasks] for id_, tasks in waiting.items()} == {
        id_: [name] for id_, name in names.items()
    }


def test_what_changes_while_a_run_reads_is_seen_by_the_next_at_the_latest(syncing: Syncing) -> None:
    for _ in range(SOME):
        syncing.hands.ask()
    leaving = [head.id for head in syncing.subject.iga.open_requests()][:SOME]

    def meanwhile(call: Exchange) -> None:
        if leaving:
            syncing.hands.finish(leaving.pop(0))
            syncing.hands.ask()
        call.answer(call.forward())

    syncing.subject.proxy.meet(meanwhile, syncing.subject.calls.listing, times=None)
    syncing.run()
    syncing.subject.proxy.heal()
    syncing.run()
    assert syncing.open_ids() == syncing.truth()


@BUSY
def test_a_run_that_breaks_in_the_middle_is_made_up_for_by_the_next(
    syncing: Syncing, status: int
) -> None:
    asked = {syncing.hands.ask() for _ in range(SOME)}
    away = answering(status, b"{}", Retry_After="1700", Content_Type=JSON)
    calls = syncing.subject.calls
    syncing.subject.proxy.meet(lambda call: call.answer(call.forward()), calls.reading, SOME // 2)
    syncing.subject.proxy.meet(away, calls.reading, times=None)
    with pytest.raises(ConnectorError):
        syncing.run()
    syncing.subject.proxy.heal()
    syncing.run()
    assert syncing.open_ids() == syncing.truth() >= asked


@pytest.mark.parametrize(
    "fault",
    [broken_off, lost_call, answering(200, PAGE, Content_Type="text/html")],
    ids=["broken off", "lost", "a page"],
)
def test_a_list_that_cannot_be_read_ends_nothing(syncing: Syncing, fault: Fault) -> None:
    asked = {syncing.hands.ask() for _ in range(SOME)}
    syncing.run()
    syncing.subject.proxy.meet(fault, syncing.subject.calls.listing, times=None)
    with pytest.raises(ConnectorError):
        syncing.run()
    assert syncing.open_ids() >= asked
    assert syncing.open_ids() == syncing.truth()
