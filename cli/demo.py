"""`request-broker demo`: the whole product with the sandbox, on loopback, from an empty folder."""

import argparse
import contextlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli import demo_settings
from cli.children import Child, Children
from cli.families import command
from cli.terminal import Fault, say

if TYPE_CHECKING:
    from types import FrameType

    from cli.families import Commands

ROOT = Path(__file__).resolve().parent.parent
_START_SECONDS = 60.0
_USUAL_PORT = 8080
_FIRST_PORT, _LAST_PORT = 20000, 32000
# Options of the stand-ins. The demo's company is as large as one that would want this product; the
# check walks through a small one, for it must not wait until thousands of people are linked.
_FULL = {"people": 5000, "requests": 12000, "open-share": 0.03}
_SMALL = {"people": 120, "requests": 400, "open-share": 0.1}


@dataclass(frozen=True, slots=True)
class Addresses:
    """Four ports in a row. The IdP has another host name, so that sign-in is cross-site."""

    port: int

    @property
    def broker(self) -> str:
        """Our own pages."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def servicenow(self) -> str:
        """The sandbox's ServiceNow."""
        return f"http://127.0.0.1:{self.port + 1}"

    @property
    def oim(self) -> str:
        """The sandbox's OIM."""
        return f"http://127.0.0.1:{self.port + 2}"

    @property
    def idp(self) -> str:
        """The sandbox's identity provider."""
        return f"http://localhost:{self.port + 3}"


def add(commands: "Commands") -> None:
    """Add the command to the command line."""
    parser = command(
        commands,
        "demo",
        run,
        "Run the whole product with stand-ins for ServiceNow, OIM and the IdP, on loopback.",
    )
    parser.add_argument("--port", type=int, help="first of four ports in a row (8080)")
    parser.add_argument("--people", type=int, help="how many people the company has (5000)")
    parser.add_argument("--requests", type=int, help="how many requests its history has (12000)")
    parser.add_argument(
        "--check",
        action="store_true",
        help="walk the main job without a person, on free ports; exit code 0 if every step works",
    )


def run(args: argparse.Namespace) -> int:
    """Start everything, then wait for Ctrl-C or walk; nothing is left running."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    if args.check:
        return _check(Addresses(args.port or free_ports()), _company(args))
    return _demo(Addresses(args.port or _USUAL_PORT), _company(args))


def _company(args: argparse.Namespace) -> list[str]:
    """How large the stand-ins' company is, as they are told."""
    asked = {"people": args.people, "requests": args.requests}
    sizes = (_SMALL if args.check else _FULL) | {k: v for k, v in asked.items() if v is not None}
    return [word for name, size in sizes.items() for word in (f"--{name}", str(size))]


def _demo(at: Addresses, company: Sequence[str]) -> int:
    # Another port, another world: several demos can run beside each other.
    folder = ROOT / "var" / ("demo" if at.port == _USUAL_PORT else f"demo-{at.port}")
    try:
        with product(at, folder, company=company) as children:
            say(_guide(at))
            children.watch()
    except KeyboardInterrupt:
        say("Stopped.")
    if at.port != _USUAL_PORT:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _check(at: Addresses, company: Sequence[str]) -> int:
    folder = ROOT / "var" / f"demo-check-{at.port}"
    began = time.monotonic()
    with product(at, folder, company=company) as children:
        say(f"ok {time.monotonic() - began:5.1f} s  start")
        code = subprocess.call(walk_command(at), cwd=ROOT, stdin=subprocess.DEVNULL)  # noqa: S603 - our own module
        if code:
            children.explain()
    if code == 0:
        shutil.rmtree(folder)
        say(f"The main job works, from end to end, in {time.monotonic() - began:.1f} s.")
    return code


def walk_command(at: Addresses) -> list[str]:
    """The walk, as a program of its own."""
    addresses = {"broker": at.broker, "servicenow": at.servicenow, "oim": at.oim, "idp": at.idp}
    options = [word for name, url in addresses.items() for word in (f"--{name}", url)]
    return [sys.executable, "-m", "cli.walk", *options]


@contextlib.contextmanager
def product(
    at: Addresses,
    folder: Path,
    broker: str = "cli.main",
    outside: str = "sandbox",
    company: Sequence[str] = (),
) -> Iterator[Children]:
    """Everything running, in a world that is new. `broker` is the module with its command line,
    `outside` the one with that of the stand-ins, `company` further options of theirs.
    """
    demand_free(at)
    environment = demo_settings.prepare(
        folder, broker=at.broker, servicenow=at.servicenow, oim=at.oim, idp=at.idp
    )
    me = [sys.executable, "-m"]
    children = Children(folder, environment)
    try:
        say("Starting the stand-ins for ServiceNow, OIM and the identity provider …")
        sandbox = [*me, outside, "all", "--port", str(at.port + 1), "--broker-url", at.broker]
        started = children.start("sandbox", [*sandbox, "--parent-pipe", *company])
        say("Making the database …")
        children.do("database", [*me, "cli.main", "db", "upgrade"])
        await_ready(started, 3)
        say("Starting the broker …")
        web = [*me, broker, "web", "--port", str(at.port), "--parent-pipe"]
        await_ready(children.start("broker", web), 1)
        yield children
    finally:
        children.stop()


def await_ready(child: Child, lines: int) -> None:
    """Until the child has said so many times that it is ready."""
    until = time.monotonic() + _START_SECONDS
    while child.text().count("ready ") < lines:
        if child.ended():
            raise Fault(f"The {child.name} ended at once. Its last words:\n{child.tail()}")
        if time.monotonic() > until:
            raise Fault(
                f"The {child.name} did not start in {_START_SECONDS:g} seconds: see {child.log}."
            )
        time.sleep(0.05)


def demand_free(at: Addresses) -> None:
    """Fault if somebody listens on one of the four ports."""
    for port in range(at.port, at.port + 4):
        if not _is_free(port):
            raise Fault(
                f"Port {port} is taken: end what listens there, or choose four others with --port."
            )


def free_ports() -> int:
    """The first of four ports in a row that nobody uses, away from the demo's own."""
    for _ in range(200):
        first = random.randrange(_FIRST_PORT, _LAST_PORT, 4)  # noqa: S311 - any free port will do
        if all(_is_free(port) for port in range(first, first + 4)):
            return first
    raise Fault("No four ports in a row are free on this machine.")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a port that somebody has just left is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _guide(at: Addresses) -> str:
    return f"""
The demo is ready.

  Request Broker   {at.broker}
  ServiceNow       {at.servicenow}/login.do
  OIM              {at.oim}/identity/faces/home
  IdP              {at.idp}

  Everybody's password is demo.
    ada   employee, reports to ben        ben   manager
    cho   broker operator                 dee   auditor
    eve   employee elsewhere              finn  ben's delegate

  Try this
    1. Sign in to the broker as ada: her open requests, and how fresh they are.
    2. Ask for a role in OIM: {at.oim}/identity/faces/catalog
    3. Sign in to ServiceNow as ada: the login refreshes her; see {at.servicenow}/sp
    4. In another browser profile, sign in to the broker as ben and follow the link that
       leads to what waits for him; approve it in OIM, without a second sign-in.
    5. As ada, order "Access to a business role" in ServiceNow and let ben approve it there:
       the order becomes access, and its ticket closes. Watch {at.broker}/orders
    6. As cho: {at.broker}/operations. As dee: {at.broker}/audit

Ctrl-C stops everything.
"""


def _interrupt(_: int, __: "FrameType | None") -> None:
    raise KeyboardInterrupt
