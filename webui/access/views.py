"""My Access, and that of the people who report to me."""

from urllib.parse import urlencode

from flask import Blueprint, abort, request
from werkzeug.wrappers import Response

from broker.store.views import freshness
from broker.store.views.access import access_page
from webui.ui.context import reading, the_broker, viewer
from webui.ui.live import live

access = Blueprint("access", __name__)


@access.get("/access")
def held() -> Response:
    """What somebody holds: the viewer, or with `?person=` one of their reports."""
    me, person_id = viewer(), request.args.get("person")
    with reading() as session:
        page = access_page(session, me, person_id)
        if page is None and (person_id or me.person_id):
            abort(404)
        about = page.person.id if page else None
        iga = me.iga or the_broker().settings.iga
        fresh = freshness.access_freshness(session, iga, about)
    query = f"{urlencode({'person': person_id})}&" if person_id else ""
    return live("access", page, fresh.refreshing, fresh=fresh, whose=person_id, query=query)
