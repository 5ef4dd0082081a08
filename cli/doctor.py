"""`request-broker doctor`: what is wrong with this installation, in sentences."""

import argparse
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from redis import Redis
from sqlalchemy.exc import SQLAlchemyError

from broker.bootstrap import build
from broker.context import Broker
from broker.domain.errors import ConnectorError
from broker.store import migrations
from cli.families import command, with_json
from cli.installation import NobodyToWake, closing, redis_url, revision_of
from cli.terminal import Record, say, show

if TYPE_CHECKING:
    from cli.families import Commands

_ABOUT = (
    "Check this installation: every setting is readable and valid; the database answers and has the"
    " newest tables; Redis answers and never evicts; each connection (IGA and desk) answers and"
    " takes our account. Exit code 1 if anything is wrong, 2 if a setting is."
)


def add(commands: "Commands") -> None:
    """Add the command to the command line."""
    with_json(command(commands, "doctor", run, _ABOUT))


def run(args: argparse.Namespace) -> int:
    """Look at everything; one line each."""
    with closing(build(bell=NobodyToWake())) as broker:
        found = list(findings(broker))
    if args.json:
        show(found, as_json=True, nothing="")
    else:
        for finding in found:
            say(f"{'ok    ' if finding['ok'] else 'WRONG '} {finding['what']}: {finding['says']}")
    return 0 if all(finding["ok"] for finding in found) else 1


def findings(broker: Broker) -> Iterator[Record]:
    """What each part says about itself."""
    yield _finding("settings", lambda: "every setting is valid.")
    yield _finding("database", lambda: _database(broker))
    yield _finding("redis", _redis)
    for iga in broker.igas.values():
        yield _finding(iga.name, iga.check)
    for desk in broker.desks.values():
        yield _finding(desk.name, desk.check)


class _Wrong(Exception):
    """A part is not as it should be."""


def _finding(what: str, look: Callable[[], str]) -> Record:
    try:
        return {"what": what, "ok": True, "says": look()}
    except (_Wrong, ConnectorError, SQLAlchemyError) as error:
        return {"what": what, "ok": False, "says": str(error).splitlines()[0]}


def _database(broker: Broker) -> str:
    has, needs = revision_of(broker), migrations.newest()
    if has != needs:
        raise _Wrong(f"at revision {has or 'none'}, not {needs}: run request-broker db upgrade.")
    return f"up to date, revision {has}."


def _redis() -> str:
    from jobs.worker import redis_fault

    url = redis_url()
    if url is None:
        return "not set: the queue runs inside request-broker web."
    if fault := redis_fault(Redis.from_url(url)):
        raise _Wrong(fault)
    return "answers and never evicts."
