"""The transition table is the whole truth about a line's life."""

import itertools

import pytest

from broker.domain.orders import (
    TRANSITIONS,
    IllegalTransition,
    LineEvent,
    LineState,
    advance,
    order_state,
)

S, E = LineState, LineEvent


@pytest.mark.parametrize(("state", "event"), sorted(itertools.product(S, E)))
def test_only_the_table_moves_a_line(state: LineState, event: LineEvent) -> None:
    if (state, event) in TRANSITIONS:
        assert advance(state, event) is TRANSITIONS[state, event]
    else:
        with pytest.raises(IllegalTransition, match=f"that is {state} cannot {event}"):
            advance(state, event)


def test_nothing_leaves_closed() -> None:
    assert not [event for state, event in TRANSITIONS if state is S.CLOSED]


def test_nothing_reaches_the_iga_without_verification() -> None:
    into = {state for (state, _), after in TRANSITIONS.items() if after is S.SUBMITTING}
    assert into == {S.VERIFIED, S.UNCERTAIN}


@pytest.mark.parametrize("left", [S.RECEIVED, S.VERIFIED, S.UNCERTAIN, S.SUBMITTED, S.FULFILLED])
def test_resuming_returns_to_the_state_that_was_left(left: LineState) -> None:
    assert advance(S.NEEDS_ATTENTION, E.RESUME, left) is left


def test_resuming_a_cut_submission_is_uncertain() -> None:
    assert advance(S.NEEDS_ATTENTION, E.RESUME, S.SUBMITTING) is S.UNCERTAIN


def test_resuming_needs_a_state_to_return_to() -> None:
    with pytest.raises(IllegalTransition):
        advance(S.NEEDS_ATTENTION, E.RESUME)


@pytest.mark.parametrize(
    ("lines", "state"),
    [
        ([S.SUBMITTED, S.FULFILLED], S.SUBMITTED),
        ([S.SUBMITTED, S.NEEDS_ATTENTION], S.NEEDS_ATTENTION),
        ([S.REFUSED, S.FULFILLED], S.REFUSED),
        ([S.CLOSED, S.CLOSED], S.CLOSED),
        ([S.RECEIVED], S.RECEIVED),
    ],
)
def test_an_order_is_where_its_least_finished_line_is(
    lines: list[LineState], state: LineState
) -> None:
    assert order_state(lines) is state


def test_every_state_has_a_place_in_the_order() -> None:
    assert all(order_state([state]) is state for state in S)
