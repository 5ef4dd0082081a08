"""Starts the product with one piece replaced by something that does nothing.

The product has no such switch: the piece is replaced here, before its command line runs.
`STAND_IN` names the piece; the arguments are those of `request-broker`.
"""

import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from broker import linking, relay
from broker.context import Broker
from broker.domain.access import ItemKind, ItemName
from broker.orders import verification
from broker.ports.desk import DeskOrder
from broker.relay import Handler
from broker.store import audit, orders
from broker.store.orders import OrderRow
from broker.store.outbox import Effect, Message
from cli.main import main


def _nothing(_broker: Broker, _message: Message) -> Effect:
    return lambda _session: None


def _without(topic: str) -> Callable[[], None]:
    def replace() -> None:
        relay.HANDLERS[topic] = Handler(_nothing)

    return replace


def _believe(
    broker: Broker, order: OrderRow, seen: DeskOrder, _attempts: int
) -> verification.Genuine:
    """Whatever is posted is true."""
    posted: dict[str, Any] = orders.posted(order)
    account = broker.desk().account_named(posted["beneficiary"]["user_name"])
    assert account is not None
    person_id, _ = linking.person_of(broker, account)
    assert person_id is not None
    told = [ItemName(ItemKind(item["type"]), item["name"]) for item in posted.get("items") or ()]
    meant = told or broker.catalogue.resolve(
        seen.ref.source, seen.catalogue_item, seen.catalogue_label, seen.variables
    )
    items = [broker.iga().find_item(name) for name in meant]
    return verification.Genuine(person_id, person_id, [item for item in items if item])


def _without_verification() -> None:
    verification.examine = _believe  # type: ignore[assignment]  # it never doubts


def _without_audit() -> None:
    audit.record = lambda *_, **__: None


PIECES: Mapping[str, Callable[[], None]] = {
    "mirroring": _without("mirror"),
    "verification": _without_verification,
    "back-reference": _without("order.refer_back"),
    "tracking": _without("order.track"),
    "closure": _without("order.close"),
    "audit": _without_audit,
}

if __name__ == "__main__":
    PIECES[os.environ["STAND_IN"]]()
    sys.exit(main())
