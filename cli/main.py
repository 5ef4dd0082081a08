"""The command `request-broker`."""

import argparse
import sys
from collections.abc import Sequence

from sqlalchemy.exc import SQLAlchemyError

from broker.domain.errors import ConnectorError
from broker.settings import BadSettings
from cli import audit, database, demo, doctor, health, logs, orders, sandbox, serve, sync
from cli.terminal import Fault, complain

_FAMILIES = (demo, sandbox, serve, health, database, sync, orders, doctor, audit)
_SERVICES = {"web", "worker", "clock"}
_INTERRUPTED = 130


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="request-broker",
        description="Shows IGA requests and approvals in ServiceNow and here, and carries out"
        " ServiceNow orders in the IGA.",
        epilog="Exit codes: 0 done, 1 not done or not well, 2 wrong use or wrong settings.",
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for family in _FAMILIES:
        family.add(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. Faults are one line each, never a traceback."""
    args = parser().parse_args(arguments)
    logs.configure(talkative=args.command in _SERVICES)
    try:
        code: int = args.run(args)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except (BadSettings, Fault, ConnectorError, SQLAlchemyError, OSError) as error:
        return _explain(error)
    return code


def _explain(error: Exception) -> int:
    if isinstance(error, BadSettings):
        complain("\n".join(error.faults))
        return 2
    if isinstance(error, BrokenPipeError):
        sys.stderr.close()
        return 1
    complain((str(error) or type(error).__name__).splitlines()[0])
    return error.code if isinstance(error, Fault) else 1


if __name__ == "__main__":
    sys.exit(main())
