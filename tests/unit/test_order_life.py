"""A line's life, written down a second time: whoever changes the table must change both."""

import pytest

from broker.domain.orders import TRANSITIONS, LineEvent, LineState, advance, order_state

HELP = {"ask for help": "needs_attention"}
CLOSES = {"close": "closed"}
LIFE: dict[str, dict[str, str]] = {
    "received": {"verify": "verified", "reject": "rejected", "cancel": "cancelled"} | HELP,
    "verified": {"start": "submitting", "find": "submitted", "cancel": "cancelled"} | HELP,
    "submitting": {"submit": "submitted", "lose sight": "uncertain", "refuse": "refused"} | HELP,
    "uncertain": {"look in vain": "submitting", "find": "submitted"} | HELP,
    "submitted": {
        "fulfil": "fulfilled",
        "refuse": "refused",
        "fail": "failed",
        "cancel": "cancelled",
    }
    | HELP,
    "fulfilled": CLOSES | HELP,
    "refused": CLOSES | HELP,
    "failed": CLOSES | HELP,
    "rejected": CLOSES | HELP,
    "cancelled": CLOSES | HELP,
    "closed": {},
    "needs_attention": {"adopt": "submitted", "cancel": "cancelled"},
}


@pytest.mark.parametrize("state", LineState)
def test_a_line_can_do_exactly_this(state: LineState) -> None:
    moves = {
        event.value: after.value
        for (before, event), after in TRANSITIONS.items()
        if before is state
    }
    assert moves == LIFE[state.value]


@pytest.mark.parametrize("event", LineEvent)
def test_every_event_happens_to_some_line(event: LineEvent) -> None:
    happens = {event for moves in LIFE.values() for event in moves}
    assert event.value in happens | {"resume"}


@pytest.mark.parametrize("left", [state for state in LineState if state is not LineState.CLOSED])
def test_an_event_of_the_table_does_not_mind_where_a_line_came_from(left: LineState) -> None:
    assert advance(LineState.NEEDS_ATTENTION, LineEvent.CANCEL, left) is LineState.CANCELLED
    assert advance(LineState.NEEDS_ATTENTION, LineEvent.ADOPT, left) is LineState.SUBMITTED


def test_the_iga_is_done_with_these_states_only() -> None:
    final = {state.value for state in LineState if state.final}
    assert final == {"fulfilled", "refused", "failed", "rejected", "cancelled", "closed"}


# From the most to the least urgent; each wins against all that follow.
URGENCY = (
    "needs_attention", "received", "verified", "submitting", "uncertain", "submitted",
    "failed", "refused", "rejected", "cancelled", "fulfilled", "closed",
)  # fmt: skip


@pytest.mark.parametrize("place", range(len(URGENCY)), ids=URGENCY)
def test_an_order_shows_its_most_urgent_line_first(place: int) -> None:
    lines = [LineState(state) for state in reversed(URGENCY[place:])]
    assert order_state(lines).value == URGENCY[place]
