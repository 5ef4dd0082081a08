"""The front page: what is mine, what waits for me, and how fresh that is."""

from flask import Blueprint, abort, redirect, request
from werkzeug.wrappers import Response

from broker.store.views import approvals, freshness, lists
from broker.store.views.access import subject
from broker.sync import wanted
from webui.ui.context import reading, the_broker, viewer
from webui.ui.live import live, wants_fragment
from webui.ui.paths import own_path

dashboard = Blueprint("dashboard", __name__)


@dashboard.get("/")
def front_page() -> Response:
    """Open requests and pending approvals of whoever looks."""
    me, broker = viewer(), the_broker()
    with reading() as session:
        fresh = freshness.freshness(session, me.iga or broker.settings.iga, me.person_id)
        mine = lists.open_requests(session, me)
        waiting = approvals.pending(session, me)
    return live("dashboard", (mine, waiting), fresh.refreshing, fresh=fresh)


@dashboard.post("/refresh")
def refresh() -> Response:
    """Ask for a new reading of oneself, or of a report; pages show it as soon as it is there."""
    me, whose = viewer(), request.form.get("person")
    with reading() as session:
        person = subject(session, me, whose)
        person_id = person.id if person else None
    if person_id is None and whose:
        abort(404)
    if person_id:
        wanted.refresh_person(the_broker(), person_id)
    if wants_fragment():
        return front_page()
    return redirect(own_path(request.form.get("back")), 303)
