"""What a connector declares is so: the able pass more cases, of the others it is proved."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from broker.domain.access import ItemKind
from broker.domain.errors import Refused, UnknownOutcome
from broker.domain.people import Person
from broker.ports.iga import Revocation, Submission
from tests.contract.needs import (
    ACTING_AS_A_USER,
    CAPABILITIES,
    DELTA_READS,
    HOLDINGS,
    TAKING_AWAY,
    declared,
    kinds,
    lacks,
    needs,
)
from tests.contract.subject import Subject, capabilities_of, under_contract
from tests.contract.test_iga import AFTER_ACCEPTANCE
from tests.faults.proxy import Fault

EARLIER = timedelta(hours=1)
# Servers tell times less exactly than we do.
WHOLE_SECONDS = timedelta(seconds=2)
# A reason that says what to do instead has some words.
REASON_ENOUGH = 20


def test_a_product_leaves_out_only_what_its_api_does_not_give(
    product: str, subject: Subject
) -> None:
    able = declared(subject.iga.capabilities)
    assert able == declared(capabilities_of(product)), "by these its cases were chosen"
    missing = CAPABILITIES - able
    assert missing <= under_contract(product).may_leave_out
    assert missing <= subject.proofs.keys()


def test_what_was_submitted_can_be_searched_for(subject: Subject) -> None:
    """Without it a lost answer could only be guessed at: no product may leave this out."""
    assert subject.iga.capabilities.finds_by_reference
    assert subject.iga.capabilities.search_delay_seconds >= 0


def test_as_many_readers_as_declared_read_each_their_own(subject: Subject) -> None:
    readers = subject.iga.capabilities.readers
    assert readers >= 1
    asked = [subject.hands.ask() for _ in range(4 * readers)]
    with ThreadPoolExecutor(readers) as threads:
        read = list(threads.map(subject.iga.request, asked))
    assert [request.header.id for request in read] == asked


# ---- delta reads ---------------------------------------------------------------------------------


@needs(DELTA_READS)
def test_changes_name_all_that_changed_since_then_final_ones_too(subject: Subject) -> None:
    before = {subject.hands.ask() for _ in range(20)}
    since = datetime.now(UTC) - WHOLE_SECONDS
    finished, moved, *_ = sorted(before)
    subject.hands.finish(finished)
    subject.hands.reassign(moved)
    asked = subject.hands.ask()
    changed = [head.id for head in subject.connect(**subject.small_pages).changes(since)]
    assert len(changed) == len(set(changed))
    assert {finished, moved, asked} <= set(changed)


@lacks(DELTA_READS)
def test_who_cannot_tell_what_changed_says_so(subject: Subject) -> None:
    with pytest.raises(Refused) as told:
        list(subject.iga.changes(datetime.now(UTC) - EARLIER))
    assert len(told.value.reason) > REASON_ENOUGH
    subject.proofs[DELTA_READS]()


# ---- acting as a user ----------------------------------------------------------------------------


@needs(ACTING_AS_A_USER)
def test_what_waits_for_somebody_is_told_by_the_system_itself(
    subject: Subject, person: Person
) -> None:
    asked = subject.hands.ask()
    (task,) = subject.iga.request(asked).waiting
    decider = subject.iga.person(task.assignee)
    assert decider is not None
    assert asked in subject.iga.pending_for(decider)
    assert asked not in subject.iga.pending_for(person)


@lacks(ACTING_AS_A_USER)
def test_who_cannot_look_as_somebody_else_says_so(subject: Subject, person: Person) -> None:
    with pytest.raises(Refused) as told:
        subject.iga.pending_for(person)
    assert len(told.value.reason) > REASON_ENOUGH
    subject.proofs[ACTING_AS_A_USER]()


# ---- holdings ------------------------------------------------------------------------------------


@needs(HOLDINGS)
@pytest.mark.parametrize("kind", list(ItemKind))
def test_what_somebody_has_is_told_with_the_key_to_ask_for_it(
    subject: Subject, person: Person, kind: ItemKind
) -> None:
    item = subject.iga.find_item(subject.hands.give(kind))
    assert item is not None
    held = [each for each in subject.iga.holdings(person) if each.kind is kind]
    assert [each.name for each in held if each.key == item.key] == [item.name]


@needs(HOLDINGS)
def test_what_is_carried_out_is_held_and_not_before(
    subject: Subject, person: Person, submission: Submission
) -> None:
    def held() -> set[tuple[str, str]]:
        return {(each.kind, each.key) for each in subject.iga.holdings(person)}

    (item,) = submission.items
    made = subject.iga.submit(submission).request_id
    assert (item.kind, item.key) not in held()
    subject.hands.carry_out()
    assert (item.kind, item.key) in held()
    assert subject.iga.request(made).header.state.final


@lacks(HOLDINGS)
def test_who_cannot_tell_holdings_tells_none(subject: Subject, person: Person) -> None:
    subject.hands.give(ItemKind.ROLE)
    assert list(subject.iga.holdings(person)) == []
    subject.proofs[HOLDINGS]()


# ---- taking access away --------------------------------------------------------------------------


def revocation(subject: Subject, person: Person, kind: ItemKind) -> Revocation:
    """What takes away an item that the person has now."""
    item = subject.iga.find_item(subject.hands.give(kind))
    assert item is not None
    words = "RITM0010024 SCTASK0010010 RITM0010024-L1 has left"
    return Revocation("RITM0010024-L1", person.key, item, words)


@pytest.mark.parametrize("kind", kinds(needs))
def test_what_is_taken_away_is_found_again_and_gone(
    subject: Subject, person: Person, kind: ItemKind
) -> None:
    wanted, since = revocation(subject, person, kind), datetime.now(UTC) - EARLIER
    assert subject.iga.find_revoked(wanted, since) is None
    made = subject.iga.revoke(wanted).request_id
    assert subject.iga.find_revoked(wanted, since) == made
    assert subject.hands.accepted() == [made]
    subject.hands.carry_out()
    held = [each.key for each in subject.iga.holdings(person) if each.kind is kind]
    assert wanted.item.key not in held
    with pytest.raises(Refused):
        subject.iga.revoke(wanted)
    assert subject.hands.accepted() == [made]


@AFTER_ACCEPTANCE
@pytest.mark.parametrize("kind", kinds(needs))
def test_a_revocation_is_found_after_a_lost_answer(
    subject: Subject, person: Person, kind: ItemKind, fault: Fault
) -> None:
    wanted, since = revocation(subject, person, kind), datetime.now(UTC) - EARLIER
    subject.proxy.meet(fault, subject.calls.revoking)
    with pytest.raises(UnknownOutcome):
        subject.iga.revoke(wanted)
    assert [subject.iga.find_revoked(wanted, since)] == subject.hands.accepted()


@pytest.mark.parametrize("kind", kinds(needs))
def test_a_revocation_of_before_is_not_the_one_looked_for(
    subject: Subject, person: Person, kind: ItemKind
) -> None:
    wanted = revocation(subject, person, kind)
    subject.iga.revoke(wanted)
    assert subject.iga.find_revoked(wanted, datetime.now(UTC) + EARLIER) is None


@pytest.mark.parametrize("kind", kinds(lacks))
def test_who_cannot_take_access_away_says_so_and_asks_for_nothing(
    subject: Subject, person: Person, kind: ItemKind
) -> None:
    wanted = revocation(subject, person, kind)
    with pytest.raises(Refused) as told:
        subject.iga.revoke(wanted)
    assert len(told.value.reason) > REASON_ENOUGH
    assert subject.hands.accepted() == []
    subject.proofs[TAKING_AWAY[kind]]()
