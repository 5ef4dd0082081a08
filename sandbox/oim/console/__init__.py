"""The console's pages, as far as people are led to them from elsewhere, and to what they do there.

Only the addresses under `/identity/faces/home?tf=` are documented (Developer's Guide, "Using
URLs"); all others are our own.
"""

from __future__ import annotations

from sandbox.oim.console import by_hand, cart, home  # noqa: F401 -- they add their addresses
from sandbox.oim.console.frame import console

__all__ = ["console"]
