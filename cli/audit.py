"""`request-broker audit`: does the chain hold, and the whole of it for somebody else to keep."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from broker.store import audit
from broker.store.views import audit as views
from cli.families import command, family, with_json
from cli.installation import this_broker
from cli.terminal import Fault, complain, say, show_one

if TYPE_CHECKING:
    from cli.families import Commands


def add(commands: "Commands") -> None:
    """Add the family to the command line."""
    family_of_two = family(commands, "audit", "The audit trail and its chain of seals.")
    chain = command(
        family_of_two, "verify", verify, "Walk the whole chain; exit code 1 if it is broken."
    )
    with_json(chain)
    out = command(family_of_two, "export", export, "All events with their seals, a JSON line each.")
    out.add_argument("--out", type=Path, metavar="FILE", help="write there, not to the terminal")


def verify(args: argparse.Namespace) -> int:
    """Say how many events are sealed, and the first fault."""
    with this_broker() as broker, broker.sessions() as session:
        verdict = audit.verify(session, *broker.audit_keys)
    if args.json:
        show_one({"intact": verdict.intact, "sealed": verdict.sealed,
                  "unsealed": verdict.unsealed, "fault": verdict.fault}, as_json=True)  # fmt: skip
    elif verdict.intact:
        say(f"verified: {verdict.sealed} events are sealed and intact, {verdict.unsealed} not yet.")
    else:
        say(f"BROKEN after {verdict.sealed} sealed events: {verdict.fault}.")
    return 0 if verdict.intact else 1


def export(args: argparse.Namespace) -> int:
    """Write every event, oldest first."""
    with this_broker() as broker, broker.sessions() as session:
        if args.out is None:
            sys.stdout.writelines(_lines(session))
        else:
            complain(f"{_write(args.out, _lines(session))} events written to {args.out}.")
    return 0


def _write(path: Path, lines: Iterator[str]) -> int:
    try:
        with path.open("w", encoding="utf-8") as file:
            return sum(1 for line in lines if file.write(line))
    except OSError as error:
        raise Fault(f"{path} cannot be written: {error.strerror}.") from None


def _lines(session: Session) -> Iterator[str]:
    last = 0
    while rows := views.export(session, last):
        last = int(str(rows[-1]["id"]))
        yield from (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
