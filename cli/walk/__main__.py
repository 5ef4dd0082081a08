"""`python -m cli.walk`: walks the main job; exit code 0 if every step has its effect."""

import argparse
import sys
import time
from collections.abc import Callable

import requests

from cli.walk import orders
from cli.walk import requests as asking
from cli.walk.browser import Failed
from cli.walk.journey import Addresses, Journey

# The names are stable: who reads the output may rely on them.
STEPS: tuple[tuple[str, Callable[[Journey], None]], ...] = (
    ("sign-in", asking.sign_in),
    ("dashboard", asking.dashboard),
    ("request", asking.request),
    ("login-event", asking.login_event),
    ("mirrored", asking.mirrored),
    ("approve", asking.approve),
    ("cleared", asking.cleared),
    ("order", orders.order),
    ("forged", orders.forged),
    ("submitted", orders.submitted),
    ("referred-back", orders.referred_back),
    ("provisioned", orders.provisioned),
    ("closed", orders.closed),
    ("audit", orders.audit),
)


def main() -> int:
    """Walk until the end, or until a step fails."""
    walk = _journey()
    for name, step in STEPS:
        began = time.monotonic()
        why = _try(step, walk)
        if why:
            print(f"FAILED {name}: {why}", flush=True)
            return 1
        print(f"ok {time.monotonic() - began:5.1f} s  {name}: {step.__doc__}", flush=True)
    return 0


def _try(step: Callable[[Journey], None], walk: Journey) -> str:
    """Why the step failed, or nothing. A page that is not as expected is a failure too."""
    try:
        step(walk)
    except (Failed, requests.RequestException, LookupError, ValueError, TypeError) as error:
        return str(error) if isinstance(error, Failed) else f"{type(error).__name__}: {error}"
    return ""


def _journey() -> Journey:
    parser = argparse.ArgumentParser(prog="python -m cli.walk", description=__doc__)
    for name in ("broker", "servicenow", "oim", "idp"):
        parser.add_argument(f"--{name}", required=True, metavar="URL", help="where it answers")
    parser.add_argument("--patience", type=float, default=25.0, metavar="SECONDS",
                        help="how long each effect may take to show (25)")  # fmt: skip
    args = parser.parse_args()
    urls = {
        name: getattr(args, name).rstrip("/") for name in ("broker", "servicenow", "oim", "idp")
    }
    return Journey(Addresses(**urls), args.patience)


if __name__ == "__main__":
    sys.exit(main())
