"""An order line's life: its states, and the only table that lets it move."""

from collections.abc import Iterable
from enum import StrEnum

# Where an order may come from without a post: no client of the machine API is called so.
CONSOLE, SWEEP = "console", "sweep"


class Action(StrEnum):
    """What an order wants done with the access it names."""

    GRANT = "grant"
    REVOKE = "revoke"


class LineState(StrEnum):
    """Where one line of an order stands."""

    RECEIVED = "received"
    VERIFIED = "verified"
    SUBMITTING = "submitting"
    UNCERTAIN = "uncertain"
    SUBMITTED = "submitted"
    FULFILLED = "fulfilled"
    REFUSED = "refused"
    FAILED = "failed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    CLOSED = "closed"
    NEEDS_ATTENTION = "needs_attention"

    @property
    def final(self) -> bool:
        """The IGA's part is over; at most the desk has to be told."""
        return self in _FINAL


class LineEvent(StrEnum):
    """What can happen to a line."""

    VERIFY = "verify"
    REJECT = "reject"
    CANCEL = "cancel"
    START = "start"
    SUBMIT = "submit"
    LOSE_SIGHT = "lose sight"
    FIND = "find"
    LOOK_IN_VAIN = "look in vain"
    REFUSE = "refuse"
    FULFIL = "fulfil"
    FAIL = "fail"
    CLOSE = "close"
    ASK_FOR_HELP = "ask for help"
    RESUME = "resume"
    ADOPT = "adopt"


class IllegalTransition(Exception):
    """No such move in the table: a bug, or two workers on one line."""


_FINAL = frozenset(
    {
        LineState.FULFILLED,
        LineState.REFUSED,
        LineState.FAILED,
        LineState.REJECTED,
        LineState.CANCELLED,
        LineState.CLOSED,
    }
)

_S, _E = LineState, LineEvent
TRANSITIONS: dict[tuple[LineState, LineEvent], LineState] = {
    (_S.RECEIVED, _E.VERIFY): _S.VERIFIED,
    (_S.RECEIVED, _E.REJECT): _S.REJECTED,
    (_S.RECEIVED, _E.CANCEL): _S.CANCELLED,
    (_S.VERIFIED, _E.START): _S.SUBMITTING,
    (_S.VERIFIED, _E.FIND): _S.SUBMITTED,
    (_S.VERIFIED, _E.CANCEL): _S.CANCELLED,
    (_S.SUBMITTING, _E.SUBMIT): _S.SUBMITTED,
    (_S.SUBMITTING, _E.LOSE_SIGHT): _S.UNCERTAIN,
    (_S.SUBMITTING, _E.REFUSE): _S.REFUSED,
    (_S.UNCERTAIN, _E.LOOK_IN_VAIN): _S.SUBMITTING,
    (_S.UNCERTAIN, _E.FIND): _S.SUBMITTED,
    (_S.SUBMITTED, _E.FULFIL): _S.FULFILLED,
    (_S.SUBMITTED, _E.REFUSE): _S.REFUSED,
    (_S.SUBMITTED, _E.FAIL): _S.FAILED,
    (_S.SUBMITTED, _E.CANCEL): _S.CANCELLED,
    (_S.NEEDS_ATTENTION, _E.ADOPT): _S.SUBMITTED,
    (_S.NEEDS_ATTENTION, _E.CANCEL): _S.CANCELLED,
}
TRANSITIONS |= {(state, _E.CLOSE): _S.CLOSED for state in _FINAL - {_S.CLOSED}}
TRANSITIONS |= {
    (state, _E.ASK_FOR_HELP): _S.NEEDS_ATTENTION
    for state in LineState
    if state not in (_S.CLOSED, _S.NEEDS_ATTENTION)
}


def advance(state: LineState, event: LineEvent, left: LineState | None = None) -> LineState:
    """The state after `event`, or IllegalTransition. Nobody else assigns a state.

    `left` is the state that a line in need of attention came from: resuming returns there,
    except that a submission cut short comes back as uncertain, so that it is looked for first.
    """
    if (state, event) == (LineState.NEEDS_ATTENTION, LineEvent.RESUME) and left is not None:
        return LineState.UNCERTAIN if left is LineState.SUBMITTING else left
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise IllegalTransition(f"a line that is {state} cannot {event}") from None


_URGENCY = (
    LineState.NEEDS_ATTENTION,
    LineState.RECEIVED,
    LineState.VERIFIED,
    LineState.SUBMITTING,
    LineState.UNCERTAIN,
    LineState.SUBMITTED,
    LineState.FAILED,
    LineState.REFUSED,
    LineState.REJECTED,
    LineState.CANCELLED,
    LineState.FULFILLED,
    LineState.CLOSED,
)


def order_state(lines: Iterable[LineState]) -> LineState:
    """An order is where its least finished line is; trouble shows first."""
    return min(lines, key=_URGENCY.index)
