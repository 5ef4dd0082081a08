"""`python -m sandbox servicenow|oim|idp|all`: serve the sandbox on loopback until told to stop."""

from __future__ import annotations

import argparse
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NoReturn

from flask import Flask

from sandbox.oim.faults import FAULTS as OIM_FAULTS
from sandbox.web import LOOPBACK, Server, address, listen, serve
from sandbox.world import History, World, WorldRequest, build_world

NAMES = ("servicenow", "oim", "idp")
_DEMO_PORTS = {"servicenow": 8081, "oim": 8082, "idp": 8083, "all": 8081}
_WRONG_ARGUMENTS, _PORT_TAKEN = 2, 1
_LAST_PORT = 65533  # `all` takes two more
_STEP = 20_000  # after so many requests it says how far it is
_SERVICENOW_FAULTS = (
    "down", "hibernating", "rate-limit", "busy", "session-overflow", "drop-after-accept",
    "drop-before",
)  # fmt: skip
# A fault of all three: the clock that dates their answers is five minutes ahead.
_CLOCK_SKEW, _SKEW = "clock-skew", timedelta(minutes=5)
# A fault of the identity provider: it signs with a key whose certificate ended yesterday.
_EXPIRED = "expired-certificate"
_FAULTS = {
    *((name, _CLOCK_SKEW) for name in NAMES),
    *(("oim", fault) for fault in OIM_FAULTS),
    *(("servicenow", fault) for fault in _SERVICENOW_FAULTS),
    ("idp", _EXPIRED),
}


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


def _faults(text: str) -> set[tuple[str, str]]:
    """Pairs of server and fault: `oim:down`, or `down` for each server that knows it."""
    chosen = set()
    for word in filter(None, (part.strip() for part in text.split(","))):
        server, _, fault = word.rpartition(":")
        found = {pair for pair in _FAULTS if pair[1] == fault and server in ("", pair[0])}
        if not found:
            raise argparse.ArgumentTypeError(f"there is no fault {word!r}")
        chosen |= found
    return chosen


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = _Parser(prog="sandbox", description=__doc__)
    parser.add_argument("name", choices=[*NAMES, "all"])
    parser.add_argument("--port", type=_port, help="`all` takes this one and the next two")
    parser.add_argument("--people", type=_count, default=120)
    parser.add_argument("--requests", type=_count, default=400)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--latency", type=_count, default=0, help="milliseconds added to each call")
    parser.add_argument("--open-share", type=_share, default=0.1, help="of the requests, 0 to 1")
    parser.add_argument("--faults", type=_faults, default="", help="such as oim:down,busy")
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

        app: Flask = servicenow.create_app(
            self.world,
            broker_url=self.options.broker_url,
            latency_ms=self.options.latency,
            faults=self._faults("servicenow"),
        )
        return app

    def _oim(self) -> Flask:
        from sandbox import oim

        return oim.create_app(
            self.world,
            base_url=self.urls["oim"],
            idp_metadata_url=f"{self.urls['idp']}/metadata",
            latency_ms=self.options.latency,
            faults=self._faults("oim"),
        )

    def _idp(self) -> Flask:
        from sandbox import idp
        from sandbox.idp.responses import KeyPair
        from sandbox.oim.sign_in import service_provider

        broker = self.options.broker_url.rstrip("/")
        console, console_acs = service_provider(self.urls["oim"])
        registered = {f"{broker}/saml/metadata": f"{broker}/saml/acs", console: console_acs}
        left = timedelta(days=-1 if _EXPIRED in self._faults("idp") else 364)
        keys = KeyPair.generate(good_for=left)
        return idp.create_app(
            self.world, base_url=self.urls["idp"], service_providers=registered, keys=keys
        )

    def _faults(self, name: str) -> set[str]:
        return {fault for server, fault in self.options.faults if server == name}


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
        if (name, _CLOCK_SKEW) in options.faults:
            servers[-1].turn_clock(_SKEW)
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
