"""People, requests, catalogue and holdings, against the sandbox's OIM."""

from collections import Counter
from datetime import UTC

import pytest

from broker.domain.access import ItemKind, ItemName
from broker.domain.access_requests import RequestState
from broker.domain.approvals import TaskState
from broker.domain.errors import Misconfigured, NotFound, Unavailable
from broker.domain.people import Person
from broker.ports.iga import Iga
from tests.connectors.conftest import OimSite


def who(iga: Iga, login: str) -> Person:
    person = iga.person(login)
    assert person is not None
    return person


def waiting_of_ada(oim: OimSite) -> str:
    """The id of the request in which ada asks for a role and ben has to decide."""
    wanted = ("role", "Accounts Payable Clerk")
    found = (r for r in oim.world.history if r.beneficiary == "ada" and r.items[0] == wanted)
    return next(request.request_id for request in found)


@pytest.mark.parametrize("login", ["ada", "ADA", "Ada"])
def test_a_login_is_found_in_any_case(oim: OimSite, login: str) -> None:
    ada, known = who(oim.iga, login), oim.world.people["ada"]
    assert (ada.key, ada.login, ada.display_name) == (known.usr_key, "ADA", known.display_name)
    assert (ada.email, ada.employee_number) == (known.email, known.employee_number)
    assert ada.manager_key == oim.world.people["ben"].usr_key
    assert ada.active


@pytest.mark.parametrize("login", ["nobody", "", "a::b", "a b", "x or User::Login sw A", "a\nb"])
def test_a_login_nobody_has_is_none(oim: OimSite, login: str) -> None:
    assert oim.iga.person(login) is None


def test_people_are_found_by_mail_and_number(oim: OimSite) -> None:
    ada = oim.world.people["ada"]
    assert [p.login for p in oim.iga.find_people("email", ada.email.upper())] == ["ADA"]
    assert [p.login for p in oim.iga.find_people("employee_number", ada.employee_number)] == ["ADA"]


def test_everybody_who_shares_a_mail_is_found(oim: OimSite) -> None:
    shared = oim.iga.find_people("email", "infodesk@example.com")
    assert {p.key for p in shared} == {oim.world.people[k].usr_key for k in ("ivan", "ivana")}


def test_a_disabled_person_is_found_as_such(oim: OimSite) -> None:
    karl = oim.world.people["karl"].iga_login or ""
    assert not who(oim.iga, karl).active


def test_everybody_is_listed_once_whatever_the_page_size(oim: OimSite) -> None:
    wanted = sorted(oim.state.users)
    for page_size in (2, 7, 1000):
        assert sorted(p.key for p in oim.connect(page_size=page_size).people()) == wanted


def test_listed_people_are_the_same_as_found_ones(oim: OimSite) -> None:
    listed = {person.login: person for person in oim.iga.people()}
    assert listed["ADA"] == who(oim.iga, "ADA")


@pytest.mark.parametrize("page_size", [2, 5, 100])
def test_open_requests_are_those_that_are_not_final_each_once(oim: OimSite, page_size: int) -> None:
    wanted = {
        request.id
        for request in oim.state.requests.values()
        if request.status
        not in {
            "Request Completed",
            "Request Rejected",
            "Request Withdrawn",
            "Request Closed",
            "Request Failed",
            "Request Partially Failed",
            "Request Completed With Errors",
            "Request Approval Rejected",
            "Operation Approval Rejected",
            "Request Draft Created",  # nobody has sent it yet
        }
    }
    found = Counter(header.id for header in oim.connect(page_size=page_size).open_requests())
    assert (set(found), set(found.values())) == (wanted, {1})


def test_a_status_of_the_site_itself_can_be_named_as_open(oim: OimSite) -> None:
    parked = waiting_of_ada(oim)
    oim.state.requests[parked].status = "Request Parked By Audit"
    oim.state.version += 1
    assert parked not in {header.id for header in oim.iga.open_requests()}
    informed = oim.connect(open_statuses="Something Else, Request Parked By Audit")
    (header,) = [h for h in informed.open_requests() if h.id == parked]
    assert header.state is RequestState.IN_PROGRESS
    assert header.raw_status == "Request Parked By Audit"


def test_a_persons_requests_are_those_raised_or_received(oim: OimSite) -> None:
    ada = who(oim.iga, "ada")
    wanted = {
        request.id
        for request in oim.state.requests.values()
        if ada.key in (request.requester, *request.beneficiaries)
    }
    found = Counter(header.id for header in oim.connect(page_size=3).requests_of(ada))
    assert (set(found), set(found.values())) == (wanted, {1})


def test_a_header_says_what_the_list_says(oim: OimSite) -> None:
    ada = who(oim.iga, "ada")
    request_id = waiting_of_ada(oim)
    (header,) = [h for h in oim.iga.requests_of(ada) if h.id == request_id]
    kept = oim.state.requests[request_id]
    assert header.state is RequestState.AWAITING_APPROVAL
    assert (header.raw_status, header.request_type) == ("Request Awaiting Approval", "Assign Roles")
    assert (header.requester_key, header.beneficiary_keys) == (ada.key, (ada.key,))
    assert header.created_at == kept.created_at.astimezone(UTC).replace(microsecond=0)
    assert header.justification == kept.justification


def test_a_detail_names_items_and_who_decides(oim: OimSite) -> None:
    request_id = waiting_of_ada(oim)
    request = oim.iga.request(request_id)
    (item,) = request.items
    (task,) = request.waiting
    kept = oim.state.requests[request_id].tasks[0]
    assert (item.kind, item.key, item.name) == (ItemKind.ROLE, "17", "Accounts Payable Clerk")
    assert item.beneficiary_key == oim.world.people["ada"].usr_key
    assert (task.id, task.assignee, task.raw_state) == (kept.task_id, "BEN", "ASSIGNED")
    assert task.assigned_at == kept.assigned_at.replace(microsecond=0)
    assert request.modified_at is not None


def test_a_detail_keeps_the_decisions_made(oim: OimSite) -> None:
    past = (r for r in oim.world.history if r.beneficiary == "ada")
    refused = next(r for r in past if r.items[0] == ("role", "Treasury Operator"))
    request = oim.iga.request(refused.request_id)
    assert request.header.state is RequestState.REJECTED
    assert [task.state for task in request.tasks] == [TaskState.APPROVED, TaskState.REJECTED]
    assert [task.stage for task in request.tasks] == ["Stage1", "Stage2"]
    assert all(task.decided_at for task in request.tasks)
    assert request.waiting == ()


def test_every_request_of_the_world_is_understood(oim: OimSite) -> None:
    for request_id, kept in oim.state.requests.items():
        request = oim.iga.request(request_id)
        assert len(request.waiting) == len(kept.open_tasks)
        assert TaskState.UNKNOWN not in {task.state for task in request.tasks}
        assert len({task.id for task in request.tasks}) == len(kept.tasks)
        assert not any(item.name.startswith(f"{item.kind} ") for item in request.items)


@pytest.mark.parametrize("request_id", ["99999", "../users/2", ""])
def test_a_request_that_is_not_there_is_not_found(oim: OimSite, request_id: str) -> None:
    with pytest.raises(NotFound):
        oim.iga.request(request_id)


def test_holdings_are_what_the_person_has_now(oim: OimSite) -> None:
    held = {(h.kind, h.name): h for h in oim.iga.holdings(who(oim.iga, "ada"))}
    kept = oim.state.holdings[who(oim.iga, "ada").key]
    assert {(h.kind, h.key) for h in held.values()} == set(kept)
    given = {r.items[0]: r.request_id for r in oim.world.history if r.beneficiary == "ada"}
    role = held[ItemKind.ROLE, "Cost Centre Reader"]
    wanted = given["role", "Cost Centre Reader"]
    assert (role.request_id, role.since is not None) == (wanted, True)
    account, wanted = held[ItemKind.ACCOUNT, "SAP ERP"], given["account", "SAP ERP"]
    assert (account.key, account.request_id, account.since is not None) == ("52", wanted, True)


@pytest.mark.parametrize(
    ("kind", "name", "key"),
    [
        ("role", "Finance Reporting", "14"),
        ("account", "SAP ERP", "52"),
        ("entitlement", "Remote access", "100"),
        ("entitlement", "CN=VPN Users,OU=Groups,DC=example,DC=com", "100"),
    ],
)
def test_an_item_is_found_by_its_whole_name(oim: OimSite, kind: str, name: str, key: str) -> None:
    item = oim.iga.find_item(ItemName(kind, name))
    assert item is not None
    assert (item.kind, item.key) == (kind, key)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("role", "Finance"),
        ("role", "finance reporting"),
        ("account", "Finance Reporting"),
        ("printer", "Finance Reporting"),
        ("role", "a::b"),
        ("role", ""),
    ],
)
def test_a_name_that_is_not_exactly_an_items_is_none(oim: OimSite, kind: str, name: str) -> None:
    assert oim.iga.find_item(ItemName(kind, name)) is None


def test_the_catalogue_is_read_once_for_many_names(oim: OimSite) -> None:
    request_id = waiting_of_ada(oim)
    oim.iga.request(request_id)
    oim.state.items.clear()
    assert oim.iga.request(request_id).items[0].name == "Accounts Payable Clerk"
    forgetful = oim.connect(names_kept_seconds=0)
    assert forgetful.request(request_id).items[0].name == "role 17"


def test_links_lead_into_the_console(oim: OimSite) -> None:
    iga = oim.connect(console_url="https://access.example.com/")
    home = "https://access.example.com/identity/faces/home?tf="
    assert iga.request_link("7041") == f"{home}request_details&requestId=7041"
    assert iga.inbox_link() == f"{home}approval_details"
    assert iga.access_link() == f"{home}my_access_roles"


@pytest.mark.parametrize("way", ["basic", "jwt"])
def test_every_way_of_signing_in_works(oim: OimSite, way: str) -> None:
    assert oim.connect(authentication=way).check().says == "oim answers, and BROKER is signed in."


def test_a_wrong_password_is_for_the_operator(oim: OimSite) -> None:
    with pytest.raises(Misconfigured, match="does not take the user broker with this secret") as it:
        oim.connect(password="wrong").check()
    assert "wrong" not in str(it.value)


def test_an_account_that_sees_no_catalogue_does_not_pass_the_check(
    oim: OimSite,
) -> None:
    oim.state.items.clear()
    with pytest.raises(Misconfigured, match="shows broker an empty catalogue"):
        oim.iga.check()


def test_an_address_without_the_api_does_not_pass_the_check(oim: OimSite) -> None:
    with pytest.raises(Unavailable, match="its address is wrong"):
        oim.connect(url=f"{oim.url}/elsewhere").check()


def test_an_installation_that_is_down_is_unavailable(oim: OimSite) -> None:
    oim.state.faults.add("down")
    with pytest.raises(Unavailable):
        oim.iga.person("ada")
