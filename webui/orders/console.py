"""The operator's test console: what would become of a wish, and announcing an approved item."""

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from broker.domain.access import ItemKind
from broker.domain.errors import ConnectorError
from broker.domain.visibility import Role
from broker.orders import console as use_case
from broker.orders.console import Trial, Wish
from broker.orders.operate import NotPossible
from broker.store.audit import Actor
from broker.store.views import console as views
from webui.ui.access import needs
from webui.ui.context import reading, the_broker, viewer
from webui.ui.live import wants_fragment
from webui.ui.words import system_name

console = Blueprint("console", __name__, url_prefix="/orders/new")
_LONGEST = 255
_LONGEST_NUMBER = 64
_NOT_CARRIED_OUT = 422


@console.get("")
@needs(Role.OPERATOR)
def empty() -> str:
    """The form; a link may fill it in."""
    return _page(_wish(request.args))


@console.get("/people")
@needs(Role.OPERATOR)
def people() -> str:
    """People to pick from, while one types."""
    broker = the_broker()
    with reading() as session:
        offers = views.people_like(session, broker.settings.iga, _text(request.args, "person"))
    return render_template("orders/_offers.html", offers=offers)


@console.get("/items")
@needs(Role.OPERATOR)
def items() -> str:
    """Access to pick from, while one types."""
    broker, wish = the_broker(), _wish(request.args)
    with reading() as session:
        offers = views.items_like(session, broker.settings.iga, ItemKind(wish.kind), wish.name)
    return render_template("orders/_offers.html", offers=offers)


@console.post("")
@needs(Role.OPERATOR)
def decide() -> Response:
    """Try the wish, or announce the desk's item and go where its order can be watched."""
    wish = _wish(request.form)
    if request.form.get("act") == "go":
        return _go(wish)
    trial = _try(wish)
    if wants_fragment():
        return make_response(render_template("orders/_trial.html", wish=wish, trial=trial))
    return make_response(_page(wish, trial))


def _try(wish: Wish) -> Trial:
    try:
        return use_case.try_out(the_broker(), wish, _actor())
    except ConnectorError as error:
        return Trial(problems=(_silence(error),))


def _go(wish: Wish) -> Response:
    try:
        order_id = use_case.carry_out(the_broker(), wish, _actor())
    except NotPossible as impossible:
        problem = str(impossible)
    except ConnectorError as error:
        problem = _silence(error)
    else:
        flash("The order is on its way. What becomes of it shows here.", "good")
        return redirect(url_for("orders.one", order_id=order_id), 303)
    return make_response(_page(wish, Trial(problems=(problem,))), _NOT_CARRIED_OUT)


def _silence(error: ConnectorError) -> str:
    return f"{system_name(error.system)} {error.reason}."


def _page(wish: Wish, trial: Trial | None = None) -> str:
    desks = tuple(the_broker().desks)
    return render_template("orders/new.html", wish=wish, trial=trial, kinds=ItemKind, desks=desks)


def _wish(given: MultiDict[str, str]) -> Wish:
    kind, source = given.get("kind", ""), given.get("source", "")
    return Wish(
        login=_text(given, "person"),
        kind=kind if kind in set(ItemKind) else ItemKind.ROLE.value,
        name=_text(given, "name"),
        number=given.get("number", "").strip().upper()[:_LONGEST_NUMBER],
        source=source if source in the_broker().desks else the_broker().settings.desk,
    )


def _text(given: MultiDict[str, str], name: str) -> str:
    return given.get(name, "").strip()[:_LONGEST]


def _actor() -> Actor:
    return Actor("person", viewer().person_id or "unlinked")
