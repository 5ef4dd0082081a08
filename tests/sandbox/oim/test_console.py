"""The OIM console as a person's browser uses it."""

import re

import pytest

from sandbox.oim import Oim
from tests.sandbox.oim.browsing import Browse
from tests.sandbox.oim.conftest import Api, until


def test_a_person_asks_the_manager_approves_and_the_access_is_there(
    browse: Browse, installation: Oim
) -> None:
    ada, ben = browse("ada"), browse("ben")
    assert "Finance Reporting" in ada.open("/identity/faces/catalog?search=reporting")
    page = ada.submit("role:14", justification="month end")
    request_id = re.findall(r"requestId=(\d+)", ada.page.url)[0]
    assert "Assign Roles" in page
    until(lambda: "Ben Achterberg" in ada.open(ada.page.url), "waiting for ben")
    inbox = ben.open("/identity/faces/home?tf=approval_details")
    task = installation.requests[request_id].tasks[0]
    assert task.task_id in inbox
    assert "Ada Lindqvist" in inbox
    decided = ben.submit(task.task_id, action="approve", comment="fine with me")
    assert "fine with me" in decided
    until(lambda: "Request Completed" in ada.open(ada.page.url), "provisioned")
    held = ada.open("/identity/faces/home?tf=my_access_roles")
    assert "Finance Reporting" in held
    assert f"requestId={request_id}" in held
    assert task.task_id not in ben.open("/identity/faces/home?tf=approval_details")
    assert "You have this already" in ada.open("/identity/faces/catalog?search=reporting")


def test_reject_in_the_inbox_ends_the_request(
    browse: Browse, installation: Oim, ada: Api, broker: Api
) -> None:
    request_id = ada.ask(broker.user("ADA"))["id"]
    broker.wait_for(request_id, "Request Awaiting Approval")
    ben = browse("ben")
    ben.open("/identity/faces/home?tf=approval_details")
    task = installation.requests[request_id].tasks[0]
    assert "Request Rejected" in ben.submit(task.task_id, action="reject", comment="no")
    repeated = ben.http.post(
        f"{ben.url}/identity/faces/approvals/{task.task_id}",
        {"_csrf": "wrong", "action": "approve"},
        timeout=30,
    )
    assert repeated.status_code == 403


def test_somebody_elses_request_is_not_found(
    browse: Browse, installation: Oim, broker: Api
) -> None:
    key = broker.user("ADA")
    request_id = next(r.id for r in installation.requests.values() if key in r.beneficiaries)
    eve = browse("eve")
    page = eve.open(f"/identity/faces/home?tf=request_details&requestId={request_id}")
    assert eve.page.status_code == 404
    assert "not yours" in page
    missing = eve.open("/identity/faces/home?tf=request_details&requestId=999999")
    assert missing == page


@pytest.mark.parametrize(
    ("flow", "shown"),
    [("my_access_accounts", "SAP ERP"), ("my_access_entitlements", "financial documents")],
)
def test_my_access_shows_accounts_and_entitlements(browse: Browse, flow: str, shown: str) -> None:
    assert shown in browse("ada").open(f"/identity/faces/home?tf={flow}")


def test_a_form_without_the_sessions_token_is_refused(browse: Browse, installation: Oim) -> None:
    ada = browse("ada")
    ada.open("/identity/faces/home")
    answer = ada.http.post(
        f"{ada.url}/identity/faces/catalog", {"item": "role:14", "_csrf": "guess"}, timeout=30
    )
    assert answer.status_code == 403
    assert installation.ledger == []


def test_the_catalogue_has_pages_and_filters(browse: Browse) -> None:
    ada = browse("ada")
    first = ada.open("/identity/faces/catalog")
    assert "200 items, page 1 of 5" in first
    assert "Finance Reporting" in first
    second = ada.open("/identity/faces/catalog?page=2")
    assert 'rel="prev"' in second
    assert "Finance Reporting" not in second
    assert "page 5 of 5" in ada.open("/identity/faces/catalog?page=99")
    few = ada.open("/identity/faces/catalog?kind=account&category=Finance&search=payments")
    assert "1 item<" in few
    assert "Treasury Workbench" in few
    assert "Nothing in the catalogue" in ada.open("/identity/faces/catalog?search=unicorn")
