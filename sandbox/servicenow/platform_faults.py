"""What goes wrong inside the platform, between no call and its answer: events and MID Server.

Switched on, or left to a plan, like the faults of calls (`faults.py`).
"""

from __future__ import annotations

LOGIN_DUPLICATED, LOGIN_DISORDERED = "login-duplicated", "login-disordered"
EVENT_TRANSFERRED = "event-transferred"
MID_DOWN, MID_DUPLICATED, MID_REPLY_LOST = "mid-down", "mid-duplicated", "mid-reply-lost"
PLATFORM_FAULTS: dict[str, str] = {
    LOGIN_DUPLICATED: "one sign-in raises its login event twice",
    LOGIN_DISORDERED: "a login event is run after the next event",
    EVENT_TRANSFERRED: "an event is run from its row, and again from a copy of it",
    MID_DOWN: "the MID Server takes nothing from the ECC queue",
    MID_DUPLICATED: "the MID Server carries a probe out twice, and replies twice",
    MID_REPLY_LOST: "the MID Server carries a probe out and never replies",
}
