"""The cart: several items, for several people, with dates, as one request."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlencode

from flask import redirect, render_template, request, url_for

from sandbox.oim.access import state
from sandbox.oim.console.catalogue import posted_item
from sandbox.oim.console.frame import Page, console, me, refused, say, session, to_submitted
from sandbox.oim.console.people import find_person, visible
from sandbox.oim.console_session import Cart, CartLine
from sandbox.oim.records import Target
from sandbox.oim.workflow import NotPossible, Workflow

_ADDRESS = "/identity/faces/cart"


def _cart() -> Cart:
    return session().cart


def _back() -> Page:
    return redirect(url_for("oim_console.cart"), 303)


@console.get(_ADDRESS)
def cart() -> Page:
    """What is in the cart, and for whom; by default for oneself."""
    people = [state().users[key] for key in _cart().people or [me().key]]
    others = [user for user in visible(state(), me()) if user.active and user not in people]
    return render_template("oim/cart.html", cart=_cart(), people=people, others=others)


@console.post(_ADDRESS)
def change_cart() -> Page:
    """Do what the pressed button says; what was typed elsewhere in the form is kept."""
    action, _, which = request.form.get("do", "").partition(":")
    steps = {"add": _add, "drop": _drop, "join": _join, "leave": _leave, "submit": _submit}
    try:
        if action != "add":
            _keep_typed()
        return steps[action](which) if action in steps else _back()
    except NotPossible as error:
        return refused(str(error), 409)


def _keep_typed() -> None:
    _cart().justification = request.form.get("justification", "").strip()
    for line in _cart().lines:
        place = f"{line.item.kind}:{line.item.key}"
        line.start = request.form.get(f"start-{place}", "")
        line.end = request.form.get(f"end-{place}", "")


def _add(_: str) -> Page:
    item = posted_item()
    if item is None:
        raise NotPossible("The catalogue has no such item.")
    if all(line.item != item for line in _cart().lines):
        _cart().lines.append(CartLine(item))
    say(f"{item.display_name} is in your cart.")
    return redirect(_catalogue_again(), 303)


def _catalogue_again() -> str:
    """The page of the catalogue from which something was added."""
    names = ("search", "kind", "category", "page")
    asked = {name: request.form[name] for name in names if request.form.get(name)}
    return f"{url_for('oim_console.catalogue')}?{urlencode(asked)}"


def _drop(which: str) -> Page:
    lines = _cart().lines
    lines[:] = [line for line in lines if f"{line.item.kind}:{line.item.key}" != which]
    return _back()


def _join(_: str) -> Page:
    person = find_person(request.form.get("person", ""))
    if person not in visible(state(), me()):
        raise NotPossible("You may request for yourself and for those who report to you.")
    people = _cart().people or [me().key]
    _cart().people = [*people, *([] if person.key in people else [person.key])]
    return _back()


def _leave(which: str) -> Page:
    people = _cart().people or [me().key]
    _cart().people = [key for key in people if key != which] or [me().key]
    return _back()


def _submit(_: str) -> Page:
    cart = _cart()
    targets = [Target(line.item, _day(line.start), _day(line.end)) for line in cart.lines]
    people = cart.people or [me().key]
    made = Workflow(state()).submit(me(), people, targets, cart.justification)
    session().cart = Cart()
    return to_submitted(made)


def _day(text: str) -> str | None:
    """A date as a browser's field sends it; raises NotPossible for anything else."""
    try:
        return date.fromisoformat(text).isoformat() if text else None
    except ValueError as error:
        raise NotPossible(f"{text} is no date. Please write it as 2026-12-31.") from error
