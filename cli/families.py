"""What every family of commands shares: how its parsers are made."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - has no other name

Run = Callable[[argparse.Namespace], int]


def command(
    commands: "Commands", name: str, run: Run | None, about: str
) -> argparse.ArgumentParser:
    """A command with its one-sentence description; `run` returns the exit code."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=about, description=about)
    if run is not None:
        parser.set_defaults(run=run)
    return parser


def family(commands: "Commands", name: str, about: str) -> "Commands":
    """A command that has commands of its own, of which one must be chosen."""
    parser = command(commands, name, None, about)
    return parser.add_subparsers(metavar="COMMAND", required=True)


def with_json(parser: argparse.ArgumentParser) -> None:
    """The switch of every command that prints data."""
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
