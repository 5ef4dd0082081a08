"""Permanent links: they name a thing, and lead each person to the right page about it."""

from collections.abc import Callable

from flask import Blueprint, abort, redirect
from werkzeug.wrappers import Response

from broker.store.views import approvals
from broker.store.views.links import order_named, request_named
from webui.ui.context import reading, viewer
from webui.ui.outside import desk_item, iga_inbox, iga_request

links = Blueprint("links", __name__, url_prefix="/go")


def _to_request(name: str) -> str | None:
    """The IGA's page of the request; whoever has to decide it lands where that is done."""
    with reading() as session:
        line = request_named(session, viewer(), name)
    if line is None:
        return None
    if any(waiting.is_viewer for waiting in line.waiting):
        return iga_inbox(line.iga)
    return iga_request(line.iga, line.request_id)


def _to_approval(name: str) -> str | None:
    """Where the decision is made while it waits, and our page of it afterwards."""
    with reading() as session:
        line = approvals.approval(session, viewer(), name)
    if line is None:
        return None
    waits = line.task.state == "requested" and line.request.is_open
    return iga_inbox(line.request.iga) if waits else f"/approvals/{line.task.id}"


def _to_order(name: str) -> str | None:
    """The desk's page of the item; operators and auditors see our own."""
    with reading() as session:
        target = order_named(session, viewer(), name)
    if target is None:
        return None
    return f"/orders/{target.id}" if viewer().sees_all else desk_item(target.ref)


_KINDS: dict[str, Callable[[str], str | None]] = {
    "request": _to_request,
    "approval": _to_approval,
    "order": _to_order,
}


@links.get("/inbox")
@links.get("/inbox/<_name>")
def inbox(_name: str = "") -> Response:
    """Where this person decides what waits for them."""
    return redirect(iga_inbox(viewer().iga), 303)


@links.get("/<kind>/<name>")
def go(kind: str, name: str) -> Response:
    """On to the thing itself; 404 for what is not this person's to see."""
    target = _KINDS[kind](name) if kind in _KINDS else None
    if target is None:
        abort(404)
    return redirect(target, 303)
