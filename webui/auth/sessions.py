"""Who is signed in: sessions kept as rows, looked up anew for every request."""

from flask import Request
from flask_login import UserMixin

from broker.domain.visibility import Role, Viewer
from broker.store import sign_in
from broker.store.sign_in import SessionRow
from webui.cookies import session_cookie
from webui.ui.context import the_broker


class SignedIn(UserMixin):  # type: ignore[misc]  # flask-login has no types
    """What flask-login carries as `current_user`."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer


def load(_request: Request) -> SignedIn | None:
    """The session of this request's cookie. One whose person was disabled ends at once."""
    broker = the_broker()
    secret = session_cookie(broker.settings).value
    if not secret:
        return None
    with broker.sessions.begin() as session:
        row = sign_in.session_of(session, secret, broker.clock.now())
        if row is not None and row.person is not None and not row.person.active:
            sign_in.end_session(session, secret)
            return None
        return SignedIn(_viewer(row)) if row else None


def _viewer(row: SessionRow) -> Viewer:
    roles = frozenset(Role(word) for word in row.roles.split(",") if word)
    person = row.person
    if person is None:
        return Viewer(None, None, "", roles, row.identity)
    name = person.display_name or person.login
    return Viewer(person.id, person.key, person.login, roles, name, person.iga)
