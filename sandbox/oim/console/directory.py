"""Manage: users, organisations, roles and their categories."""

from __future__ import annotations

from collections import Counter

from flask import render_template, request

from sandbox.oim.access import state
from sandbox.oim.console.access import about
from sandbox.oim.console.catalogue import found_items, owner_name
from sandbox.oim.console.frame import Page, console, me, refused
from sandbox.oim.console.paging import slice_of
from sandbox.oim.console.people import visible
from sandbox.oim.records import User
from sandbox.oim.resource_rows import held_of

_KINDS = {"role": "Roles", "account": "Accounts", "entitlement": "Entitlements"}


def _search() -> str:
    return request.args.get("search", "").strip()


def search_users() -> Page:
    """Those whom the reader may see, by name, login, mail, title or organisation."""
    words = _search().lower().split()
    people = [one for one in visible(state(), me()) if all(w in _text(one) for w in words)]
    return render_template("oim/users.html", users=slice_of(people), search_text=_search())


def _text(user: User) -> str:
    person = user.person
    more = (person.email, person.title, person.department) if person else ()
    return " ".join((user.display_name, user.login, *more)).lower()


@console.get("/identity/faces/users/<key>")
def show_user(key: str) -> Page:
    """A person whom the reader may see, with what they have."""
    user = next((one for one in visible(state(), me()) if one.key == key), None)
    if user is None:
        return refused("There is no such user, or you may not see them.", 404, "User not found")
    held = {title: held_of(state(), key, kind) for kind, title in _KINDS.items()}
    return render_template("oim/person.html", **about(user), title=user.display_name, held=held)


def organizations() -> Page:
    """Every organisation with its size."""
    people = [user.person for user in state().users.values() if user.person and user.active]
    sizes = Counter(person.department for person in people)
    rows = [(name, sizes[name]) for name in sorted(sizes) if _search().lower() in name.lower()]
    return render_template("oim/organizations.html", rows=rows, search_text=_search())


def roles() -> Page:
    """Every role, by words and category."""
    category = request.args.get("category", "")
    found = found_items(_search(), "role", category)
    return render_template("oim/roles.html", roles=slice_of(found), search_text=_search(),
                           category=category, owner=owner_name)  # fmt: skip


def role_categories() -> Page:
    """How many roles there are of each."""
    sizes = Counter(item.category for item in state().items.values() if item.kind == "role")
    rows = [(name, sizes[name]) for name in sorted(sizes) if _search().lower() in name.lower()]
    return render_template("oim/categories.html", rows=rows, search_text=_search())
