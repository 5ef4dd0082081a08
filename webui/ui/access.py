"""Marks that views carry. The gate reads them: what has no mark needs a session."""

from collections.abc import Callable
from typing import Any, TypeVar

from broker.domain.visibility import Role

View = TypeVar("View", bound=Callable[..., Any])


def public(view: View) -> View:
    """Open to everybody, signed in or not."""
    view.is_public = True  # type: ignore[attr-defined]  # a mark on the function
    return view


def needs(role: Role) -> Callable[[View], View]:
    """Open to people with this role only."""

    def mark(view: View) -> View:
        view.needed_role = role  # type: ignore[attr-defined]  # a mark on the function
        return view

    return mark


def is_public(view: Callable[..., Any]) -> bool:
    """Whether the view carries the mark of `public`."""
    return getattr(view, "is_public", False)


def needed_role(view: Callable[..., Any]) -> Role | None:
    """The role that the view asks for, if any."""
    return getattr(view, "needed_role", None)
