"""Which people somebody sees, and finding one by what others would type."""

from __future__ import annotations

from sandbox.oim.access import state
from sandbox.oim.records import QUEUE, Oim, User
from sandbox.oim.workflow import NotPossible


def visible(oim: Oim, user: User) -> list[User]:
    """Oneself and one's direct reports, by name; an administrator sees everybody."""
    found = oim.users.values() if user.admin else (user, *oim.reports(user))
    return sorted(found, key=lambda one: (one.display_name, int(one.key)))


def find_person(text: str) -> User:
    """The active user with this login, e-mail address or full name, in any case. Raises
    NotPossible where that is nobody, or more than one.
    """
    wanted = text.strip().lower()
    named = [user for user in state().users.values() if user.active and wanted in _names(user)]
    if not wanted or len(named) != 1:
        fault = "Several people have this name" if len(named) > 1 else "Nobody has this name"
        raise NotPossible(f"{fault}: {text.strip() or '(empty)'}. Please give a login.")
    return named[0]


def find_assignee(text: str) -> str:
    """The usr_key of a person, or `role:NAME` of a role that decides; raises NotPossible."""
    role = text.strip().upper()
    if role in {queue.upper() for queue in state().world.queues}:
        return f"{QUEUE}{role}"
    return find_person(text).key


def _names(user: User) -> tuple[str, ...]:
    mail = user.person.email if user.person else ""
    return user.login.lower(), user.display_name.lower(), mail.lower()
