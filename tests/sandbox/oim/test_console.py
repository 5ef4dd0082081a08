"""The OIM console as a person's browser uses it."""

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import pytest
import requests

from sandbox.oim import Oim
from sandbox.web import Server
from tests.sandbox.oim.conftest import Api, until


class Forms(HTMLParser):
    """The forms of a page: where each goes and what it holds."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append((values.get("action", ""), {}))
        if tag == "input" and self.found:
            self.found[-1][1][values.get("name", "")] = values.get("value", "")


class Browser:
    """Follows redirects and the identity provider's forms, keeps cookies, has no scripts."""

    def __init__(self, url: str, name: str) -> None:
        self.url, self.name = url, name
        self.http = requests.Session()
        self.page: Any = None

    def open(self, path: str) -> str:
        self.page = self.http.get(urljoin(self.url, path), timeout=5)
        while (forms := Forms(self.page.text).found) and self._is_sign_in(forms[0][1]):
            action, fields = forms[0]
            if "password" in fields:
                fields |= {"username": self.name, "password": "demo"}
            self.page = self.http.post(urljoin(self.page.url, action), fields, timeout=5)
        return str(self.page.text)

    def _is_sign_in(self, fields: dict[str, str]) -> bool:
        return "SAMLResponse" in fields or "SAMLRequest" in fields

    def submit(self, having: str, **given: str) -> str:
        """Send the form whose action or fields hold `having`."""
        for action, fields in Forms(self.page.text).found:
            if having in action or having in fields.values():
                url = urljoin(self.page.url, action)
                self.page = self.http.post(url, {**fields, **given}, timeout=5)
                return str(self.page.text)
        raise AssertionError(f"no form with {having}")


Browse = Callable[[str], Browser]


@pytest.fixture
def browse(server: Server) -> Iterator[Browse]:
    opened = []

    def start(name: str) -> Browser:
        opened.append(Browser(server.url, name))
        return opened[-1]

    yield start
    for browser in opened:
        browser.http.close()


def test_path_and_query_survive_the_sign_in(browse: Browse, installation: Oim) -> None:
    ben = browse("ben")
    request_id = next(iter(installation.requests))
    ben.open(f"/identity/faces/home?tf=request_details&requestId={request_id}")
    assert ben.page.url.endswith(f"home?tf=request_details&requestId={request_id}")
    assert "OIM_SESSION" in ben.http.cookies


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
        timeout=5,
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


def test_somebody_without_an_oim_account_gets_no_session(browse: Browse) -> None:
    gina = browse("gina")
    assert "no active account" in gina.open("/identity/faces/home")
    assert gina.page.status_code == 403
    assert "OIM_SESSION" not in gina.http.cookies


def test_an_answer_carried_to_another_browser_gets_no_session(
    browse: Browse, server: Server
) -> None:
    ada, thief = browse("ada"), browse("eve")
    form = ada.http.get(f"{server.url}/identity/faces/home", timeout=5)
    action, fields = Forms(form.text).found[0]
    fields |= {"username": "ada", "password": "demo"}
    answer = ada.http.post(urljoin(form.url, action), fields, timeout=5)
    acs, response = Forms(answer.text).found[0]
    stolen = thief.http.post(acs, response, timeout=5)
    assert stolen.status_code == 403
    assert "OIM_SESSION" not in thief.http.cookies
    again = ada.http.post(acs, response, timeout=5)
    assert again.status_code == 403, "an answer is good for one use"


def test_a_form_without_the_sessions_token_is_refused(browse: Browse, installation: Oim) -> None:
    ada = browse("ada")
    ada.open("/identity/faces/home")
    answer = ada.http.post(
        f"{ada.url}/identity/faces/catalog", {"item": "role:14", "_csrf": "guess"}, timeout=5
    )
    assert answer.status_code == 403
    assert installation.ledger == []


def test_after_signing_out_the_next_page_asks_again_and_is_silent(browse: Browse) -> None:
    ada = browse("ada")
    ada.open("/identity/faces/home")
    assert "signed out" in ada.open("/identity/faces/signout")
    assert "OIM_SESSION" not in ada.http.cookies
    assert "Welcome, Ada" in ada.open("/identity/faces/home")


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
