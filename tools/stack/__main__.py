"""`make stack`: the processes of production and the sandbox on this machine, until Ctrl-C."""

import argparse
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

from cli.demo import free_ports, walk_command
from cli.terminal import Fault, complain, say
from tools.servers import NotInstalled
from tools.stack.compose import ROOT
from tools.stack.site import Stack, running

_USUAL_PORT = 8080


def main() -> int:
    """Run the stack, or walk the main job on it; the exit code."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    args = _arguments()
    port = args.port or (free_ports() if args.check else _USUAL_PORT)
    began = time.monotonic()
    try:
        with running(ROOT / "var" / f"stack-{port}", port) as stack:
            say(f"ok {time.monotonic() - began:5.1f} s  start")
            return _walk(stack) if args.check else _watch(stack)
    except KeyboardInterrupt:
        say("Stopped.")
        return 0
    except (Fault, NotInstalled) as fault:
        complain(f"{fault} is not installed" if isinstance(fault, NotInstalled) else str(fault))
        return 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make stack", description=__doc__)
    parser.add_argument("--port", type=int, help="first of four ports in a row (8080)")
    parser.add_argument(
        "--check", action="store_true", help="walk the main job, on free ports, and end"
    )
    return parser.parse_args()


def _walk(stack: Stack) -> int:
    code = subprocess.call(walk_command(stack.at), cwd=ROOT, stdin=subprocess.DEVNULL)
    if code:
        for log in sorted((stack.folder / "logs").iterdir()):
            complain(f"--- {log.stem}'s last words\n{_tail(log)}")
    return code


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])


def _watch(stack: Stack) -> int:
    """Until Ctrl-C; a Fault if a service ends by itself."""
    say(guide(stack))
    while True:
        for service in stack.services.values():
            if last_words := service.engine.tail():
                raise Fault(f"{service.name} ended. Its last words:\n{last_words}")
        time.sleep(0.5)


def guide(stack: Stack) -> str:
    """Links, logins, and what each process is."""
    at = stack.at
    lines = [
        f"    {service.pid:>7}  {name:<20} {_FOR.get(name, '')}"
        for name, service in stack.services.items()
    ]
    processes = "\n".join(lines)
    return f"""
The stack is ready: the commands of docker-compose.yml, on this machine.

  Request Broker   {at.broker}
  ServiceNow       {at.servicenow}/login.do
  OIM              {at.oim}/identity/faces/home
  IdP              {at.idp}

  Everybody's password is demo: ada, ben (her manager), cho (operator), dee (auditor),
  eve (elsewhere), finn (ben's delegate).

  Processes (kill one if you like; nothing that was promised gets lost)
{processes}

  Logs             {stack.folder / "logs"}

Ctrl-C stops everything."""


_FOR = {
    "postgresql": "the truth",
    "redis": "wakes the workers; may lose everything",
    "web": "gunicorn: pages and machine API",
    "worker-interactive": "what somebody waits for: refreshes at sign-in",
    "worker-orders": "orders, step by step",
    "worker-sync": "refreshes everybody, mirrors into ServiceNow",
    "clock": "beats the timer, rings for what is due, seals the audit trail",
}


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
