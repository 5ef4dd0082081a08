"""What people do with requests over plain HTTP, and what they see of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from tests.sandbox.oim.sites import Site

WORDS = {"role": "role", "account": "appinstance", "entitlement": "entitlement"}
Item = tuple[str, str]
ROLE: Item = ("role", "14")
RISKY: Item = ("role", "15")
ACCOUNT: Item = ("account", "54")
OTHER_ROLE: Item = ("role", "20")


def key(site: Site, login: str) -> str:
    """The usr_key of a login."""
    return site.state.by_login[login.upper()].key


def entry(
    site: Site, items: Sequence[Item] = (ROLE,), people: Sequence[str] = ("ADA",),
    why: str = "month end", **target: str,
) -> dict[str, Any]:  # fmt: skip
    """What is posted to ask for these items for these people; `target` goes to each item."""
    return {
        "reqJustification": why,
        "reqBeneficiaryList": [{"id": key(site, login)} for login in people],
        "reqTargetEntities": [
            {"entityType": WORDS[kind], "entityId": number, **target} for kind, number in items
        ],
    }


def ask(
    site: Site, who: str = "ada", items: Sequence[Item] = (ROLE,),
    people: Sequence[str] = ("ADA",), **more: str,
) -> str:  # fmt: skip
    """Raise a request; its id."""
    result = site.as_(who).order(entry(site, items, people, **more))
    assert result["status"] == "SUCCESS", result
    return str(result["id"])


def act(site: Site, who: str, request_id: str, action: str, **more: Any) -> str:  # noqa: ANN401 -- JSON
    """One action; empty if it was done, else what was said against it."""
    body = {"action": action, **more}
    answer = site.as_(who).call("PUT", f"/requests/{request_id}", json=body)
    if answer.status_code == 200:
        assert answer.json()["status"] == "SUCCESS"
        return ""
    assert answer.status_code == 500, answer.text
    return str(answer.json()["errorMessage"])


def withdraw(site: Site, who: str, request_id: str) -> str:
    """Take it back; empty if that was done, else what was said against it."""
    answer = site.as_(who).call("DELETE", f"/requests/{request_id}")
    return "" if answer.status_code == 200 else str(answer.json()["errorMessage"])


def detail(site: Site, request_id: str) -> dict[str, Any]:
    """One request as the broker's account sees it."""
    found: dict[str, Any] = site.as_("broker").get(f"/requests/{request_id}")
    return found


def status(site: Site, request_id: str) -> str:
    """Where it stands."""
    return str(detail(site, request_id)["reqStatus"])


def approvers(site: Site, request_id: str, when: str = "current") -> list[dict[str, Any]]:
    """The entries of those who decide now, did, or will."""
    found = detail(site, request_id).get("requestTaskDetails", [])
    return [each for one in found for each in one["history"][f"{when}Approvers"]]


def names(site: Site, request_id: str, when: str = "current") -> list[str]:
    """Who decides now, did, or will."""
    return [each["approvers"] for each in approvers(site, request_id, when)]


def children(site: Site, request_id: str) -> list[str]:
    """The ids of its children."""
    return [each["id"] for each in detail(site, request_id)["childRequests"]]


def inbox(site: Site, who: str, query: str = "") -> list[dict[str, Any]]:
    """Somebody's pending approvals."""
    filters = {"q": query} if query else {}
    rows = site.as_(who).get("/requests", view="pendingApprovals", limit=500, **filters)
    found: list[dict[str, Any]] = rows["requests"]
    return found


def roles(site: Site, login: str) -> set[str]:
    """The keys of the roles that somebody has."""
    held = site.as_("broker").get("/roles", userId=key(site, login), limit=500)
    return {str(role["id"]) for role in held["roles"]}


def moment(site: Site, seconds: float) -> str:
    """So far ahead of the installation's time, as bodies have it."""
    at = site.state.clock.now() + timedelta(seconds=seconds)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def later(site: Site, seconds: float = 10) -> None:
    """So much time passes; by default enough for every step that needs no person."""
    site.state.clock.forward(seconds)
