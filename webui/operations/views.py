"""The operator's page: how everything fares, and what only a human can decide."""

from dataclasses import dataclass

from flask import Blueprint, Response, flash, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from broker.domain.errors import ConnectorError
from broker.domain.orders import LineState
from broker.domain.visibility import Role
from broker.orders import operate
from broker.orders.operate import NotPossible
from broker.ports.desk import Desk
from broker.ports.iga import Iga
from broker.store import audit
from broker.store.views.operations import OperationsPage, operations_page
from broker.store.views.orders import order_page
from webui.ui import refusal
from webui.ui.access import needs
from webui.ui.chronicle import in_their_words
from webui.ui.context import now, reading, the_broker, viewer
from webui.ui.live import live, wants_fragment
from webui.ui.paths import own_path

operations = Blueprint("operations", __name__, url_prefix="/operations")
_LONGEST_REASON = 500
_DONE = {
    "retry": "The order goes on from where it stopped.",
    "adopt": "The order now follows that request.",
    "cancel": "The order is cancelled.",
}


@dataclass(frozen=True, slots=True)
class Check:
    """What a connection said when it was tried."""

    name: str
    works: bool
    sentence: str


def _page() -> OperationsPage:
    broker = the_broker()
    with reading() as session:
        return operations_page(session, viewer(), (*broker.igas, *broker.desks))


@operations.get("")
@needs(Role.OPERATOR)
def overview() -> Response:
    """Runs, freshness, debts, orders in need of attention, people without a link."""
    return live("operations", _page())


@operations.post("/check")
@needs(Role.OPERATOR)
def check() -> str:
    """Try every connection now."""
    broker = the_broker()
    connections: list[Iga | Desk] = [*broker.igas.values(), *broker.desks.values()]
    checks = [_try(connection) for connection in connections]
    _note("connections.check", ("system", "broker"), {c.name: c.works for c in checks})
    if wants_fragment():
        return render_template("operations/_checks.html", checks=checks)
    return render_template(
        "operations/page.html", shown=_page(), checks=checks, version="", every="every 15s"
    )


def _try(connection: Iga | Desk) -> Check:
    try:
        says = connection.check().says
        return Check(connection.name, True, says.removeprefix(connection.name).strip())
    except ConnectorError as error:
        told = [error.reason, getattr(error, "advice", "")]
        return Check(connection.name, False, ": ".join(filter(None, told)))


def _note(action: str, subject: tuple[str, str], details: dict[str, object]) -> None:
    with the_broker().sessions.begin() as session:
        audit.record(session, now(), _actor(), action, subject, "done", details)


def _actor() -> audit.Actor:
    return audit.Actor("person", viewer().person_id or "unlinked")


@operations.post("/orders/<order_id>")
@needs(Role.OPERATOR)
def decide(order_id: str) -> AnyResponse:
    """Retry, adopt or cancel an order that needs attention; the reason is kept for good."""
    act = request.form.get("act", "")
    try:
        _carry_out(act, order_id)
        flash(_DONE[act], "good")
    except NotPossible as impossible:
        _refuse(order_id, str(impossible))
    return redirect(own_path(request.form.get("back") or "/operations"), 303)


def _refuse(order_id: str, sentence: str) -> None:
    """Beside the form where there is still one, otherwise at the top of the page."""
    with reading() as session:
        page = order_page(session, viewer(), order_id)
    if page and page.line.state == LineState.NEEDS_ATTENTION:
        refusal.keep(order_id, sentence)
    else:
        ours = the_broker().settings
        flash(in_their_words(sentence, ours.iga, ours.desk), "bad")


def _carry_out(act: str, order_id: str) -> None:
    broker, reason = the_broker(), request.form.get("reason", "").strip()[:_LONGEST_REASON]
    if act == "retry":
        return operate.retry(broker, order_id, _actor(), reason)
    if act == "cancel":
        return operate.cancel(broker, order_id, _actor(), reason)
    request_id = request.form.get("request_id", "").strip()
    if act != "adopt":
        raise NotPossible("Choose what to do: try again, follow a request, or cancel.")
    if not request_id:
        raise NotPossible("Say which request of the IGA the order shall follow.")
    return operate.adopt(broker, order_id, request_id, _actor(), reason)
