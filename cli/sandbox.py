"""`request-broker sandbox`: the servers that behave like the products, on loopback."""

import argparse
import importlib.util
import os
import sys
from typing import TYPE_CHECKING

from cli.families import command
from cli.terminal import Fault

if TYPE_CHECKING:
    from cli.families import Commands

_OPTIONS = {
    "--port": "port; `all` takes three in a row, from here",
    "--people": "how many people the company has",
    "--requests": "how many requests its history has",
    "--seed": "another number, another company",
    "--latency": "how many milliseconds every answer takes longer",
    "--open-share": "which part of the history is still open, 0 to 1",
    "--faults": "faults and switches by commas: busy, oim:down, shuffled-ties, oim:profile-12c;"
    " random=0.02 mixes the faults; a wrong name lists them all",
    "--broker-url": "where the broker answers",
}


def add(commands: "Commands") -> None:
    """Add the command to the command line."""
    parser = command(
        commands, "sandbox", run, "Serve stand-ins for ServiceNow, OIM and a SAML IdP, on loopback."
    )
    parser.add_argument("product", choices=["servicenow", "oim", "idp", "all"])
    for option, about in _OPTIONS.items():
        parser.add_argument(option, help=about, metavar="VALUE")


def run(args: argparse.Namespace) -> int:
    """Become the sandbox: it is a program of its own that knows nothing of the broker."""
    if importlib.util.find_spec("sandbox") is None:
        raise Fault("The sandbox is not part of this installation: it comes with the sources.")
    command = [sys.executable, "-m", "sandbox", args.product, *_given(args)]
    os.execv(sys.executable, command)  # noqa: S606 - our own interpreter, no shell


def _given(args: argparse.Namespace) -> list[str]:
    values = {option: getattr(args, option.strip("-").replace("-", "_")) for option in _OPTIONS}
    return [
        word for option, value in values.items() if value is not None for word in (option, value)
    ]
