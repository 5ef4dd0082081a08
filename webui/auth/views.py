"""Signing in over SAML, and out again.

The question leaves with a one-time handle. The answer is posted from another site, so the
browser's cookie does not come with it: it is verified, kept under a one-time code, and collected
by the GET that follows, on which the cookie proves that it is the same browser.
"""

from datetime import timedelta

import structlog
from flask import Blueprint, Response, current_app, redirect, render_template, request, session
from flask_login import current_user
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response as AnyResponse

from broker.domain.errors import ConnectorError
from broker.store import audit, sign_in
from broker.store.sign_in import LoginRow
from webui.auth import answers
from webui.auth.gate import SIGNED_OUT
from webui.auth.saml.checks import Expected
from webui.auth.saml.identity import Identity
from webui.auth.saml.metadata import MetadataError
from webui.auth.saml.provider import ServiceProvider
from webui.auth.saml.refusal import SamlRefused
from webui.auth.saml.request import login_request, service_provider_metadata
from webui.auth.saml.verify import verify
from webui.cookies import login_cookie, session_cookie, signed_out_cookie
from webui.errors import error_page
from webui.ui.access import public
from webui.ui.context import now, the_broker, viewer
from webui.ui.paths import own_path

EXTENSION = "saml_provider"
_LOGIN_LIVES = timedelta(minutes=10)
_SIGNED_OUT_LASTS = timedelta(days=1)
_SECRET_LENGTH = 43  # what `sign_in.secret` gives
_LONGEST_HANDLE = 80  # SAML Bindings 2.0, section 3.4.3
_log = structlog.get_logger(__name__)

auth = Blueprint("auth", __name__, url_prefix="/saml")


def _provider() -> ServiceProvider:
    provider: ServiceProvider = current_app.extensions[EXTENSION]()
    return provider


@auth.errorhandler(MetadataError)
def _no_trust(error: MetadataError) -> Response:
    _log.error("sign-in is not possible", why=str(error))
    sentence = "Your company's sign-in does not answer just now. Try again in a minute."
    return error_page(503, "You cannot sign in just now", sentence, "start again")


@auth.get("/login")
@public
def login() -> AnyResponse:
    """Ask the identity provider who this is, remembering where they wanted to go."""
    wanted = own_path(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect(wanted, 303)
    cookie = login_cookie(the_broker().settings)
    # A second tab asks with the same secret, so that both can come back.
    browser = cookie.value if len(cookie.value) == _SECRET_LENGTH else sign_in.secret()
    response = redirect(_question(browser, wanted), 303)
    cookie.put(response, browser, int(_LOGIN_LIVES.total_seconds()))
    return response


def _question(browser: str, wanted: str) -> str:
    provider = _provider()
    with the_broker().sessions.begin() as rows:
        handle = sign_in.begin(rows, "", browser, wanted, now() + _LOGIN_LIVES)
        rows.flush()
        asked = login_request(provider, handle, now())
        rows.get_one(LoginRow, handle).request_id = asked.request_id
    return asked.url


@auth.post("/acs")
@public
def answer() -> AnyResponse:
    """Take the identity provider's answer, once, and keep it for the browser that asked."""
    try:
        code = _take(request.form.get("RelayState", ""), request.form.get("SAMLResponse", ""))
    except SamlRefused as refused:
        _log.warning("an answer was refused", code=refused.code, why=refused.sentence)
        return _refuse(refused.code)
    return redirect(f"/saml/acs?code={code}", 303)


def _take(handle: str, raw: str) -> str:
    broker, provider = the_broker(), _provider()
    if not 0 < len(handle) <= _LONGEST_HANDLE or "\0" in handle:
        raise SamlRefused("unknown_handle", "No sign-in was started for this answer.")
    with broker.sessions.begin() as rows:
        request_id = sign_in.claim(rows, handle, now())
    if not request_id:
        raise SamlRefused("unknown_handle", "No sign-in was started for this answer.")
    return _keep(handle, verify(raw, Expected(request_id, now()), provider))


def _keep(handle: str, identity: Identity) -> str:
    try:
        with the_broker().sessions.begin() as rows:
            sign_in.spend(
                rows, identity.idp, identity.assertion_id, identity.assertion_not_on_or_after
            )
            return sign_in.keep_answer(rows, handle, answers.kept(identity))
    except IntegrityError:
        raise SamlRefused("replay", "This answer was used before.") from None


@auth.get("/acs")
@public
def collect() -> AnyResponse:
    """Hand the kept answer to the browser that asked, as a session."""
    broker = the_broker()
    code, browser = request.args.get("code", ""), login_cookie(broker.settings).value
    with broker.sessions.begin() as rows:
        found = sign_in.collect(rows, code, browser, now()) if code and browser else None
    if found is None:
        # A reload, or the way back after signing in: they are where they wanted to be.
        return redirect("/", 303) if current_user.is_authenticated else _refuse("other_browser")
    content, wanted = found
    return _let_in(answers.read_again(content), own_path(wanted))


def _let_in(answer: answers.Answer, wanted: str) -> AnyResponse:
    broker = the_broker()
    cookie = session_cookie(broker.settings)
    try:
        secret, seconds = answers.open_session(broker, answer, cookie.value)
    except answers.NobodyKnown:
        return _refuse(
            "nobody_known",
            "We do not know you yet",
            "Your company's sign-in knows you, but the access system has no single, active person"
            " who is certainly you. The operators of the Request Broker can see why.",
        )
    except ConnectorError as error:
        _log.warning("nobody could be looked up", system=error.system, why=error.reason)
        sentence = "The access system does not answer, so we cannot look you up just now."
        return error_page(503, "You cannot sign in just now", sentence, "start again")
    session.clear()
    response = redirect(wanted, 303)
    cookie.put(response, secret, seconds)
    signed_out_cookie(broker.settings).drop(response)
    return response


def _refuse(
    reason: str,
    title: str = "That sign-in did not work",
    sentence: str = "It was too old, was used before, or was started in another browser.",
) -> Response:
    answers.note_refusal(the_broker(), reason)
    return error_page(403, title, sentence, "start again")


@auth.get("/metadata")
@public
def metadata() -> Response:
    """Who we are, for the administrator of the identity provider."""
    return Response(service_provider_metadata(_provider()), mimetype="application/samlmetadata+xml")


@auth.post("/logout")
def logout() -> AnyResponse:
    """End this browser's session here; the one at the identity provider goes on."""
    broker = the_broker()
    cookie = session_cookie(broker.settings)
    actor = audit.Actor("person", viewer().person_id or "unlinked")
    with broker.sessions.begin() as rows:
        sign_in.end_session(rows, cookie.value)
        audit.record(rows, now(), actor, "sign_out", ("person", actor.id))
    session.clear()
    response = redirect(SIGNED_OUT, 303)
    cookie.drop(response)
    signed_out_cookie(broker.settings).put(response, "yes", int(_SIGNED_OUT_LASTS.total_seconds()))
    return response


@auth.get("/signed-out")
@public
def signed_out() -> str:
    """Say what signing out did and did not do."""
    return render_template("signed_out.html")
