"""The console's sign-in over SAML, keeping the address that was asked for.

The identity provider's cross-site POST carries no Lax cookie, so the answer is kept under a
one-time handle and finished by a GET, where the cookie proves that it is the browser that asked.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for
from onelogin.saml2.authn_request import OneLogin_Saml2_Authn_Request
from onelogin.saml2.errors import OneLogin_Saml2_Error
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from werkzeug.wrappers import Response as AnyResponse

from sandbox.oim.access import state
from sandbox.oim.console_session import Session
from sandbox.oim.records import User

COOKIE, ASKING_COOKIE = "OIM_SESSION", "OIM_ASKING"
HOME = "/identity/faces/home"
_METADATA_SECONDS = 5


@dataclass
class _Asking:
    """A sign-in under way: what we asked for, and where the browser wants to go."""

    request_id: str
    browser: str
    target: str
    user: User | None = None


class SignIns:
    """Sessions and sign-ins under way, and the settings of this service provider."""

    def __init__(self, base_url: str, metadata_url: str) -> None:
        self.base_url = base_url
        self.entity_id, self.acs_url = service_provider(base_url)
        self._metadata_url = metadata_url
        self._settings: OneLogin_Saml2_Settings | None = None
        self.sessions: dict[str, Session] = {}
        self.asking: dict[str, _Asking] = {}

    @property
    def settings(self) -> OneLogin_Saml2_Settings:
        """Strict settings; the identity provider's part is read when it is first needed."""
        if self._settings is None:
            parsed = OneLogin_Saml2_IdPMetadataParser.parse_remote(
                self._metadata_url, timeout=_METADATA_SECONDS
            )
            self._settings = OneLogin_Saml2_Settings(self._configured(parsed["idp"]))
        return self._settings

    def _configured(self, identity_provider: dict[str, Any]) -> dict[str, Any]:
        security = ("wantAssertionsSigned", "wantMessagesSigned", "rejectDeprecatedAlgorithm",
                    "allowSingleLabelDomains")  # fmt: skip
        return {
            "strict": True,
            "sp": {"entityId": self.entity_id, "assertionConsumerService": {"url": self.acs_url}},
            "idp": identity_provider,
            "security": dict.fromkeys(security, True) | {"requestedAuthnContext": False},
        }


def service_provider(base_url: str) -> tuple[str, str]:
    """This console's entityID and ACS address, for the identity provider's list."""
    return f"{base_url}/identity/saml/metadata", f"{base_url}/identity/saml/acs"


sign_in = Blueprint("oim_sign_in", __name__, template_folder="templates", static_folder="static",
                    static_url_path="/identity/static")  # fmt: skip


def _sign_ins() -> SignIns:
    found: SignIns = current_app.extensions["oim_sign_ins"]
    return found


def current() -> Session | None:
    """The session of this browser, if there is one; it ends with its user's account."""
    found = _sign_ins().sessions.get(request.cookies.get(COOKIE, ""))
    user = state().users.get(found.key) if found else None
    return found if user is not None and user.active else None


def ask_to_sign_in() -> AnyResponse:
    """Send the browser to the identity provider, remembering path and query."""
    sign_ins = _sign_ins()
    asked = OneLogin_Saml2_Authn_Request(sign_ins.settings)
    handle, browser = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    sign_ins.asking[handle] = _Asking(asked.get_id(), browser, _target())
    answer = redirect(_with_query(sign_ins.settings.get_idp_sso_url(), asked.get_request(), handle))
    answer.set_cookie(ASKING_COOKIE, browser, httponly=True, samesite="Lax", max_age=600)
    return answer


def _target() -> str:
    """Where to go afterwards; a form that was posted cannot be repeated, so it leads home.

    Whether a gate in front of the console keeps the query is for its site to say: a switch.
    """
    if request.method != "GET":
        return HOME
    query = request.query_string.decode()
    kept = query and state().switches.query_kept_at_sign_in
    return f"{request.path}?{query}" if kept else request.path


def _with_query(url: str, saml_request: str, relay_state: str) -> str:
    return f"{url}?{urlencode({'SAMLRequest': saml_request, 'RelayState': relay_state})}"


@sign_in.get("/identity/saml/metadata")
def metadata() -> Response:
    """This console as a service provider."""
    text = _sign_ins().settings.get_sp_metadata()
    return Response(text, content_type="application/samlmetadata+xml")


@sign_in.post("/identity/saml/acs")
def receive_answer() -> tuple[str, int] | AnyResponse:
    """Check the identity provider's answer, then let the browser prove itself by a GET."""
    sign_ins = _sign_ins()
    handle = request.form.get("RelayState", "")
    asking = sign_ins.asking.get(handle)
    if asking is None or asking.user is not None:
        return _refused("This sign-in is no longer open. Please start again.", 403)
    response, fault = _checked(asking.request_id)
    if fault:
        return _refused(f"The identity provider's answer was refused: {fault}", 403)
    uid = (response.get_attributes().get("uid") or [""])[0]
    user = state().user_of(uid)
    if user is None or not user.active:
        return _refused("You have no active account in Identity Manager.", 403)
    asking.user = user
    return redirect(url_for("oim_sign_in.finish", handle=handle), 303)


def _checked(request_id: str) -> tuple[OneLogin_Saml2_Response, str]:
    sign_ins = _sign_ins()
    address = urlsplit(sign_ins.acs_url)
    data = {
        "https": "on" if address.scheme == "https" else "off",
        "http_host": address.netloc,
        "script_name": address.path,
        "get_data": {},
        "post_data": request.form.to_dict(),
    }
    try:
        response = OneLogin_Saml2_Response(sign_ins.settings, request.form.get("SAMLResponse", ""))
    except (OneLogin_Saml2_Error, ValueError) as error:
        return None, str(error)
    fine = response.is_valid(data, request_id=request_id)
    return response, "" if fine else str(response.get_error())


@sign_in.get("/identity/saml/finish")
def finish() -> tuple[str, int] | AnyResponse:
    """Start the session, in the browser that asked for it only."""
    sign_ins = _sign_ins()
    asking = sign_ins.asking.pop(request.args.get("handle", ""), None)
    browser = request.cookies.get(ASKING_COOKIE, "")
    if asking is None or asking.user is None or asking.browser != browser:
        return _refused("This sign-in was started in another browser.", 403)
    token = secrets.token_urlsafe(24)
    sign_ins.sessions[token] = Session(asking.user.key, secrets.token_urlsafe(24))
    answer = redirect(asking.target, 303)
    answer.set_cookie(COOKIE, token, httponly=True, samesite="Lax")
    answer.delete_cookie(ASKING_COOKIE)
    return answer


@sign_in.get("/identity/faces/signout")
def sign_out() -> Response:
    """End the session here; the identity provider's lives on."""
    _sign_ins().sessions.pop(request.cookies.get(COOKIE, ""), None)
    answer = Response(render_template("oim/message.html", title="You are signed out", text=""))
    answer.delete_cookie(COOKIE)
    return answer


def _refused(reason: str, status: int) -> tuple[str, int]:
    return render_template("oim/message.html", title="No access", text=reason), status
