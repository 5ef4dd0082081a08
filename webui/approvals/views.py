"""What waits for a decision, and what was decided. The decision itself is made in the IGA."""

from flask import Blueprint, abort, render_template
from werkzeug.wrappers import Response

from broker.store.views import approvals as views
from broker.store.views import freshness
from broker.store.views.request_page import request_page
from webui.approvals.desk import deciding, waiting
from webui.ui.context import reading, the_broker, viewer
from webui.ui.live import live, wants_fragment

approvals = Blueprint("approvals", __name__, url_prefix="/approvals")


@approvals.get("")
def mine() -> Response:
    """Decisions of whoever looks: waiting ones first, decided ones below."""
    me, broker = viewer(), the_broker()
    with reading() as session:
        fresh = freshness.freshness(session, me.iga or broker.settings.iga, me.person_id)
        shown = (views.pending(session, me), views.decided(session, me))
    desks = [desk.name for desk in deciding(broker)]
    return live("approvals", shown, fresh.refreshing, fresh=fresh, desks=desks)


@approvals.get("/at-the-desk")
def at_the_desk() -> str:
    """What the desks ask of whoever looks: a part of the page, which may take seconds."""
    page = "approvals/_desk.html" if wants_fragment() else "approvals/desk.html"
    return render_template(page, desks=list(waiting(the_broker(), viewer())))


@approvals.get("/<row_id>")
def one(row_id: str) -> Response:
    """One decision with its request's details."""
    me = viewer()
    with reading() as session:
        line = views.approval(session, me, row_id)
        page = request_page(session, me, line.request.id) if line else None
        if line is None or page is None:
            abort(404)
        fresh = freshness.freshness(session, line.request.iga, me.person_id)
    return live("approvals/one", page, fresh.refreshing, fresh=fresh, task=line.task)
