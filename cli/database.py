"""`request-broker db`: bring the tables up to date, or say whether they are."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import make_url

from broker import settings
from broker.restored import after_restore
from broker.store import base, migrations
from broker.store.audit import Actor
from cli.families import command, family, with_json
from cli.installation import this_broker
from cli.terminal import say, show_one

if TYPE_CHECKING:
    from cli.families import Commands


def add(commands: "Commands") -> None:
    """Add the family to the command line."""
    db = family(commands, "db", "The database: its tables and their revision.")
    command(db, "upgrade", upgrade, "Bring the tables to the revision that this version needs.")
    command(
        db, "check", check, "Say whether the tables are up to date; exit code 1 when they are not."
    )
    after = "After a restore from a back-up, before the start: end what must not live again."
    with_json(command(db, "restored", restored, after))


def upgrade(_: argparse.Namespace) -> int:
    """Run what is missing, as the database's owner if one is set."""
    found = settings.load()
    make_folder(found.database_url)
    owner = found.database_owner_url
    role = make_url(found.database_url).username if owner else None
    migrations.upgrade(owner or found.database_url, role)
    say(f"The database is at revision {migrations.newest()}.")
    return 0


def restored(args: argparse.Namespace) -> int:
    """Make a restored database fit for the world as it is now."""
    with this_broker() as broker:
        report = after_restore(broker, Actor("system", "command-line"))
    if args.json:
        show_one(asdict(report), as_json=True)
        return 0
    say(f"{report.sessions_ended} sessions ended, {report.claims_freed} claims freed.")
    say(f"{report.orders_to_ask_about} orders are under way: the desk is asked before any is sent.")
    say(f"{report.requests_to_mirror} open requests are read again and mirrored again.")
    say("Start the broker now; have the orders since the back-up posted again at the desk.")
    return 0


def check(_: argparse.Namespace) -> int:
    """Compare the database with what this version needs."""
    url = settings.load().database_url
    make_folder(url)
    engine = base.open_store(url)
    has, needs = migrations.revision_of(engine), migrations.newest()
    engine.dispose()
    if has != needs:
        say(f"The database is at revision {has or 'none'}, this version needs {needs}.")
        return 1
    return _compare(url, has)


def _compare(url: str, revision: str | None) -> int:
    differences = migrations.differences(url)
    for difference in differences:
        say(f"Not as this version expects it: {difference}")
    if not differences:
        say(f"The database is up to date: revision {revision}.")
    return 1 if differences else 0


def make_folder(url: str) -> None:
    """The folder in which an SQLite file will be made."""
    parts = make_url(url)
    if parts.drivername.startswith("sqlite") and parts.database not in (None, "", ":memory:"):
        Path(str(parts.database)).parent.mkdir(parents=True, exist_ok=True)
