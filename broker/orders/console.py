"""The test console: what would become of a wish, and announcing an approved item by hand.

Nothing here submits anything. An announced item goes the way of every order: the desk is asked
whether it is true, so an operator can repeat a post that was lost, and cannot invent one.
"""

from dataclasses import dataclass

from broker.context import Broker
from broker.domain.access import CatalogueItem, ItemName
from broker.domain.orders import CONSOLE
from broker.domain.people import Person, normal
from broker.orders import intake
from broker.orders.announcing import post_of
from broker.orders.operate import NotPossible
from broker.orders.post import OrderPost
from broker.orders.preview import preview
from broker.ports.desk import DeskApproval, DeskOrder
from broker.store import audit, people
from broker.store.base import new_id
from broker.store.views import console as views

CLIENT = CONSOLE


@dataclass(frozen=True, slots=True)
class Wish:
    """What the operator filled in: somebody and something, or a desk's item, or both."""

    login: str
    kind: str
    name: str
    number: str
    source: str


@dataclass(frozen=True, slots=True)
class DeskSays:
    """What would become of the desk's item: for whom, what, what is held, what stands against."""

    number: str
    login: str
    person: str
    items: tuple[ItemName, ...]
    held: tuple[ItemName, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """What would become of a wish. `problems` are sentences; without any it would be carried out.

    `linked`: the person's account at the desk is known. `deciders`: who decided on the item
    when it was asked for last, as far as that was seen.
    """

    person: Person | None = None
    manager: str = ""
    linked: bool = False
    item: CatalogueItem | None = None
    held: bool = False
    deciders: tuple[str, ...] = ()
    desk: DeskSays | None = None
    problems: tuple[str, ...] = ()


def try_out(broker: Broker, wish: Wish, actor: audit.Actor) -> Trial:
    """Ask the IGA, and the desk if it has an item already. Stores nothing but who looked.

    Raises the ConnectorError of the one that cannot be asked.
    """
    if not wish.number and not (wish.login and wish.name):
        return Trial(problems=("Say for whom and what, or give the number of the desk's item.",))
    try:
        trial = _tried(broker, wish)
    except NotPossible as impossible:
        trial = Trial(problems=(str(impossible),))
    _note(broker, actor, "order.try", ("person", _our_id(broker, trial.person)), "done")
    return trial


def _tried(broker: Broker, wish: Wish) -> Trial:
    iga = broker.iga()
    person = iga.person(wish.login) if wish.login else None
    item = iga.find_item(ItemName(wish.kind, wish.name)) if wish.name else None
    desk = _desk_says(broker, _seen(broker, wish)) if wish.number else None
    held = {(held.kind, held.key) for held in iga.holdings(person)} if person and item else set()
    with broker.sessions() as session:
        return Trial(
            person,
            views.manager_of(session, iga.name, person) if person else "",
            bool(person and people.desk_keys(session, wish.source, iga.name, [person.key])),
            item,
            item is not None and (item.kind, item.key) in held,
            views.deciders(session, iga.name, item) if item else (),
            desk,
            (*_missing(wish, person, item), *(_against(wish, desk) if desk else ())),
        )


def _missing(wish: Wish, person: Person | None, item: CatalogueItem | None) -> list[str]:
    problems = []
    if wish.login and person is None:
        problems.append(f"Nobody in the IGA has the login {wish.login}.")
    if person is not None and not person.active:
        problems.append(f"{person.display_name} is disabled in the IGA.")
    if wish.name and item is None:
        problems.append(f"The IGA's catalogue has no requestable {wish.kind} {wish.name}.")
    return problems


def _against(wish: Wish, desk: DeskSays) -> list[str]:
    """What the desk's item says against the wish; it must be for this person and this access."""
    problems = list(desk.problems)
    if desk.login and wish.login and normal(desk.login) != normal(wish.login):
        problems.append(f"{desk.number} is for {desk.person}, not for {wish.login}.")
    wanted = ItemName(wish.kind, wish.name)
    if desk.items and wish.name and wanted not in desk.items:
        problems.append(f"{desk.number} stands for {', '.join(map(str, desk.items))}.")
    return problems


def carry_out(broker: Broker, wish: Wish, actor: audit.Actor) -> str:
    """Announce the desk's approved item; our id of its order, new or known already.

    NotPossible if there is nothing to announce, or not what the operator has in mind. Raises
    the desk's and the IGA's ConnectorError.
    """
    if not wish.number:
        raise NotPossible("Give the number of an item that was approved at the desk.")
    seen = _seen(broker, wish)
    if seen.approval is not DeskApproval.APPROVED:
        raise NotPossible(
            f"{seen.ref.item_number} is not approved at the desk: it is {seen.approval}."
        )
    if wish.login or wish.name:
        problems = _tried(broker, wish).problems
        if problems:
            raise NotPossible(" ".join(problems))
    return _announce(broker, post_of(broker, seen), actor)


def _announce(broker: Broker, post: OrderPost, actor: audit.Actor) -> str:
    body = post.model_dump_json().encode()
    answer = intake.receive(broker, CLIENT, f"{CLIENT}-{new_id()}", body, post, actor)
    order_id = str(answer["order_id"])
    if answer["duplicate"]:
        _note(broker, actor, "order.receive", ("order", order_id), "duplicate")
    return order_id


def _seen(broker: Broker, wish: Wish) -> DeskOrder:
    if wish.source not in broker.desks:
        raise NotPossible("There is no such desk.")
    desk = broker.desk(wish.source)
    ref = desk.find_order(wish.number)
    if ref is None:
        raise NotPossible(f"The desk has no item {wish.number}.")
    return desk.order(ref)


def _desk_says(broker: Broker, seen: DeskOrder) -> DeskSays:
    told = preview(broker, CLIENT, post_of(broker, seen))
    person: dict[str, str] = told["beneficiary"] or {}
    return DeskSays(
        seen.ref.item_number,
        person.get("login", ""),
        person.get("display_name", ""),
        tuple(ItemName(item["type"], item["name"]) for item in told["items"]),
        tuple(ItemName(item["type"], item["name"]) for item in told["already_held"]),
        tuple(told["problems"]),
    )


def _our_id(broker: Broker, person: Person | None) -> str:
    with broker.sessions() as session:
        row = people.by_key(session, broker.settings.iga, person.key) if person else None
        return row.id if row else "unknown"


def _note(
    broker: Broker, actor: audit.Actor, action: str, subject: tuple[str, str], outcome: str
) -> None:
    with broker.sessions.begin() as session:
        audit.record(session, broker.clock.now(), actor, action, subject, outcome)
