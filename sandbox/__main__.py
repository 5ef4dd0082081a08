"""`python -m sandbox servicenow|oim|idp|all`: serve the sandbox on loopback until told to stop."""

from __future__ import annotations

import argparse
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NoReturn

from flask import Flask

from sandbox.fault_plan import FaultPlan
from sandbox.faults import CLOCK_SKEW, EXPIRED, SERVERS, SKEW, Chosen, chosen
from sandbox.web import LOOPBACK, Server, address, listen, serve
from sandbox.world import History, World, WorldRequest, build_world

NAMES = SERVERS
_DEMO_PORTS = {"servicenow": 8081, "oim": 8082, "idp": 8083, "all": 8081}
_WRONG_ARGUMENTS, _PORT_TAKEN = 2, 1
_LAST_PORT = 65533  # `all` takes two more
_STEP = 20_000  # after so many requests it says how far it is


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        print(f"sandbox: {message}", file=sys.stderr)
        raise SystemExit(_WRONG_ARGUMENTS)


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise ValueError(text)
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise ValueError(text)
    return value


def _port(text: str) -> int:
    value = _count(text)
    if value > _LAST_PORT:
        raise ValueError(text)
    return value


def _faults(text: str) -> Chosen:
    try:
        return chosen(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = _Parser(prog="sandbox", description=__doc__)
    parser.add_argument("name", choices=[*NAMES, "all"])
    parser.add_argument("--port", type=_port, help="`all` takes this one and the next two")
    parser.add_argument("--people", type=_count, default=120)
    parser.add_argument("--requests", type=_count, default=400)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--latency", type=_count, default=0, help="milliseconds added to each call")
    parser.add_argument("--open-share", type=_share, default=0.1, help="of the requests, 0 to 1")
    about = "such as oim:down,busy,random=0.02; a wrong name lists them all"
    parser.add_argument("--faults", type=_faults, default="", help=about)
    parser.add_argument("--broker-url", default="http://127.0.0.1:8080")
    parser.add_argument("--parent-pipe", action="store_true", help="end with standard input")
    return parser.parse_args(argv)


@dataclass(frozen=True)
class _Site:
    """Where each server is, whether it is ours to serve or not."""

    world: World
    options: argparse.Namespace
    urls: dict[str, str]

    def build(self, name: str) -> Flask:
        builders: dict[str, Callable[[], Flask]] = {
            "servicenow": self._servicenow,
            "oim": self._oim,
            "idp": self._idp,
        }
        return builders[name]()

    def _servicenow(self) -> Flask:
        from sandbox import servicenow
        from sandbox.servicenow.faults import FAULTS

        app: Flask = servicenow.create_app(
            self.world,
            broker_url=self.options.broker_url,
            latency_ms=self.options.latency,
            faults=self.options.faults.of("servicenow"),
            plan=self._plan(FAULTS),
            past_orders=True,
        )
        return app

    def _oim(self) -> Flask:
        from sandbox import oim
        from sandbox.oim.faults import FAULTS

        return oim.create_app(
            self.world,
            base_url=self.urls["oim"],
            idp_metadata_url=f"{self.urls['idp']}/metadata",
            latency_ms=self.options.latency,
            faults=self.options.faults.of("oim"),
            plan=self._plan(FAULTS),
        )

    def _idp(self) -> Flask:
        from sandbox import idp
        from sandbox.idp.responses import KeyPair
        from sandbox.oim.sign_in import service_provider

        broker = self.options.broker_url.rstrip("/")
        console, console_acs = service_provider(self.urls["oim"])
        registered = {f"{broker}/saml/metadata": f"{broker}/saml/acs", console: console_acs}
        left = timedelta(days=-1 if EXPIRED in self.options.faults.of("idp") else 364)
        keys = KeyPair.generate(good_for=left)
        return idp.create_app(
            self.world, base_url=self.urls["idp"], service_providers=registered, keys=keys
        )

    def _plan(self, faults: Iterable[str]) -> FaultPlan | None:
        """All that a server's faults know by chance; what is chosen by name happens besides."""
        rate = self.options.faults.rate
        return None if rate is None else FaultPlan(self.options.seed, faults, rate)


def _ports(options: argparse.Namespace) -> dict[str, int]:
    """The port of each server; those that we do not serve are where the demo has them."""
    first = _DEMO_PORTS[options.name] if options.port is None else options.port
    if options.name == "all":
        return {name: first and first + step for step, name in enumerate(NAMES)}
    return {name: _DEMO_PORTS[name] for name in NAMES} | {options.name: first}


def _listeners(options: argparse.Namespace, ports: dict[str, int]) -> dict[str, socket.socket]:
    names = NAMES if options.name == "all" else (options.name,)
    found = {}
    for name in names:
        try:
            found[name] = listen(ports[name])
        except OSError as error:
            print(f"sandbox: port {ports[name]} for {name}: {error.strerror}", file=sys.stderr)
            raise SystemExit(_PORT_TAKEN) from error
    return found


def _host(name: str) -> str:
    """The identity provider is another site than the rest, as in life."""
    return "localhost" if name == "idp" else LOOPBACK


@dataclass(frozen=True)
class _Told:
    """A history that says how far it has been read, when that takes long."""

    history: History

    def __len__(self) -> int:
        return len(self.history)

    def __iter__(self) -> Iterator[WorldRequest]:
        whole, terminal = len(self), sys.stderr.isatty()
        step = _STEP if terminal else 10 * _STEP
        for seen, request in enumerate(self.history, 1):
            yield request
            if seen % step == 0:
                print(f"sandbox: {seen:,} of {whole:,} requests", file=sys.stderr, flush=True,
                      end="\r" if terminal and seen + step <= whole else "\n")  # fmt: skip


def _start(options: argparse.Namespace) -> list[Server]:
    ports = _ports(options)
    listeners = _listeners(options, ports)
    urls = {name: f"http://{_host(name)}:{port}" for name, port in ports.items()}
    urls |= {name: address(listener, _host(name)) for name, listener in listeners.items()}
    world = build_world(options.seed, options.people, options.requests, options.open_share)
    world = replace(world, history=_Told(world.history))
    site = _Site(world, options, urls)
    servers = []
    for name, listener in listeners.items():
        servers.append(serve(site.build(name), _host(name), listener=listener))
        if name != "servicenow" and CLOCK_SKEW in options.faults.of(name):
            servers[-1].turn_clock(SKEW)  # the instance turns its own
        print(f"ready {name} {servers[-1].url}", flush=True)
    return servers


def _end_with_input(stop: threading.Event) -> None:
    """A parent that dies closes our standard input: then nobody needs us any more."""
    while sys.stdin.buffer.read(1024):
        pass
    stop.set()


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT (or the end of standard input); the exit code."""
    options = _arguments(argv)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    servers = _start(options)
    if options.parent_pipe:
        threading.Thread(target=_end_with_input, args=(stop,), daemon=True).start()
    stop.wait()
    for server in servers:
        server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
