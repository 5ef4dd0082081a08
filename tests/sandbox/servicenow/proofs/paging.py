"""How pages and their addresses behave."""

from __future__ import annotations

from tests.sandbox.servicenow.desks import Desk
from tests.sandbox.servicenow.proofs import Proof


def ties_come_in_any_order(desk: Desk) -> None:
    """Without an order nobody may rely on one."""
    for number in range(12):
        desk.as_("broker").post("x_rqbrk_access_request", request_id=str(number))
    seen = {
        tuple(row["sys_id"] for row in desk.as_("broker").rows("x_rqbrk_access_request"))
        for _ in range(6)
    }
    assert len(seen) > 1


def a_long_address_is_refused(desk: Desk) -> None:
    """8,192 bytes are served; more are a page from the server in front."""
    answer = desk.as_("broker").table("sys_user", query=f"user_name={'x' * 9000}")
    assert answer.status_code == 414
    assert answer.headers["Content-Type"].startswith("text/html")


PROOFS: dict[str, Proof] = {
    "shuffled-ties": ties_come_in_any_order,
    "long-urls-refused": a_long_address_is_refused,
}
