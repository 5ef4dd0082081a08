"""My Information and My Access: what the reader is and has."""

from __future__ import annotations

from collections.abc import Callable

from flask import render_template, request

from sandbox.oim.access import state
from sandbox.oim.console.catalogue import posted_item
from sandbox.oim.console.frame import Page, console, me, refused, to_submitted
from sandbox.oim.console.people import visible
from sandbox.oim.records import QUEUE, Target, User
from sandbox.oim.resource_rows import held_of, user_values
from sandbox.oim.workflow import NotPossible, Workflow

TABS = {
    "my_access_roles": ("role", "Roles"),
    "my_access_accounts": ("account", "Accounts"),
    "my_access_entitlements": ("entitlement", "Entitlements"),
    "my_access_admin_roles": ("", "Admin roles"),
}
# The names that the Java API has for taking each away.
_REMOVING = {"role": "Remove from Roles", "account": "Revoke Account",
             "entitlement": "Revoke Entitlement"}  # fmt: skip


def my_access(flow: str) -> Callable[[], Page]:
    """The page of one kind of access."""
    kind, title = TABS[flow]

    def page() -> Page:
        held = held_of(state(), me().key, kind)
        return render_template("oim/access.html", held=held, kind=kind, title=title, flow=flow,
                               tabs=TABS)  # fmt: skip

    return page


def my_admin_roles() -> Page:
    """What the reader may do for others: administrate, and decide as a member of a role."""
    flow = "my_access_admin_roles"
    return render_template("oim/admin_roles.html", roles=admin_roles(me()), flow=flow, tabs=TABS,
                           title=TABS[flow][1])  # fmt: skip


def admin_roles(user: User) -> list[tuple[str, str]]:
    """Name and meaning of each."""
    found = [("System Administrator", "Sees and administers everything")] if user.admin else []
    queues = (name.removeprefix(QUEUE) for name in state().acts_for(user) if name.startswith(QUEUE))
    return found + [(name.title(), "Decides on tasks of this role") for name in sorted(queues)]


def my_information() -> Page:
    """The reader's attributes, superior, stand-in, and reports."""
    return render_template("oim/person.html", **about(me()), title="My Information")


def about(user: User) -> dict[str, object]:
    """A user's attributes, and the people around them."""
    oim = state()
    now = oim.clock.now()
    stand_ins = [proxy.user for proxy in oim.proxies.of(user.key) if proxy.when(now) == "current"]
    return {
        "user": user,
        "values": user_values(oim, user),
        "superior": oim.users.get(user.manager_key or ""),
        "stand_ins": [oim.users[key] for key in stand_ins],
        "reports": oim.reports(user),
    }


@console.post("/identity/faces/access/<key>/remove")
def remove_access(key: str) -> Page:
    """Ask for something that oneself, or somebody who reports to oneself, has to be taken away."""
    item = posted_item()
    if item is None or key not in {user.key for user in visible(state(), me())}:
        return refused("This is nobody's access that you may have removed.", 404)
    if (item.kind, item.key) not in state().holdings.get(key, {}):
        return refused("There is no such access any more.", 409)
    why = request.form.get("justification", "").strip()
    try:
        made = Workflow(state()).submit(me(), [key], [Target(item)], why, _REMOVING[item.kind])
    except NotPossible as error:
        return refused(str(error), 409)
    return to_submitted(made)
