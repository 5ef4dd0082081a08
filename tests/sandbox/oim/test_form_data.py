"""What is written on the form of an account: asked for, shown, changed by who decides."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.oim import acts
from tests.sandbox.oim.sites import Site

NAME, QUOTA = {"name": "Account Name", "value": "ada"}, {"name": "Quota", "value": "5 GB"}


def form(site: Site, request_id: str) -> list[dict[str, Any]]:
    """The form of a request's first item."""
    (entity, *_) = acts.detail(site, request_id)["reqTargetEntities"]
    found: list[dict[str, Any]] = entity.get("appFormData", [])
    return found


def ordered(site: Site, form_data: object) -> str:
    """A request of ada's for an account, with this on its form."""
    entry = acts.entry(site, [acts.ACCOUNT])
    entry["reqTargetEntities"][0]["appFormData"] = form_data
    return str(site.as_("ada").order(entry)["id"])


def test_an_account_has_a_form_with_its_name(installed: Site) -> None:
    assert form(installed, acts.ask(installed, items=[acts.ACCOUNT])) == [NAME]


def test_neither_a_role_nor_a_parent_has_one(installed: Site) -> None:
    assert form(installed, acts.ask(installed)) == []
    assert form(installed, acts.ask(installed, items=[acts.ACCOUNT, acts.ROLE])) == []


def test_what_was_written_on_it_is_shown(installed: Site) -> None:
    assert form(installed, ordered(installed, [QUOTA])) == [NAME, QUOTA]


def test_children_have_the_form_of_their_item(installed: Site) -> None:
    entry = acts.entry(installed, [acts.ACCOUNT, acts.ROLE])
    entry["reqTargetEntities"][0]["appFormData"] = [QUOTA]
    parent = installed.as_("broker").order(entry)["id"]
    acts.later(installed)
    assert form(installed, acts.children(installed, parent)[0]) == [NAME, QUOTA]


@pytest.mark.parametrize("sent", ["x", 5, [5], {"name": "a"}, [{"value": "a"}], None])
def test_a_form_of_another_shape_is_an_empty_one(installed: Site, sent: object) -> None:
    assert form(installed, ordered(installed, sent)) == [NAME]


def test_who_decides_changes_it(installed: Site) -> None:
    request_id = ordered(installed, [QUOTA])
    acts.later(installed)
    decider = acts.names(installed, request_id)[0].lower()
    smaller, why = QUOTA | {"value": "1 GB"}, {"name": "Reason", "value": "enough"}
    change = [{"entityType": "appinstance", "entityId": "54", "appFormData": [smaller, why]}]
    assert "not assigned" in acts.act(
        installed, "ada", request_id, "save", reqTargetEntities=change
    )
    assert acts.act(installed, decider, request_id, "save", reqTargetEntities=change) == ""
    assert form(installed, request_id) == [NAME, smaller, why]
