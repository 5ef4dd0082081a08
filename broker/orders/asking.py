"""What is asked of the IGA for one order line: to give access, or to take it away.

An IGA may carry out either directly, without a request: then what is held is all that tells
whether a try whose answer was lost has been carried out.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from broker.context import Broker
from broker.domain.access import CatalogueItem, Holding, ItemKind
from broker.domain.errors import Postponed, Refused
from broker.domain.orders import Action, LineState
from broker.domain.references import without_submission_words
from broker.ports.iga import Iga, Receipt, Revocation, Submission
from broker.store import orders
from broker.store.orders import OrderLineRow, OrderRow

HELD = "held before"
# Long justifications are cut: vendors limit them, and the numbers come first.
_JUSTIFICATION_LENGTH = 1000
# Clocks differ, and IGAs tell whole seconds: what we made may seem to be older than it is.
_CLOCKS_DIFFER = timedelta(minutes=5)
_ANOTHERS_PAUSE_SECONDS = 30.0
_UNANSWERED = (LineState.SUBMITTING, LineState.UNCERTAIN)
Facts = dict[str, object]


class Ask(Protocol):
    """One wish, to be carried out once."""

    def find(self) -> str | None:
        """The request that an earlier try has made of it, or None."""
        ...

    def is_done(self) -> bool:
        """Whether it is carried out though no request of it is found: none need be sent."""
        ...

    def before(self) -> Facts | None:
        """What has to be remembered before it is sent."""
        ...

    def send(self) -> Receipt:
        """Ask for it. Never repeats by itself."""
        ...


@dataclass
class _Line:
    """What is asked for. `tried_since` is None if it has certainly not been sent yet."""

    broker: Broker
    order: OrderRow
    line: OrderLineRow
    tried_since: datetime | None

    @property
    def _iga(self) -> Iga:
        return self.broker.iga(self.order.iga)


class Giving(_Line):
    """Access is to be given."""

    def find(self) -> str | None:
        return self._iga.find_submitted(self._submission)

    def is_done(self) -> bool:
        """Only what came since the first try, without a request, and is nobody else's work, is the
        effect of a try.
        """
        if self.tried_since is None:
            return False
        since = self.tried_since - _CLOCKS_DIFFER
        held = [h for h in _held_of(self.broker, self.order, self.line) if not h.request_id]
        undated = sum(h.since is None for h in held)
        dated = sum(h.since is not None and h.since >= since for h in held)
        new = dated + max(0, undated - self._undated_before())
        if not new:
            return False
        _wait_for_others(self.broker, self.order, self.line, LineState.SUBMITTING)
        with self.broker.sessions() as session:
            return new > orders.done_directly(session, self.order, self.line, since)

    def before(self) -> Facts | None:
        """Once, before the first try: an IGA need not tell since when something is held."""
        if _held_before(self.broker, self.line) is not None or not self._iga.capabilities.holdings:
            return None
        return _facts(_held_of(self.broker, self.order, self.line))

    def _undated_before(self) -> int:
        kept = (_held_before(self.broker, self.line) or {}).get("held", ())
        return sum(not each["since"] and not each["request_id"] for each in kept)

    def send(self) -> Receipt:
        return self._iga.submit(self._submission)

    @property
    def _submission(self) -> Submission:
        reference, beneficiary, item, why = _said(self.order, self.line)
        dates = self.order.start_at, self.order.end_at
        return Submission(reference, beneficiary, [item], why, *dates)


class Taking(_Line):
    """Access is to be taken away. A revocation need not carry our word in the IGA."""

    def find(self) -> str | None:
        """Another line's request can be found too: while that is under way, ours waits."""
        since = (self.tried_since or self.order.received_at) - _CLOCKS_DIFFER
        found = self._iga.find_revoked(self._revocation, since)
        # what is found may be the work of a line whose answer is open; of two that were both sent
        # and lost sight of, nobody can tell, so that one of them may go on
        open_ones = _UNANSWERED if self.tried_since is None else (LineState.SUBMITTING,)
        _wait_for_others(self.broker, self.order, self.line, *open_ones)
        with self.broker.sessions() as session:
            other = orders.line_of_request(session, self.order.iga, found) if found else None
            if other is None or other.id == self.line.id:
                return found if self.tried_since else None
            number, over = other.order.item_number, other.state.final
        if not over:
            raise Postponed(_ANOTHERS_PAUSE_SECONDS, f"{number} is taking the same access away")
        if self.tried_since is not None and not self.is_done():
            reason = f"shows request {found} of {number}, which may hide one of ours: look there"
            raise Refused(self.order.iga, reason)
        return None

    def is_done(self) -> bool:
        """Somebody with several accounts may hold another one still, which is not ours to take."""
        return is_taken(self.broker, self.order, self.line)

    def before(self) -> Facts | None:
        return _facts(_held_of(self.broker, self.order, self.line))

    def send(self) -> Receipt:
        return self._iga.revoke(self._revocation)

    @property
    def _revocation(self) -> Revocation:
        return Revocation(*_said(self.order, self.line))


def ask_of(
    broker: Broker, order: OrderRow, line: OrderLineRow, tried_since: datetime | None
) -> Ask:
    """What this line asks for; it may have been sent since that moment, if there is one."""
    kind = Taking if order.action == Action.REVOKE else Giving
    return kind(broker, order, line, tried_since)


def _wait_for_others(
    broker: Broker, order: OrderRow, line: OrderLineRow, *states: LineState
) -> None:
    """Postponed while another line for the same is in one of these states."""
    with broker.sessions() as session:
        other = orders.other_for_the_same(session, order, line, states)
        number = other.order.item_number if other else ""
    if other:
        reason = f"{number} is asking for the same, and its answer is open"
        raise Postponed(_ANOTHERS_PAUSE_SECONDS, reason)


def is_given(broker: Broker, order: OrderRow, line: OrderLineRow) -> bool:
    """Whether the beneficiary holds what the line gives, and none of it is still on its way."""
    held = _held_of(broker, order, line)
    return bool(held) and not any(each.arriving for each in held)


def is_taken(broker: Broker, order: OrderRow, line: OrderLineRow) -> bool:
    """Whether the beneficiary holds less of it than before the line was sent, or nothing."""
    held, before = _held_of(broker, order, line), _held_before(broker, line)
    return not held or len(held) < len(before["held"] if before else ())


def _held_before(broker: Broker, line: OrderLineRow) -> dict[str, Any] | None:
    with broker.sessions() as session:
        return orders.evidence_of(session, line, HELD)


def _facts(held: Sequence[Holding]) -> Facts:
    return {"held": [asdict(each) for each in held]}


def _held_of(broker: Broker, order: OrderRow, line: OrderLineRow) -> Sequence[Holding]:
    """What the beneficiary holds of this line's item now, as the IGA says: several accounts of
    one application, perhaps.
    """
    assert order.beneficiary is not None, "a verified order has a beneficiary"
    held = broker.iga(order.iga).holdings(order.beneficiary.person)
    return [each for each in held if (each.kind, each.key) == (line.kind, line.item_key)]


def _said(order: OrderRow, line: OrderLineRow) -> tuple[str, str, CatalogueItem, str]:
    assert order.beneficiary is not None, "a verified order has a beneficiary"
    assert line.reference is not None, "a verified line has its word"
    item = CatalogueItem(ItemKind(line.kind), line.item_key, line.name)
    return line.reference, order.beneficiary.key, item, _justification(order, line.reference)


def _justification(order: OrderRow, reference: str) -> str:
    told = without_submission_words(order.justification)
    words = (order.item_number, order.task_number, reference, told)
    return " ".join(word for word in words if word)[:_JUSTIFICATION_LENGTH]
