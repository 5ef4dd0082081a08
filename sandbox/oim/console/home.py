"""`/identity/faces/home?tf=…`: the documented addresses that other pages may lead to.

Developer's Guide, "Using URLs".
"""

from __future__ import annotations

from collections.abc import Callable

from flask import redirect, render_template, request, url_for

from sandbox.oim.access import state
from sandbox.oim.console import access, directory
from sandbox.oim.console.frame import Page, console, me
from sandbox.oim.console.inbox import pending_approvals
from sandbox.oim.console.requests import request_details
from sandbox.oim.console.tasks import inbox_of, views
from sandbox.oim.finding import own_requests
from sandbox.oim.records import Request, User
from sandbox.oim.rows import FINAL

_SHOWN, _URGENT = 8, 3
_LATER = {"search-users"}  # from 12c on


def overview() -> Page:
    """What is open of the reader's, and where everything else is."""
    oim = state()
    held = oim.holdings.get(me().key, {})
    return render_template(
        "oim/home.html",
        requests=own_requests(oim, me())[:_SHOWN],
        open_count=sum(_is_open_of(me(), row) for row in list(oim.requests.live.values())),
        tasks=views(oim, me(), inbox_of(oim, me()))[:_URGENT],
        held_count=len(held),
    )


def _is_open_of(user: User, row: Request) -> bool:
    return user.key in (row.requester, *row.beneficiaries) and row.status not in FINAL


FLOWS: dict[str, Callable[[], Page]] = {
    "home": overview,
    "my_information": access.my_information,
    "my_access_roles": access.my_access("my_access_roles"),
    "my_access_accounts": access.my_access("my_access_accounts"),
    "my_access_entitlements": access.my_access("my_access_entitlements"),
    "my_access_admin_roles": access.my_admin_roles,
    "approval_details": pending_approvals,
    "request_details": request_details,
    "organizations": directory.organizations,
    "roles": directory.roles,
    "role_categories": directory.role_categories,
    "search-users": directory.search_users,
}


@console.get("/identity/")
@console.get("/identity/faces/signin")
def front_door() -> Page:
    """Where people come in without an address; the sign-in is the identity provider's."""
    return redirect(url_for("oim_console.home"))


@console.get("/identity/faces/home")
def home() -> Page:
    """The task flow named by `tf`; one that nobody knows is the home page."""
    name = request.args.get("tf", "")
    known = FLOWS if state().profile == "12c" else FLOWS.keys() - _LATER
    return FLOWS[name]() if name in known else overview()
