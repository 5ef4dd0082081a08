"""Behaviours of the product that a test may turn off, to see whether a client minds.

Each is on by default, as the product behaves. `oim.switches.flip("x-requested-by-guard")` turns
one; `request-broker sandbox oim --faults x-requested-by-guard` does the same from the command line.
A misbehaviour of a moment is no switch but a fault (`faults.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.switches import Switchboard, usual


@dataclass
class Switches(Switchboard):
    """One bool for each behaviour of an installation."""

    # Calls and answers.
    profile_12c: bool = usual("behaves as 12c; flipped, as 11g Release 2 PS3")
    x_requested_by_guard: bool = usual("a write without X-Requested-By is a 400 (12c only)")

    # The life of a request.

    # Users, holdings and the catalogue.

    # The console.


# What each switch is about, by its name with dashes, as people write it.
SWITCHES: dict[str, str] = Switches.about()
