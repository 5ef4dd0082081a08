"""Deciding, splitting, withdrawing, revoking and doing at once, against the sandbox's OIM."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from broker.domain.access import CatalogueItem, ItemKind, ItemName
from broker.domain.access_requests import RequestState
from broker.domain.approvals import TaskState
from broker.domain.errors import NotFound, Refused, UnknownOutcome
from broker.domain.people import Person
from broker.ports.iga import Iga, Revocation, Submission
from sandbox.oim.rules import DIRECT, Rule
from sandbox.oim.workflow import Workflow
from tests.connectors.conftest import OimSite

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def who(iga: Iga, login: str) -> Person:
    person = iga.person(login)
    assert person is not None
    return person


def item(oim: OimSite, kind: str, name: str) -> CatalogueItem:
    found = oim.iga.find_item(ItemName(kind, name))
    assert found is not None
    return found


def wish(oim: OimSite, kind: str = "role", name: str = "Finance Reporting") -> Submission:
    words = "RITM0010023 SCTASK0010009 RITM0010023-L1 month end"
    return Submission("RITM0010023-L1", who(oim.iga, "ada").key, [item(oim, kind, name)], words)


def ruled(oim: OimSite, *stages: str, **conditions: str) -> None:
    """Only this rule counts from now on."""
    oim.state.rules[:] = [Rule(stages, **conditions)]


def act(oim: OimSite, login: str, request_id: str, action: str, comment: str = "") -> None:
    """Somebody acts in the console on the task that waits."""
    request = oim.state.requests[request_id]
    user = oim.state.by_login[login.upper()]
    Workflow(oim.state).act(user, request, action, request.open_tasks[0].task_id, comment)


# --- who may decide ---------------------------------------------------------------------


@pytest.mark.parametrize("name", ["IT SECURITY", "it security"])
def test_a_roles_task_is_for_its_members(oim: OimSite, name: str) -> None:
    wanted = {oim.state.users[key].login for key in oim.state.members("IT SECURITY")}
    assert set(oim.iga.deciders(name)) == wanted != set()


def test_a_person_who_is_away_is_stood_in_for(oim: OimSite) -> None:
    boss, proxy = next(iter(oim.world.delegates.items()))
    login = {key: oim.world.people[key].iga_login or "" for key in (boss, proxy)}
    assert list(oim.iga.deciders(login[boss])) == [login[proxy]]
    assert list(oim.iga.deciders(login[proxy])) == []


def test_a_name_of_a_role_in_the_catalogue_means_those_who_have_it(oim: OimSite) -> None:
    key = item(oim, "role", "Cost Centre Reader").key
    holders = {
        oim.state.users[user].login
        for user, held in oim.state.holdings.items()
        if ("role", key) in held
    }
    assert set(oim.connect(page_size=7).deciders("COST CENTRE READER")) == holders


def test_every_assignee_of_an_open_task_can_be_reached(oim: OimSite) -> None:
    asked = {
        task.assignee
        for head in oim.iga.open_requests()
        for task in oim.iga.request(head.id).waiting
    }
    assert asked
    for assignee in asked:
        assert oim.iga.person(assignee) is not None or oim.iga.deciders(assignee)


# --- children and comments ---------------------------------------------------------------


def test_children_appear_once_the_parent_is_approved(oim: OimSite) -> None:
    ruled(oim, "manager")
    both = [item(oim, "role", name) for name in ("Finance Reporting", "Treasury Operator")]
    wanted = replace(wish(oim), items=both)
    parent = oim.iga.submit(wanted).request_id
    seen = oim.iga.request(parent)
    children = [oim.iga.request(child) for child in seen.children]
    assert [child.items[0].name for child in children] == [each.name for each in both]
    assert {child.header.beneficiary_keys for child in children} == {(wanted.beneficiary_key,)}
    assert oim.iga.find_submitted(wanted) == parent


def test_a_request_for_one_item_has_no_children(oim: OimSite) -> None:
    assert oim.iga.request(oim.iga.submit(wish(oim)).request_id).children == ()


def test_comments_come_with_their_authors(oim: OimSite) -> None:
    ruled(oim, "manager")
    request_id = oim.iga.submit(wish(oim)).request_id
    (task,) = oim.iga.request(request_id).waiting
    user, request = oim.state.by_login["BEN"], oim.state.requests[request_id]
    for words in ("why?", "month end"):
        Workflow(oim.state).comment(user, request, words, task.id)
    (task,) = oim.iga.request(request_id).waiting
    assert task.comment == "BEN: why?\nBEN: month end"


def test_a_claimed_task_waits_for_whoever_has_it(oim: OimSite) -> None:
    ruled(oim, "role:IT SECURITY")
    request_id = oim.iga.submit(wish(oim)).request_id
    (task,) = oim.iga.request(request_id).waiting
    assert task.assignee == "IT SECURITY"
    act(oim, "CHO", request_id, "claim")
    (task,) = oim.iga.request(request_id).waiting
    assert task.assignee == "CHO"


# --- withdrawing -------------------------------------------------------------------------


def test_a_request_is_withdrawn_and_may_be_again(oim: OimSite) -> None:
    ruled(oim, "manager")
    request_id = oim.iga.submit(wish(oim)).request_id
    oim.iga.withdraw(request_id)
    oim.iga.withdraw(request_id)
    seen = oim.iga.request(request_id)
    assert seen.header.state is RequestState.WITHDRAWN
    assert (seen.waiting, [task.state for task in seen.tasks]) == ((), [TaskState.WITHDRAWN])


def test_what_is_approved_cannot_be_withdrawn(oim: OimSite) -> None:
    ruled(oim, "manager")
    request_id = oim.iga.submit(wish(oim)).request_id
    assert oim.iga.request(request_id).waiting
    act(oim, "BEN", request_id, "approve")
    with pytest.raises(Refused, match=r"has it at “Request .*”: too late to withdraw it"):
        oim.iga.withdraw(request_id)


def test_a_request_that_is_not_there_cannot_be_withdrawn(oim: OimSite) -> None:
    with pytest.raises(NotFound):
        oim.iga.withdraw("99999")


# --- revoking ----------------------------------------------------------------------------


def revocation(oim: OimSite, login: str = "ada", name: str = "SAP ERP") -> Revocation:
    wanted = item(oim, "account", name)
    return Revocation("RITM0010024-L1", who(oim.iga, login).key, wanted, "has left")


def accounts(oim: OimSite, login: str = "ada") -> set[str]:
    held = oim.iga.holdings(who(oim.iga, login))
    return {each.key for each in held if each.kind is ItemKind.ACCOUNT}


def test_an_account_is_revoked_by_a_request_that_is_found_again(oim: OimSite) -> None:
    taking, before = revocation(oim), datetime.now(UTC)
    assert taking.item.key in accounts(oim)
    assert oim.iga.find_revoked(taking, before) is None
    made = oim.iga.revoke(taking)
    assert [made.request_id] == oim.state.ledger
    assert oim.iga.find_revoked(taking, before) == made.request_id
    seen = oim.iga.request(made.request_id)
    assert [(each.kind, each.key) for each in seen.items] == [("account", taking.item.key)]
    assert seen.header.state is RequestState.COMPLETED
    assert taking.item.key not in accounts(oim)


def test_a_revocation_may_have_to_be_agreed_to(oim: OimSite) -> None:
    ruled(oim, "manager")
    taking = revocation(oim)
    request_id = oim.iga.revoke(taking).request_id
    assert oim.iga.request(request_id).header.state is RequestState.AWAITING_APPROVAL
    assert taking.item.key in accounts(oim)
    act(oim, "BEN", request_id, "approve")
    assert oim.iga.request(request_id).header.state is RequestState.COMPLETED
    assert taking.item.key not in accounts(oim)


def test_a_revocation_whose_answer_was_lost_is_found(oim: OimSite) -> None:
    taking, before = revocation(oim), datetime.now(UTC)
    oim.state.faults.add("drop-after-accept")
    with pytest.raises(UnknownOutcome):
        oim.iga.revoke(taking)
    oim.state.faults.clear()
    assert [oim.iga.find_revoked(taking, before)] == oim.state.ledger


def test_an_older_revocation_is_another_one(oim: OimSite) -> None:
    taking = revocation(oim)
    oim.iga.revoke(taking)
    assert oim.iga.find_revoked(taking, datetime.now(UTC) + timedelta(minutes=1)) is None


def test_somebody_elses_revocation_is_not_ours(oim: OimSite) -> None:
    taking = revocation(oim)
    request = oim.state.requests[oim.iga.revoke(taking).request_id]
    request.requester = taking.beneficiary_key
    oim.state.version += 1
    assert oim.iga.find_revoked(taking, LONG_AGO) is None


def test_what_nobody_holds_is_not_revoked(oim: OimSite) -> None:
    taking = revocation(oim)
    oim.iga.revoke(taking)
    with pytest.raises(Refused, match="no account of SAP ERP for this person"):
        oim.iga.revoke(taking)
    assert len(oim.state.ledger) == 1


@pytest.mark.parametrize(
    ("kind", "name"), [("role", "Finance Reporting"), ("entitlement", "Remote access")]
)
def test_roles_and_entitlements_are_for_an_operator(oim: OimSite, kind: str, name: str) -> None:
    taking = replace(revocation(oim), item=item(oim, kind, name))
    with pytest.raises(Refused, match=f"has no way to take away a {kind}: remove {name}"):
        oim.iga.revoke(taking)
    assert oim.state.ledger == []


# --- carried out directly ----------------------------------------------------------------


def test_what_a_rule_carries_out_directly_leaves_no_request(oim: OimSite) -> None:
    oim.state.rules[:] = [Rule(DIRECT)]
    wanted = wish(oim, "account", "Salesforce")
    assert oim.iga.submit(wanted).request_id == ""
    assert oim.state.ledger == []
    assert oim.iga.find_submitted(wanted) is None
    assert wanted.items[0].key in accounts(oim)


def test_a_revocation_may_be_carried_out_directly(oim: OimSite) -> None:
    oim.state.rules[:] = [Rule(DIRECT)]
    taking = revocation(oim)
    assert oim.iga.revoke(taking).request_id == ""
    assert oim.iga.find_revoked(taking, LONG_AGO) is None
    assert taking.item.key not in accounts(oim)


# --- what OIM cannot do ------------------------------------------------------------------


def test_what_the_api_has_no_call_for_is_refused_at_once(oim: OimSite) -> None:
    assert not oim.iga.capabilities.delta_reads
    assert not oim.iga.capabilities.acts_as_user
    with pytest.raises(Refused, match="compare open requests"):
        oim.iga.changes(LONG_AGO)
    with pytest.raises(Refused, match="shows only ADA what waits for them"):
        oim.iga.pending_for(who(oim.iga, "ada"))
