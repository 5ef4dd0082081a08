"""A SAML 2.0 identity provider for the people of the world."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from flask import Blueprint, Flask, Response, current_app, make_response, render_template, request

from sandbox.idp.requests import AuthnRequest, BadRequest, read_request
from sandbox.idp.responses import Answer, KeyPair, build_response
from sandbox.world import World, WorldPerson

__all__ = ["Idp", "create_app"]

COOKIE = "IDPSESSID"
_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
_PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"


@dataclass
class Session:
    """One person signed in here, in one browser."""

    person: WorldPerson
    started_at: datetime
    index: str = field(default_factory=lambda: f"_{secrets.token_hex(16)}")


@dataclass
class Idp:
    """The provider's state. `service_providers` maps an entityID to its one ACS address."""

    world: World
    base_url: str
    service_providers: dict[str, str]
    keys: KeyPair
    sessions: dict[str, Session] = field(default_factory=dict)

    @property
    def entity_id(self) -> str:
        """Our name, which is also where the metadata is."""
        return f"{self.base_url}/metadata"

    def name_id(self, person: WorldPerson, service_provider: str) -> str:
        """A persistent, opaque name of this person for this one service provider."""
        text = f"{self.world.seed}!{self.entity_id}!{service_provider}!{person.key}"
        return "P-" + hashlib.sha256(text.encode()).hexdigest()[:40]

    def answer(self, session: Session, asked: AuthnRequest) -> Answer:
        """What we tell this service provider about the signed-in person."""
        person = session.person
        return Answer(
            issuer=self.entity_id,
            acs_url=self.service_providers[asked.issuer],
            audiences=(asked.issuer,),
            name_id=self.name_id(person, asked.issuer),
            in_response_to=asked.id,
            attributes=attributes(person),
            session_index=session.index,
            authenticated_at=session.started_at,
        )

    def sign_in(self, user_name: str, password: str) -> WorldPerson | None:
        """The person with this name and password; people who have left cannot sign in."""
        person = self.world.people.get(user_name.strip().lower())
        right = person is not None and secrets.compare_digest(
            person.password.encode(), password.encode()
        )
        return person if right and person is not None and person.active else None


def attributes(person: WorldPerson) -> Mapping[str, tuple[str, ...]]:
    """The attributes we assert; what a person has not is left out."""
    values = {
        "uid": (person.key,),
        "email": (person.email,),
        "displayName": (person.display_name,),
        "employeeNumber": (person.employee_number,),
        "groups": person.groups,
    }
    return {name: listed for name, listed in values.items() if any(listed)}


pages = Blueprint("idp", __name__)


def _idp() -> Idp:
    idp: Idp = current_app.extensions["idp"]
    return idp


@pages.get("/metadata")
def metadata() -> Response:
    """Our metadata, as a service provider reads it."""
    text = render_template("idp_metadata.xml", idp=_idp(), post=_POST, redirect=_REDIRECT,
                           name_id_format=_PERSISTENT)  # fmt: skip
    return Response(text, content_type="application/samlmetadata+xml; charset=utf-8")


@pages.get("/")
def home() -> str:
    """Who is signed in here."""
    return render_template("idp_home.html", session=_session(), said="")


@pages.get("/sso")
def single_sign_on() -> Response:
    """Answer at once if the browser is signed in here, else ask for a password."""
    encoded, relay = request.args.get("SAMLRequest", ""), request.args.get("RelayState", "")
    asked = _asked(encoded)
    session = _session()
    if session is None or asked.force:
        return _form(encoded, relay, "")
    return _post_back(session, asked, relay)


@pages.post("/login")
def log_in() -> Response:
    """Check the password; a wrong one gets the form again, as 401."""
    encoded, relay = request.form.get("SAMLRequest", ""), request.form.get("RelayState", "")
    asked = _asked(encoded)
    name = request.form.get("username", "")
    person = _idp().sign_in(name, request.form.get("password", ""))
    if person is None:
        return _form(encoded, relay, name, wrong=True)
    token, session = secrets.token_urlsafe(24), Session(person, datetime.now(UTC))
    _idp().sessions[token] = session
    answer = _post_back(session, asked, relay)
    answer.set_cookie(COOKIE, token, httponly=True, samesite="Lax")
    return answer


@pages.get("/logout")
def log_out() -> Response:
    """End the session here. The service providers' own sessions live on."""
    _idp().sessions.pop(request.cookies.get(COOKIE, ""), None)
    page = render_template("idp_home.html", session=None, said="You are signed out.")
    answer = make_response(page)
    answer.delete_cookie(COOKIE)
    return answer


def _session() -> Session | None:
    return _idp().sessions.get(request.cookies.get(COOKIE, ""))


def _asked(encoded: str) -> AuthnRequest:
    """The request, if it comes from a registered service provider and names its own address."""
    asked = read_request(encoded)
    registered = _idp().service_providers.get(asked.issuer)
    if registered is None:
        raise BadRequest(f"The service provider {asked.issuer} is not registered here.")
    if asked.acs_url not in ("", registered):
        raise BadRequest(f"{asked.issuer} may not have its answers sent to {asked.acs_url}.")
    return asked


@pages.errorhandler(BadRequest)
def _refused(error: BadRequest) -> tuple[str, int]:
    return render_template("idp_refused.html", reason=str(error)), 400


def _form(encoded: str, relay: str, name: str, *, wrong: bool = False) -> Response:
    page = render_template(
        "idp_login.html", saml_request=encoded, relay_state=relay, name=name, wrong=wrong
    )
    return make_response(page, 401 if wrong else 200)


def _post_back(session: Session, asked: AuthnRequest, relay: str) -> Response:
    idp = _idp()
    xml = build_response(idp.answer(session, asked), idp.keys)
    page = render_template(
        "idp_post.html",
        acs_url=idp.service_providers[asked.issuer],
        saml_response=base64.b64encode(xml.encode()).decode(),
        relay_state=relay,
    )
    answer = make_response(page)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def create_app(
    world: World,
    *,
    base_url: str = "http://localhost:8083",
    service_providers: Mapping[str, str] | None = None,
    keys: KeyPair | None = None,
) -> Flask:
    """The provider at `base_url` for the people of `world`. Only `service_providers` (entityID to
    ACS address) are answered. Keys are made in memory unless given.
    `app.extensions["idp"]` is its state (`Idp`), where providers can be added while it runs.
    """
    app = Flask(__name__)
    app.extensions["idp"] = Idp(
        world, base_url.rstrip("/"), dict(service_providers or {}), keys or KeyPair.generate()
    )
    app.register_blueprint(pages)
    return app
