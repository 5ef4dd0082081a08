"""`request-broker doctor`: what is wrong with this installation, in sentences."""

import argparse
import os
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from broker.bootstrap import build
from broker.doctor import Finding, Level, examine, looks
from broker.settings import BadSettings
from cli.families import command, with_json
from cli.installation import NobodyToWake, closing
from cli.terminal import Record, say, show

if TYPE_CHECKING:
    from cli.families import Commands

_ABOUT = (
    "Check this installation, all of it, and say what to do: settings and secrets, database and"
    " its tables, Redis and its workers, every connection with its account and its clock, sign-in"
    " over SAML and its certificates, disks. Exit code 1 if anything is wrong, 2 if a setting is."
)
_PATIENCE_SECONDS = 14.0
_MARKS = {Level.OK: "ok", Level.NOTE: "note", Level.WARNING: "warning", Level.WRONG: "WRONG"}


def add(commands: "Commands") -> None:
    """Add the command to the command line."""
    with_json(command(commands, "doctor", run, _ABOUT))


def run(args: argparse.Namespace) -> int:
    """Look at everything; one line each."""
    try:
        found, code = _look()
    except BadSettings as bad:
        found, code = [Finding("settings", Level.WRONG, fault) for fault in bad.faults], 2
    if args.json:
        show([_record(finding) for finding in found], as_json=True, nothing="")
    else:
        _tell(found)
    return code


def _look() -> tuple[list[Finding], int]:
    from webui.auth.doctor import sign_in

    with closing(build(bell=NobodyToWake())) as broker:
        everything = looks(broker, os.environ) | {"sign-in": lambda: sign_in(broker.settings)}
        found = examine(everything, _PATIENCE_SECONDS)
    return found, int(any(finding.level is Level.WRONG for finding in found))


def _tell(found: Sequence[Finding]) -> None:
    for finding in found:
        say(f"{_MARKS[finding.level]:<8}{finding.what}: {finding.says}")
    counts = Counter(finding.level for finding in found)
    bad = [(counts[Level.WRONG], "wrong"), (counts[Level.WARNING], "to be looked at soon")]
    said = ", ".join(f"{count} {word}" for count, word in bad if count)
    say(f"\n{said}." if said else "\nAll is well.")


def _record(finding: Finding) -> Record:
    is_ok = finding.level is not Level.WRONG
    return {"what": finding.what, "level": finding.level, "ok": is_ok, "says": finding.says}
