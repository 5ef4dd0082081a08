"""Rules decide who has to agree: the first that fits, and nobody if it says so."""

from __future__ import annotations

import pytest

from sandbox.oim.rules import AUTOMATIC, BULK, DIRECT, Rule
from sandbox.oim.workflow_words import COMPLETED
from tests.sandbox.oim import acts
from tests.sandbox.oim.sites import Site

AWAITING = "Request Awaiting Approval"
ROLE_OWNER, ADAS_BOSS, BENS_BOSS = "NCOX", "BEN", "NCOX"


def ruled(site: Site, *rules: Rule) -> None:
    site.state.rules[:] = rules


def asked(site: Site, **more: object) -> list[str]:
    """Who has to agree to a request of ada's, or as told."""
    request_id = acts.ask(site, **more)  # type: ignore[arg-type]
    acts.later(site)
    return acts.names(site, request_id)


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("manager", ["BEN"]),
        ("requester's manager", ["NCOX"]),
        ("owner", ["NCOX"]),
        ("role:IT SECURITY", ["IT SECURITY"]),
        ("user:cho", ["CHO"]),
        ("user:nobody", ["SYSTEM ADMINISTRATORS"]),
        ("route", ["BEN"]),
        ("user:CHO+manager", ["CHO", "BEN"]),
        ("manager + manager", ["BEN"]),
    ],
)
def test_a_stage_is_asked_of_those_its_word_means(
    installed: Site, word: str, names: list[str]
) -> None:
    ruled(installed, Rule((word,)))
    assert asked(installed, who="ben") == names


@pytest.mark.parametrize("stages", [("boss",), ("manager", "cho+owner"), ("manager+route",)])
def test_a_rule_that_asks_nobody_in_particular_is_refused(stages: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="nobody is"):
        Rule(stages)


def test_stages_follow_each_other_and_the_coming_ones_are_told(installed: Site) -> None:
    ruled(installed, Rule(("manager", "user:CHO+role:IT SECURITY", "owner")))
    request_id = acts.ask(installed)
    acts.later(installed)
    coming = acts.approvers(installed, request_id, "future")
    assert [(each["approvers"], each["stage"]) for each in coming] == [
        ("CHO", "Stage2"), ("IT SECURITY", "Stage2"), ("NCOX", "Stage3"),
    ]  # fmt: skip
    assert acts.act(installed, "ben", request_id, "approve") == ""
    assert acts.names(installed, request_id) == ["CHO", "IT SECURITY"]


def test_the_first_rule_that_fits_counts_and_its_conditions_are_read_in_any_case(
    installed: Site,
) -> None:
    ruled(
        installed,
        Rule(("user:DEE",), operation="provision applicationinstance"),
        Rule(("user:EVE",), requester="ben"),
        Rule(("user:FINN",), item="stock count team"),
        Rule(("user:CHO",), beneficiary="Ada", organization="FINANCE"),
        Rule(AUTOMATIC),
    )
    assert asked(installed, items=[acts.ACCOUNT]) == ["DEE"]
    assert asked(installed, who="ben") == ["EVE"]
    assert asked(installed, items=[acts.OTHER_ROLE]) == ["FINN"]
    assert asked(installed) == ["CHO"]
    assert asked(installed, who="broker", people=["CHO"]) == []


def test_without_a_rule_that_fits_a_request_is_approved_by_itself(installed: Site) -> None:
    ruled(installed, Rule(("manager",), requester="BEN"))
    request_id = acts.ask(installed)
    acts.later(installed)
    assert acts.status(installed, request_id) == COMPLETED


def test_the_manager_of_a_technical_account_is_the_administrators(installed: Site) -> None:
    """A rule on the requester looks at the account that calls, not at the person it calls for."""
    ruled(installed, Rule(("requester's manager",)))
    assert asked(installed, who="broker") == ["SYSTEM ADMINISTRATORS"]


def test_a_direct_rule_gives_at_once_and_leaves_nothing_behind(installed: Site) -> None:
    ruled(installed, Rule(DIRECT, requester="BROKER"))
    broker = installed.as_("broker")
    before = broker.get("/requests", limit=1)["requests"][0]["id"]
    result = broker.order(acts.entry(installed) | {"requestId": "mine-7"})
    assert result == {"requestId": "mine-7", "status": "SUCCESS"}
    assert "14" in acts.roles(installed, "ADA")
    assert broker.get("/requests", limit=1)["requests"][0]["id"] == before
    assert installed.state.ledger == []


def test_what_a_direct_rule_cannot_do_fails_in_the_answer(installed: Site) -> None:
    ruled(installed, Rule(DIRECT))
    installed.state.provisioning.failing[acts.ROLE] = "The target system is closed."
    result = installed.as_("broker").order(acts.entry(installed))
    assert result["status"] == "FAILURE"
    assert "The target system is closed." in result["errorMessage"]
    assert "14" not in acts.roles(installed, "ADA")


def test_what_starts_later_is_a_request_even_if_the_rule_is_direct(installed: Site) -> None:
    ruled(installed, Rule(DIRECT))
    request_id = acts.ask(installed, startDate=acts.moment(installed, 3600))
    acts.later(installed)
    assert acts.status(installed, request_id) == "Request Awaiting Completion"


def test_of_several_items_each_is_a_child_that_nobody_is_asked_about(installed: Site) -> None:
    ruled(installed, Rule(DIRECT))
    parent = acts.ask(installed, items=[acts.ROLE, acts.OTHER_ROLE])
    acts.later(installed)
    assert acts.status(installed, parent) == COMPLETED
    assert {"14", "20"} <= acts.roles(installed, "ADA")


def test_a_parent_is_asked_about_only_if_a_rule_is_for_bulk(installed: Site) -> None:
    ruled(installed, Rule(("user:CHO",), operation=BULK), Rule(("manager",)))
    parent = acts.ask(installed, items=[acts.ROLE, acts.OTHER_ROLE])
    acts.later(installed)
    assert acts.names(installed, parent) == ["CHO"]
    assert acts.children(installed, parent) == []
    assert acts.act(installed, "cho", parent, "approve") == ""
    acts.later(installed)
    waiting = [acts.names(installed, child) for child in acts.children(installed, parent)]
    assert waiting == [["BEN"], ["BEN"]]
