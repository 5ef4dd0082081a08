"""What waits for a decision, and what was decided. The decision itself is made in the IGA."""

from flask import Blueprint, abort
from werkzeug.wrappers import Response

from broker.store.views import approvals as views
from broker.store.views import freshness
from broker.store.views.request_page import request_page
from webui.ui.context import reading, the_broker, viewer
from webui.ui.live import live

approvals = Blueprint("approvals", __name__, url_prefix="/approvals")


@approvals.get("")
def mine() -> Response:
    """Decisions of whoever looks: waiting ones first, decided ones below."""
    me, broker = viewer(), the_broker()
    with reading() as session:
        fresh = freshness.freshness(session, me.iga or broker.settings.iga, me.person_id)
        shown = (views.pending(session, me), views.decided(session, me))
    return live("approvals", shown, fresh.refreshing, fresh=fresh)


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
