"""How long what takes that nobody does at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Delays:
    """How long the asynchronous parts take, in seconds; and how long there is for an approval, 0
    for ever.
    """

    start: float = 0.1
    provisioning: float = 1.5
    approval: float = 0

    def after(self, moment: datetime, share: float) -> datetime:
        """`moment` plus a share of the provisioning time."""
        return moment + timedelta(seconds=self.provisioning * share)

    def expiry(self, moment: datetime) -> datetime | None:
        """Until when a task has to be decided that is given at this moment."""
        return moment + timedelta(seconds=self.approval) if self.approval else None
