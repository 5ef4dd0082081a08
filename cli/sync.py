"""`request-broker sync`: read from the IGA now, without waiting for a login or the timer."""

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING

from broker.context import Broker
from broker.store import people
from broker.sync import engine
from cli.families import command, family, with_json
from cli.installation import this_broker
from cli.terminal import Fault, complain, show_one

if TYPE_CHECKING:
    from cli.families import Commands


def add(commands: "Commands") -> None:
    """Add the family to the command line."""
    sync = family(commands, "sync", "Read requests and people from the IGA now.")
    one = command(sync, "person", person, "Read all that concerns one person.")
    one.add_argument("login", metavar="LOGIN", help="login in the IGA, in any case")
    with_json(one)
    with_json(command(sync, "changes", changes, "Read what may have changed for everybody."))
    with_json(command(sync, "everything", everything, "Read all people and all requests."))


def person(args: argparse.Namespace) -> int:
    """Read one person's requests and approvals."""
    with this_broker() as broker:
        person_id = _known(broker, args.login)
        return _report(engine.sync_person(broker, person_id), args)


def changes(args: argparse.Namespace) -> int:
    """Read what may have changed."""
    with this_broker() as broker:
        return _report(engine.sync_changes(broker), args)


def everything(args: argparse.Namespace) -> int:
    """Read everybody and everything."""
    complain("Reading all people, then all their requests. This may take long …")
    with this_broker() as broker:
        return _report(engine.sync_everything(broker), args)


def _known(broker: Broker, login: str) -> str:
    found = broker.iga().person(login)
    if found is None:
        raise Fault(f"{broker.settings.iga} knows nobody with the login {login}.")
    with broker.sessions.begin() as session:
        people.remember(session, broker.settings.iga, [found], broker.clock.now())
        session.flush()
        row = people.by_key(session, broker.settings.iga, found.key)
        assert row is not None
        return row.id


def _report(counts: Mapping[str, int], args: argparse.Namespace) -> int:
    show_one(counts or {"read": 0}, args.json)
    return 0
