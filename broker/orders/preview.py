"""What would become of an order, without storing or submitting anything."""

from typing import Any

from broker.context import Broker
from broker.domain.errors import NotFound, Postponed
from broker.domain.orders import Action
from broker.domain.people import Person
from broker.orders import intake, verification
from broker.orders.post import OrderPost
from broker.orders.verification import Genuine
from broker.store.orders import OrderRow
from broker.store.people import PersonRow

Answer = dict[str, Any]


def preview(broker: Broker, client: str, post: OrderPost) -> Answer:
    """Whether the order would be accepted now, for whom, what, what of it is held already, and
    every sentence that stands against it. Raises the desk's or the IGA's Unavailable.
    """
    order = intake.order_row(broker, client, post)
    try:
        seen = broker.desk(post.source).order(order.ref)
        finding = verification.examine(broker, order, seen, attempts=0)
    except NotFound as unknown:
        return _refused(unknown.reason)
    except Postponed as early:
        return _refused(str(early))
    if not isinstance(finding, Genuine):
        return _refused(finding.sentence)
    return _accepted(broker, order, finding)


def _refused(problem: str) -> Answer:
    return {
        "acceptable": False,
        "beneficiary": None,
        "items": [],
        "already_held": [],
        "problems": [problem],
    }


def _accepted(broker: Broker, order: OrderRow, finding: Genuine) -> Answer:
    with broker.sessions() as session:
        person = session.get_one(PersonRow, finding.beneficiary_id).person
    problems = _cannot_revoke(broker, order, finding)
    held = {(holding.kind, holding.key) for holding in broker.iga().holdings(person)}
    wanted = [
        ({"type": item.kind.value, "name": item.name}, (item.kind, item.key))
        for item in finding.items
    ]
    return {
        "acceptable": not problems,
        "beneficiary": _named(person),
        "items": [item for item, _ in wanted],
        "already_held": [item for item, key in wanted if key in held],
        "problems": problems,
    }


def _cannot_revoke(broker: Broker, order: OrderRow, finding: Genuine) -> list[str]:
    if order.action != Action.REVOKE:
        return []
    kinds = {item.kind for item in finding.items} - broker.iga().capabilities.revokes
    return [f"The IGA cannot take away a {kind} for us: do it there." for kind in sorted(kinds)]


def _named(person: Person) -> dict[str, str]:
    return {"login": person.login, "display_name": person.display_name}
