"""The pages of the console that other pages lead to, for those who may see them."""

from __future__ import annotations

import re

import pytest

from tests.sandbox.oim import acts
from tests.sandbox.oim.browsing import HOME, Browse
from tests.sandbox.oim.sites import Site

# Developer's Guide, "Using URLs": every `tf`, and a heading of its page.
DOCUMENTED = {
    "home": "Welcome, Ada Lindqvist",
    "my_information": "My Information",
    "my_access_roles": "My Access: Roles",
    "my_access_admin_roles": "My Access: Admin roles",
    "my_access_accounts": "My Access: Accounts",
    "my_access_entitlements": "My Access: Entitlements",
    "approval_details": "Pending approvals",
    "organizations": "Organisations",
    "roles": "Roles",
    "role_categories": "Role categories",
    "search-users": "Users",
}


@pytest.mark.parametrize("flow", sorted(DOCUMENTED))
def test_every_documented_address_is_a_page(browse: Browse, flow: str) -> None:
    ada = browse("ada")
    page = ada.open(f"{HOME}?tf={flow}")
    assert ada.page.status_code == 200
    assert ada.page.url.endswith(f"{HOME}?tf={flow}")
    assert DOCUMENTED[flow] in page


def test_a_request_is_a_page_and_needs_its_number(browse: Browse, installed: Site) -> None:
    request_id, ada = acts.ask(installed), browse("ada")
    assert f"<h1>Request {request_id}</h1>" in ada.request(request_id)
    assert "not yours" in ada.open(f"{HOME}?tf=request_details")
    assert ada.page.status_code == 404


def test_what_nobody_knows_leads_home(browse: Browse) -> None:
    assert "Welcome, Ada" in browse("ada").open(f"{HOME}?tf=certifications")


def test_the_search_for_users_came_with_12c(browse: Browse, installed: Site) -> None:
    installed.state.switches.flip("profile-12c")
    assert "Welcome, Ada" in browse("ada").open(f"{HOME}?tf=search-users")


def test_a_page_is_not_for_frames(browse: Browse) -> None:
    ada = browse("ada")
    ada.open(HOME)
    assert ada.page.headers["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.parametrize("door", ["/identity/", "/identity/faces/signin"])
def test_the_front_doors_lead_home(browse: Browse, door: str) -> None:
    assert "Welcome, Ada" in browse("ada").open(door)


def test_home_counts_what_is_open_and_what_waits(browse: Browse, installed: Site) -> None:
    ada, ben = browse("ada"), browse("ben")
    open_before, waiting_before = counts(ada.open(HOME)), counts(ben.open(HOME))
    installed.as_("broker").wait_for(acts.ask(installed), "Request Awaiting Approval")
    assert counts(ada.open(HOME))["Track requests"] == open_before["Track requests"] + 1
    assert counts(ben.open(HOME))["Pending approvals"] == waiting_before["Pending approvals"] + 1


def counts(page: str) -> dict[str, int]:
    """What the tiles of the home page count."""
    pattern = r'tile-title">([^<]+)</span>.*?(?:tile-count">(\d+)<|</a>)'
    return {title: int(count) for title, count in re.findall(pattern, page) if count}


def test_my_information_tells_manager_stand_in_and_reports(browse: Browse) -> None:
    page = browse("ben").open(f"{HOME}?tf=my_information")
    for words in ("Financial Controller", "Finn O&#39;Connor", "Ada Lindqvist"):
        assert words in page


def test_a_manager_sees_reports_and_what_they_have(browse: Browse, installed: Site) -> None:
    ben, ada = browse("ben"), acts.key(installed, "ada")
    found = ben.open(f"{HOME}?tf=search-users&search=lindqvist")
    assert f"/identity/faces/users/{ada}" in found
    assert "SAP ERP" in ben.open(f"/identity/faces/users/{ada}")


def test_nobody_sees_those_who_report_to_others(browse: Browse, installed: Site) -> None:
    eve, ada = browse("eve"), acts.key(installed, "ada")
    assert "Nobody whom you may see" in eve.open(f"{HOME}?tf=search-users&search=lindqvist")
    eve.open(f"/identity/faces/users/{ada}")
    assert eve.page.status_code == 404


def test_roles_are_found_by_category_and_words(browse: Browse) -> None:
    ada = browse("ada")
    assert "category=Finance" in ada.open(f"{HOME}?tf=role_categories&search=fin")
    roles = ada.open(f"{HOME}?tf=roles&category=Finance&search=monthly")
    assert "1 role " in roles
    assert "Finance Reporting" in roles
    assert "No role" in ada.open(f"{HOME}?tf=roles&search=unicorn")


def test_organisations_are_found_by_name(browse: Browse) -> None:
    ada = browse("ada")
    assert "Warehouse" in ada.open(f"{HOME}?tf=organizations")
    few = ada.open(f"{HOME}?tf=organizations&search=fina")
    assert "Finance" in few
    assert "Warehouse" not in few


def test_who_decides_for_a_role_reads_so(browse: Browse) -> None:
    assert "It Security" in browse("cho").open(f"{HOME}?tf=my_access_admin_roles")
    assert "no admin roles" in browse("ada").open(f"{HOME}?tf=my_access_admin_roles")


def test_access_that_is_to_be_taken_away_is_requested(browse: Browse, installed: Site) -> None:
    ada = browse("ada")
    page = ada.open(f"{HOME}?tf=my_access_accounts")
    assert "SAP ERP" in page
    place = next(
        f"account:{number}" for kind, number in held(installed, "ada") if kind == "account"
    )
    assert "Revoke Account" in ada.submit("/remove", place, justification="no longer needed")
    request_id = ada.request_id
    installed.as_("broker").wait_for(request_id, "Request Awaiting Approval")
    ben = browse("ben")
    ben.request(request_id)
    ben.submit("approvals", action="approve")
    installed.as_("broker").wait_for(request_id, "Request Completed")
    assert tuple(place.split(":")) not in held(installed, "ada")
    ada.open(f"{HOME}?tf=my_access_roles")
    ada.submit("/remove", item=place)
    assert ada.page.status_code == 409, "it is gone already"


def held(site: Site, login: str) -> set[tuple[str, str]]:
    """Kind and key of what somebody has."""
    return set(site.state.holdings[acts.key(site, login)])


def test_nobody_has_access_of_others_taken_away(browse: Browse, installed: Site) -> None:
    eve = browse("eve")
    eve.open(f"{HOME}?tf=my_access_roles")
    token = eve.page.text.split('name="_csrf" value="')[1].split('"')[0]
    ada, item = acts.key(installed, "ada"), "account:54"
    answer = eve.http.post(
        f"{eve.url}/identity/faces/access/{ada}/remove",
        {"_csrf": token, "item": item},
        timeout=30,
    )
    assert answer.status_code == 404
    assert installed.state.ledger == []
