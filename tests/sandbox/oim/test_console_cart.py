"""The cart of the console: several items, several people, dates, one request."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sandbox.oim.rules import DIRECT, Rule
from tests.sandbox.oim import acts
from tests.sandbox.oim.browsing import Browse, Browser
from tests.sandbox.oim.sites import Site

CATALOGUE, CART = "/identity/faces/catalog", "/identity/faces/cart"


def put(who: Browser, *items: acts.Item) -> str:
    """Put these into the cart; the page of the cart."""
    for kind, number in items:
        name = {"14": "finance+reporting", "20": "stock+count"}[number]
        who.open(f"{CATALOGUE}?search={name}")
        who.submit("/cart", f"{kind}:{number}", do="add")
    return who.open(CART)


def test_several_items_become_one_parent(browse: Browse, installed: Site) -> None:
    ada = browse("ada")
    page = put(ada, acts.ROLE, acts.OTHER_ROLE)
    assert "Finance Reporting" in page
    assert "Stock Count Team" in page
    assert "has been submitted" in ada.submit("/cart", do="submit", justification="stocktaking")
    found = acts.detail(installed, ada.request_id)
    assert {entity["entityId"] for entity in found["reqTargetEntities"]} == {"14", "20"}
    assert found["reqJustification"] == "stocktaking"
    assert "Your cart is empty" in ada.open(CART)


def test_adding_leads_back_to_the_same_page_of_the_catalogue(browse: Browse) -> None:
    ada = browse("ada")
    ada.open(f"{CATALOGUE}?kind=role&category=Finance")
    page = ada.submit("/cart", "role:14", do="add")
    assert "kind=role" in ada.page.url
    assert "category=Finance" in ada.page.url
    assert "Finance Reporting is in your cart" in page
    assert "In your cart" in page


def test_a_manager_asks_for_those_who_report(browse: Browse, installed: Site) -> None:
    ben = browse("ben")
    put(ben, acts.ROLE)
    ben.submit("/cart", do="join", person="ADA")
    ben.submit("/cart", do=f"leave:{acts.key(installed, 'ben')}")
    ben.submit("/cart", do="submit", justification="she closes the month")
    found = acts.detail(installed, ben.request_id)
    assert [one["id"] for one in found["reqBeneficiaryList"]] == [acts.key(installed, "ada")]
    assert found["requester"]["value"] == acts.key(installed, "ben")


def test_several_people_are_one_parent_with_a_child_each(browse: Browse, installed: Site) -> None:
    ben = browse("ben")
    put(ben, acts.ROLE)
    ben.submit("/cart", do="join", person="ADA")
    ben.submit("/cart", do="submit")
    parent = ben.request_id
    installed.as_("broker").wait_for(parent, "Request Awaiting Child Requests Completion")
    assert len(acts.children(installed, parent)) == 2


def test_nobody_asks_for_those_who_report_to_others(browse: Browse, installed: Site) -> None:
    eve = browse("eve")
    put(eve, acts.ROLE)
    eve.submit("/cart", do="join", person="ADA")
    assert eve.page.status_code == 409
    eve.open(CART)
    eve.submit("/cart", do="submit")
    found = acts.detail(installed, eve.request_id)
    assert [one["id"] for one in found["reqBeneficiaryList"]] == [acts.key(installed, "eve")]


def test_dates_go_along_and_are_waited_for(browse: Browse, installed: Site) -> None:
    installed.state.rules.insert(0, Rule((), requester="ADA"))
    ada, start = browse("ada"), installed.state.clock.now().date() + timedelta(days=30)
    put(ada, acts.ROLE)
    dates = {"start-role:14": f"{start}", "end-role:14": f"{start + timedelta(days=60)}"}
    page = ada.submit("/cart", do="submit", **dates)
    assert f"{start:%d %b %Y}" in page
    installed.as_("broker").wait_for(ada.request_id, "Request Awaiting Completion")
    assert "To be carried out on" in ada.request(ada.request_id)
    acts.later(installed, timedelta(days=31).total_seconds())
    installed.as_("broker").wait_for(ada.request_id, "Request Completed")


def test_what_was_typed_stays_when_another_button_is_pressed(browse: Browse) -> None:
    ada = browse("ada")
    put(ada, acts.ROLE, acts.OTHER_ROLE)
    typed = {"end-role:14": "2030-01-31", "justification": "while Priya is away"}
    page = ada.submit("/cart", do="drop:role:20", **typed)
    assert "Stock Count Team" not in page
    assert 'value="2030-01-31"' in page
    assert "while Priya is away" in page


def test_what_is_no_date_is_refused(browse: Browse, installed: Site) -> None:
    ada = browse("ada")
    put(ada, acts.ROLE)
    ada.submit("/cart", do="submit", **{"start-role:14": "next week"})
    assert ada.page.status_code == 409
    assert installed.state.ledger == []


@pytest.mark.parametrize("what", ["role:999999", "", "nonsense"])
def test_what_is_not_in_the_catalogue_cannot_be_added(browse: Browse, what: str) -> None:
    ada = browse("ada")
    ada.open(CATALOGUE)
    ada.submit("/cart", do="add", item=what)
    assert ada.page.status_code == 409
    assert "empty" in ada.open(CART)


def test_what_a_rule_does_at_once_has_no_request(browse: Browse, installed: Site) -> None:
    installed.state.rules.insert(0, Rule(DIRECT, requester="ADA"))
    ada = browse("ada")
    put(ada, acts.ROLE)
    page = ada.submit("/cart", do="submit")
    assert "no request was necessary" in page
    assert "Finance Reporting" in page
    assert installed.state.ledger == []


def test_everybody_has_a_cart_of_their_own(browse: Browse) -> None:
    put(browse("ada"), acts.ROLE)
    assert "Your cart is empty" in browse("ben").open(CART)
