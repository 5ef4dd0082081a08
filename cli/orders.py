"""`request-broker orders`: what came from the desk, how it fares, and a hand for what is stuck."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker.context import Broker
from broker.domain.orders import LineState
from broker.orders import operate
from broker.store.audit import Actor
from broker.store.orders import OrderRow
from cli.families import command, family, with_json
from cli.installation import this_broker
from cli.terminal import Fault, Record, say, show, show_one

if TYPE_CHECKING:
    from cli.families import Commands

# Whoever may run this command owns the installation; the machine's own log knows who it was.
ACTOR = Actor("system", "command-line")


def add(commands: "Commands") -> None:
    """Add the family to the command line."""
    orders = family(commands, "orders", "Orders of the desk, and what to do about stuck ones.")
    every = command(orders, "list", list_orders, "The newest orders.")
    every.add_argument("--state", choices=[state.value for state in LineState], metavar="STATE",
                       help="only orders in this state: " + ", ".join(LineState))  # fmt: skip
    every.add_argument("--limit", type=int, default=50, help="how many at most (50)")
    with_json(every)
    one = command(orders, "show", show_order, "One order with its lines and its timeline.")
    _names_an_order(one)
    with_json(one)
    _add_acts(orders)


def _add_acts(orders: "Commands") -> None:
    again = command(orders, "retry", retry, "Let a stuck order go on from where it stopped.")
    adopt_it = command(orders, "adopt", adopt, "Say which request of the IGA the order became.")
    end = command(orders, "cancel", cancel, "End a stuck order without carrying it out.")
    for act in (again, adopt_it, end):
        _names_an_order(act)
        act.add_argument("--reason", required=True, help="why; it is kept with the order")
    adopt_it.add_argument("request_id", metavar="REQUEST", help="the request's id in the IGA")


def _names_an_order(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("order", metavar="ORDER", help="the order's id, or its item's number")


def list_orders(args: argparse.Namespace) -> int:
    """Print the newest orders first."""
    with this_broker() as broker, broker.sessions() as session:
        rows = session.scalars(select(OrderRow).order_by(OrderRow.received_at.desc()))
        records = [_record(row) for row in rows if args.state in (None, row.state)]
    show(records[: args.limit], args.json, "There are no such orders.")
    return 0


def _record(row: OrderRow) -> dict[str, object]:
    return {
        "order": row.id,
        "source": row.source,
        "item": row.item_number,
        "state": row.state.value,
        "beneficiary": row.beneficiary.login if row.beneficiary else None,
        "requests": ", ".join(line.iga_request_id for line in row.lines if line.iga_request_id),
        "received_at": row.received_at,
    }


def show_order(args: argparse.Namespace) -> int:
    """Print one order: its fields, its lines, its timeline."""
    with this_broker() as broker, broker.sessions() as session:
        row = session.get_one(OrderRow, order_id(broker, args.order))
        record = _record(row)
        lines, steps = _lines(row), _steps(row)
    if args.json:
        show_one(record | {"lines": lines, "history": steps}, as_json=True)
        return 0
    show_one(record, as_json=False)
    say("")
    show(lines, as_json=False, nothing="No lines.")
    say("")
    show(steps, as_json=False, nothing="Nothing happened yet.")
    return 0


def _lines(row: OrderRow) -> list[Record]:
    return [
        {
            "item": f"{line.kind} {line.name}".strip() or None,
            "state": str(line.state),
            "request": line.iga_request_id,
            "reason": line.reason,
        }
        for line in row.lines
    ]


def _steps(row: OrderRow) -> list[Record]:
    return [
        {"at": step.at, "event": step.event, "state": str(step.state), "what": step.sentence}
        for step in row.history
    ]


def retry(args: argparse.Namespace) -> int:
    """Let the order go on."""
    return _act(operate.retry, args)


def adopt(args: argparse.Namespace) -> int:
    """Tie the order to a request of the IGA."""
    return _act(operate.adopt, args, args.request_id)


def cancel(args: argparse.Namespace) -> int:
    """End the order."""
    return _act(operate.cancel, args)


def _act(do: Callable[..., None], args: argparse.Namespace, *facts: str) -> int:
    with this_broker() as broker:
        found = order_id(broker, args.order)
        try:
            do(broker, found, *facts, ACTOR, args.reason)
        except operate.NotPossible as why:
            raise Fault(str(why)) from None
        with broker.sessions() as session:
            say(f"Order {found} is now {session.get_one(OrderRow, found).state}.")
    return 0


def order_id(broker: Broker, name: str) -> str:
    """The id of the order that `name` means; a Fault if there is none, or more than one."""
    with broker.sessions() as session:
        found = _named(session, name)
    if not found:
        raise Fault(f"There is no order {name}.")
    if len(found) > 1:
        raise Fault(f"{name} means several orders: {', '.join(found)}. Say which, by its id.")
    return found[0]


def _named(session: Session, name: str) -> list[str]:
    by_number = select(OrderRow.id).where((OrderRow.id == name) | (OrderRow.item_number == name))
    return list(session.scalars(by_number.order_by(OrderRow.received_at)))
