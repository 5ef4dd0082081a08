"""Requests: one in full, and the finished ones to search in."""

from flask import Blueprint, abort, render_template, request
from werkzeug.wrappers import Response

from broker.domain.access_requests import RequestState
from broker.store.views import freshness, lists
from broker.store.views.request_page import request_page
from webui.ui.context import reading, viewer
from webui.ui.live import live

requests = Blueprint("requests", __name__)
_LONGEST_SEARCH = 100


@requests.get("/requests/<row_id>")
def one(row_id: str) -> Response:
    """Everything about one request, for those who may see it."""
    me = viewer()
    with reading() as session:
        page = request_page(session, me, row_id)
        if page is None:
            abort(404)
        fresh = freshness.freshness(session, page.line.iga, me.person_id)
    return live("requests", page, fresh.refreshing, fresh=fresh)


@requests.get("/history")
def history() -> str:
    """Finished requests, newest first."""
    text = request.args.get("q", "").strip()[:_LONGEST_SEARCH]
    state = request.args.get("state", "")
    everybody = request.args.get("whose") == "all"
    page = request.args.get("page", 1, type=int)
    with reading() as session:
        found = lists.history(session, viewer(), text, state, everybody, page)
    final = [word for word in RequestState if word.final]
    asked = {"q": text, "state": state, "whose": "all" if everybody else "mine"}
    return render_template("requests/history.html", found=found, states=final, asked=asked)
