"""An operator and an auditor look after the broker; an outage is seen, and seen to end."""

import csv
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.journeys.people.conftest import Town
from tests.journeys.people.person import Cast, Person

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(600),
]
LAPTOP = "Standard laptop"


def connection(one: Person, name: str) -> Locator:
    """What the operator reads about one of the systems."""
    return one.part("Connections").locator(f"[data-connection='{name}']")


def test_an_operator_sees_how_everything_fares(person: Cast) -> None:
    cho = person("cho")
    cho.signs_in("/operations")
    for name in ("oim", "servicenow"):
        cho.reloads_until_it_sees("answers", within=connection(cho, name))
    cho.sees("Needs attention", "Work still owed", "People without a link", "Latest readings")
    cho.sees("gina", within=cho.part("People without a link"))
    expect(cho.part("Latest readings").locator("[data-run]").first).to_be_visible()
    cho.step("sees how everything fares")
    cho.presses("Test connections")
    for name in ("oim", "servicenow"):
        tested = cho.page.locator(f"#checks [data-connection='{name}']")
        expect(tested).to_have_attribute("data-works", "true")
    cho.step("has tested the connections")


def test_an_outage_of_oim_is_seen_and_seen_to_end(person: Cast, town: Town) -> None:
    ada, cho = person("ada"), person("cho")
    ada.signs_in()
    cho.signs_in("/operations")
    expect(ada.part("My open requests").locator("[data-request-id]").first).to_be_visible()
    with town.in_weather("oim"):
        ada.presses("Refresh")
        ada.sees("OIM has not answered since", "You see what we knew")
        expect(ada.part("My open requests").locator("[data-request-id]").first).to_be_visible()
        ada.step("reads how old her data is")
        cho.presses("Test connections")
        tested = cho.page.locator("#checks [data-connection='oim']")
        expect(tested).to_have_attribute("data-works", "false")
        cho.reloads_until_it_sees("silent", within=connection(cho, "oim"))
        cho.step("sees that OIM is silent, and why")
    ada.presses("Refresh")
    expect(ada.page.locator("[data-silent='oim']")).to_have_count(0)
    ada.step("sees fresh data again")
    cho.reloads_until_it_sees("answers", within=connection(cho, "oim"))
    cho.step("sees that OIM answers again")


def test_an_outage_of_servicenow_does_not_hide_what_oim_says(person: Cast, town: Town) -> None:
    ada, cho, (name, key) = person("ada"), person("cho"), town.role_for_ada()
    ada.signs_in()
    with town.in_weather("servicenow"):
        ada.opens(f"{town.at.oim}/identity/faces/catalog?search={name}")
        ada.presses("Request", within=ada.page.locator(f"[data-item='role:{key}']"))
        ada.sees("Requested items")
        ada.opens("/")
        ada.presses("Refresh")
        ada.sees(name, within=ada.part("My open requests"))
        ada.reloads_until_it_sees("ServiceNow has not answered since")
        ada.sees("is not affected")
        ada.step("reads that ServiceNow is silent")
    cho.signs_in("/operations")
    cho.reloads_until_it_sees("answers", within=connection(cho, "servicenow"))
    cho.step("sees that ServiceNow answers again")
    ada.opens("/")
    expect(ada.page.locator("[data-silent]")).to_have_count(0)


def test_an_auditor_finds_verifies_and_exports(person: Cast, town: Town, tmp_path: Path) -> None:
    ada, dee, number = person("ada"), person("dee"), town.approved_order_of_ada(LAPTOP)["number"]
    ada.signs_in()
    dee.signs_in("/audit?verify=1")
    expect(dee.page.locator("[data-intact='true']")).to_be_visible()
    dee.step("has verified the chain")
    dee.fills_in("Search", "ada")
    dee.presses("Show")
    expect(dee.page.locator("[data-action='sign_in']").first).to_be_visible()
    dee.step("finds what ada did")
    dee.opens(f"/audit?q={number}")
    dee.reloads_until_there_is(dee.page.locator("[data-action^='order.'][data-sealed='true']"))
    dee.step("finds what happened to an order")
    kept = {}
    for form in ("CSV", "JSON"):
        with dee.page.expect_download() as download:
            dee.follows(f"Export {form}")
        kept[form] = tmp_path / f"audit.{form}"
        download.value.save_as(kept[form])
    rows = list(csv.DictReader(kept["CSV"].read_text(encoding="utf-8").splitlines()))
    told = json.loads(kept["JSON"].read_text(encoding="utf-8"))
    assert len(told["events"]) >= len(rows) > 0
    assert told["verdict"]["fault"] in ("", None)
    dee.step("has exported everything")


def test_an_outsider_finds_nothing_of_adas(person: Cast, town: Town) -> None:
    ada, eve = person("ada"), person("eve")
    ada.signs_in()
    row = ada.part("My open requests").locator("[data-request-id]").first
    number = row.get_attribute("data-request-id") or ""
    link = row.get_by_role("link").first.get_attribute("href") or ""
    name = str(town.oim.user("ada")["Display Name"])

    eve.signs_in()
    eve.expects(rf"404 {re.escape(town.at.broker)}/(requests|go)/\S+", "not hers to see")
    eve.expects(rf"403 {re.escape(town.at.broker)}/(operations|audit)", "not hers to open")
    for path in (link, f"/go/request/{number}"):
        eve.opens(path)
        eve.sees("There is nothing here for you")
        eve.does_not_see(name)
    eve.step("follows a link of ada's")
    for path in ("/operations", "/audit"):
        eve.opens(path)
        eve.sees("This is not yours to open")
    eve.step("has no business with operations")
    for path in ("/history?whose=all", "/approvals", "/orders", "/access", "/"):
        eve.opens(path)
        eve.does_not_see(name)
    eve.sees("Hello Eve")
    eve.step("sees only her own")
