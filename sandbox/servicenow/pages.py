"""The pages people see: sign-in, the portal, a requested item, an approval, ordering.

Paths as ServiceNow's own (docs, "Service Portal"); everybody sees only what is theirs.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.servicenow import portal
from sandbox.servicenow.accounts import Account
from sandbox.servicenow.answers import instance
from sandbox.servicenow.delegations import may_decide
from sandbox.servicenow.ordering import OrderRefused, place_order, questions_of
from sandbox.servicenow.records import Row
from sandbox.servicenow.sessions import COOKIE

blueprint = Blueprint("pages", __name__)
Page = str | AnyResponse


@blueprint.get("/")
def home() -> Page:
    """The portal is the front page."""
    return redirect("/sp")


@blueprint.get("/login.do")
def login_page() -> Page:
    """The sign-in form."""
    return _login_form()


@blueprint.post("/login.do")
def login() -> Page:
    """Sign in; this raises the `login` event on which the scoped app's script action runs."""
    user_name = request.form.get("user_name", "").strip()
    account = instance().accounts.check(user_name, request.form.get("user_password", ""))
    address = request.remote_addr or ""
    if account is None:
        instance().automation.raise_event("login.failed", user_name, address)
        return Response(_login_form(failed=True), 401)
    instance().signed_in(account.user_name, address)
    made = redirect(_local(request.form.get("sysparm_goto_url", "")), 302)
    key = instance().sessions.start(account.user_name)
    made.set_cookie(COOKIE, key, httponly=True, samesite="Lax")
    made.set_cookie("JSESSIONID", secrets.token_hex(16).upper(), httponly=True, samesite="Lax")
    return made


@blueprint.get("/logout.do")
def logout() -> Page:
    """Sign out."""
    instance().sessions.end(request.cookies.get(COOKIE))
    made = redirect("/login.do")
    made.delete_cookie(COOKIE)
    return made


@blueprint.get("/nav_to.do")
def navigate() -> Page:
    """The classic deep link: leads to the page in `uri`."""
    return redirect(_local(request.args.get("uri", "")))


@blueprint.get("/sc_req_item.do")
def classic_item() -> Page:
    """The classic form's address of a requested item."""
    sys_id = request.args.get("sys_id", "")
    return redirect("/sp?" + urlencode({"id": "ticket", "table": "sc_req_item", "sys_id": sys_id}))


@blueprint.get("/sp")
def service_portal() -> Page:
    """The portal; `id` names the page."""
    account = _signed_in()
    if account is None:
        return redirect("/login.do?" + urlencode({"sysparm_goto_url": request.full_path}))
    page = _PAGES.get(request.args.get("id", ""), _index)
    return page(account)


@blueprint.post("/sp/approvals/<sys_id>")
def decide(sys_id: str) -> Page:
    """Approve or reject what was asked of oneself, or of somebody for whom one stands in."""
    account = _form_sender()
    row = instance().records.find("sysapproval_approver", sys_id)
    if row is None or not may_decide(instance().records, account.sys_id, row):
        abort(404)
    state = request.form.get("action", "")
    if state not in ("approved", "rejected") or row["state"] != "requested":
        abort(409)
    values = {"state": state, "comments": request.form.get("comments", "")}
    instance().records.update("sysapproval_approver", sys_id, values, account.user_name)
    return redirect("/sp", 303)


@blueprint.post("/sp/order/<sys_id>")
def order(sys_id: str) -> Page:
    """Order a catalogue item for oneself."""
    account = _form_sender()
    item = _catalogue_item(sys_id)
    names = [question["name"] for question in questions_of(instance().records, sys_id)]
    answers = {name: request.form.get(name, "") for name in names}
    try:
        made = place_order(instance(), account, item, account.sys_id, answers)
    except OrderRefused as error:
        return Response(_order_form(account, item, str(error)), 400)
    ritm = instance().records.where("sc_req_item", request=made["sys_id"])[0]
    return redirect(portal.ticket_link(ritm), 303)


def _index(account: Account) -> str:
    return _render("portal.html", account, **portal.index(instance(), account))


def _ticket(account: Account) -> str:
    row = instance().records.find("sc_req_item", request.args.get("sys_id", ""))
    if row is None or not instance().access.may_read(account, "sc_req_item", row):
        abort(404)
    return _render("ticket.html", account, **portal.ticket(instance(), account, row))


def _approval(account: Account) -> str:
    row = instance().records.find("sysapproval_approver", request.args.get("sys_id", ""))
    if row is None or not may_decide(instance().records, account.sys_id, row):
        abort(404)
    shown = portal.approval(instance(), row, account)
    return _render("approval.html", account, approval=shown)


def _catalogue(account: Account) -> str:
    words, category = request.args.get("search", ""), request.args.get("category", "")
    found = portal.catalogue(instance(), words, category, request.args.get("page", 1, int))
    return _render("catalogue.html", account, **found)


def _order_page(account: Account) -> str:
    return _order_form(account, _catalogue_item(request.args.get("sys_id", "")))


def _order_form(account: Account, item: Row, problem: str = "") -> str:
    questions = portal.questions(instance(), item)
    return _render("order.html", account, item=item, questions=questions, problem=problem)


_PAGES: dict[str, Callable[[Account], str]] = {
    "ticket": _ticket,
    "approval": _approval,
    "sc_home": _catalogue,
    "sc_cat_item": _order_page,
}


def _catalogue_item(sys_id: str) -> Row:
    row = instance().records.find("sc_cat_item", sys_id)
    if row is None or row["active"] != "true":
        abort(404)
    return row


def _signed_in() -> Account | None:
    session = instance().sessions.find(request.cookies.get(COOKIE))
    return instance().accounts.account(session.user_name) if session else None


def _form_sender() -> Account:
    """Who sent this form; a form without the session's token is not theirs."""
    account = _signed_in()
    if account is None:
        abort(401)
    if not secrets.compare_digest(_form_token(), request.form.get("sysparm_ck", "")):
        abort(403)
    return account


def _form_token() -> str:
    session = instance().sessions.find(request.cookies.get(COOKIE))
    return session.form_token if session else ""


def _login_form(*, failed: bool = False) -> str:
    goto = request.values.get("sysparm_goto_url", "")
    return render_template(
        "login.html", failed=failed, goto=goto, company=current_app.config["COMPANY"], account=None
    )


def _render(template: str, account: Account, **values: object) -> str:
    row = instance().records.find("sys_user", account.sys_id)
    name = row["name"] if row else account.user_name
    company = current_app.config["COMPANY"]
    return render_template(
        template, account=account, me=name, company=company, form_token=_form_token(), **values
    )


def _local(target: str) -> str:
    """A path of this instance; anything that leads elsewhere becomes the portal."""
    parts = urlsplit(target)
    path = parts.path if parts.path.startswith("/") else f"/{parts.path}"
    if parts.scheme or parts.netloc or not parts.path or path.startswith(("//", "/\\")):
        return "/sp"
    return f"{path}?{parts.query}" if parts.query else path
