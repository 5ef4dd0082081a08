"""A request for several people or items: a parent, and children that come late."""

from __future__ import annotations

from sandbox.oim.records import Delays
from sandbox.oim.rules import Rule
from tests.sandbox.oim import acts
from tests.sandbox.oim.sites import Site

BOTH = (acts.ROLE, acts.OTHER_ROLE)
AWAITING_CHILDREN = "Request Awaiting Child Requests Completion"


def family(site: Site, people: tuple[str, ...] = ("ADA",)) -> tuple[str, list[str]]:
    """A parent whose children wait for ben, and these."""
    site.state.rules[:] = [Rule(("user:BEN",))]
    parent = acts.ask(site, "ada", BOTH, people)
    acts.later(site)
    return parent, acts.children(site, parent)


def test_the_parent_is_there_first_and_waits_for_a_child_for_each_person_and_item(
    installed: Site,
) -> None:
    parent, made = family(installed, ("ADA", "CHO"))
    assert acts.status(installed, parent) == AWAITING_CHILDREN
    assert [int(each) > int(parent) for each in made] == [True] * 4
    pairs = {
        (found["reqBeneficiaryList"][0]["id"], found["reqTargetEntities"][0]["entityId"])
        for found in (acts.detail(installed, each) for each in made)
    }
    wanted = {(acts.key(installed, who), role) for who in ("ADA", "CHO") for role in ("14", "20")}
    assert pairs == wanted
    assert installed.state.ledger == [parent]


def test_some_installations_write_the_word_of_parents_in_another_case(installed: Site) -> None:
    installed.state.switches.flip("child-capitalized")
    parent, children = family(installed)
    assert acts.status(installed, parent) == AWAITING_CHILDREN.replace("Child", "child")
    for each in children:
        assert acts.act(installed, "ben", each, "approve") == ""
    acts.later(installed)
    assert acts.status(installed, parent) == "Request Completed"


def test_a_parent_is_done_once_all_its_children_are(installed: Site) -> None:
    parent, (first, second) = family(installed)
    acts.act(installed, "ben", first, "approve")
    acts.later(installed)
    assert acts.status(installed, parent) == AWAITING_CHILDREN
    acts.act(installed, "ben", second, "approve")
    acts.later(installed)
    assert acts.status(installed, parent) == "Request Completed"


def test_a_parent_whose_children_end_differently_is_completed_with_errors(installed: Site) -> None:
    parent, (first, second) = family(installed)
    acts.act(installed, "ben", first, "approve")
    acts.act(installed, "ben", second, "reject")
    acts.later(installed)
    assert acts.status(installed, parent) == "Request Completed With Errors"


def test_a_parent_whose_children_are_all_refused_is_refused(installed: Site) -> None:
    parent, made = family(installed)
    for child in made:
        acts.act(installed, "ben", child, "reject")
    assert acts.status(installed, parent) == "Request Rejected"


def test_a_parent_is_closed_with_its_children(installed: Site) -> None:
    parent, made = family(installed)
    assert "cannot be closed" in acts.act(installed, "ada", parent, "close")
    assert acts.act(installed, "broker", parent, "close") == ""
    assert {acts.status(installed, each) for each in (parent, *made)} == {"Request Closed"}


def test_with_a_closed_child_the_others_are_closed_one_by_one_and_the_parent_follows(
    installed: Site,
) -> None:
    parent, (first, second) = family(installed)
    acts.act(installed, "broker", first, "CLOSE")
    assert acts.act(installed, "broker", parent, "CLOSE").startswith("IAM-2050084:")
    acts.act(installed, "broker", second, "CLOSE")
    assert acts.status(installed, parent) == "Request Closed"


def test_with_a_failed_child_a_parent_is_not_closed_either(installed: Site) -> None:
    installed.state.provisioning.failing[acts.ROLE] = "The target system is closed."
    parent, (first, _) = family(installed)
    acts.act(installed, "ben", first, "approve")
    acts.later(installed)
    assert acts.status(installed, first) == "Request Failed"
    assert acts.act(installed, "broker", parent, "CLOSE").startswith("IAM-2050084:")


def test_a_parent_is_withdrawn_with_its_children_while_none_is_approved(installed: Site) -> None:
    parent, made = family(installed)
    assert acts.withdraw(installed, "ada", parent) == ""
    assert {acts.status(installed, each) for each in (parent, *made)} == {"Request Withdrawn"}
    parent, (first, _) = family(installed)
    acts.act(installed, "ben", first, "approve")
    assert "no longer" in acts.withdraw(installed, "ada", parent)


def test_a_parent_that_is_not_approved_yet_never_gets_children_once_withdrawn(
    installed: Site,
) -> None:
    installed.state.delays = Delays(start=60, provisioning=60)
    parent = acts.ask(installed, "ada", BOTH)
    assert acts.withdraw(installed, "ada", parent) == ""
    acts.later(installed, 600)
    assert acts.children(installed, parent) == []
    assert acts.status(installed, parent) == "Request Withdrawn"
