"""The pages: signing in, the portal with the mirrored rows, an item, deciding, ordering."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
import requests

from tests.sandbox.servicenow.desks import Desk, fetch

REQUEST_ID, APPROVAL_ID = "a" * 32, "b" * 32
SignIn = Callable[[str], "Browser"]


class Browser(requests.Session):
    """Somebody's browser on the instance's pages."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.base = url

    def page(self, path: str) -> str:
        answer = self.get(self.base + path)
        assert answer.status_code == 200, answer.status_code
        return answer.text

    def submit(self, path: str, page: str, **form: str) -> requests.Response:
        """Post a form with the token of the page that it stands on."""
        found = re.search(r'name="sysparm_ck" value="([0-9a-f]+)"', page)
        assert found is not None
        return self.post(self.base + path, data=form | {"sysparm_ck": found[1]})


@pytest.fixture
def signed_in(desk: Desk) -> Iterator[SignIn]:
    browsers: list[Browser] = []

    def sign_in(user_name: str) -> Browser:
        browser = Browser(desk.url)
        browsers.append(browser)
        password = "admin" if user_name == "admin" else "demo"
        form = {"user_name": user_name, "user_password": password}
        assert browser.post(f"{desk.url}/login.do", data=form).url == f"{desk.url}/sp"
        return browser

    yield sign_in
    for browser in browsers:
        browser.close()


@pytest.fixture
def mirrored(desk: Desk) -> None:
    """One open request of ada's that waits for ben, as the broker writes it."""
    people, broker = desk.world.people, desk.as_("broker")
    broker.post(
        "x_rqbrk_access_request", sys_id=REQUEST_ID, iga="oim", request_id="2001", state="open",
        items="Payroll Viewer", requested_for=people["ada"].sys_id, active="true",
        requested_by=people["ada"].sys_id, waiting_for="Ben Achterberg",
        opened_at="2026-03-02 08:15:30", link="http://127.0.0.1:8080/go/request/1",
    )  # fmt: skip
    broker.post(
        "x_rqbrk_access_approval", sys_id=APPROVAL_ID, iga="oim", task_id="T-1",
        request=REQUEST_ID, approver=people["ben"].sys_id, state="requested", active="true",
        assigned_at="2026-03-02 08:15:31", link="javascript:alert(1)",
    )  # fmt: skip


def test_a_page_without_session_leads_to_sign_in_and_back(desk: Desk) -> None:
    with Browser(desk.url) as browser:
        answer = browser.get(f"{desk.url}/sp?id=sc_home")
        assert "/login.do?sysparm_goto_url=%2Fsp%3Fid%3Dsc_home" in answer.url
        goto = re.search(r'name="sysparm_goto_url" value="([^"]+)"', answer.text)
        assert goto is not None
        form = {"user_name": "ada", "user_password": "demo", "sysparm_goto_url": goto[1]}
        assert browser.post(f"{desk.url}/login.do", data=form).url == f"{desk.url}/sp?id=sc_home"


@pytest.mark.parametrize("target", ["https://evil.example/x", "//evil.example", "/\\evil.example"])
def test_sign_in_leads_nowhere_else(desk: Desk, target: str) -> None:
    form = {"user_name": "ada", "user_password": "demo", "sysparm_goto_url": target}
    answer = fetch("POST", f"{desk.url}/login.do", data=form, allow_redirects=False)
    assert answer.headers["Location"] == "/sp"


def test_a_wrong_password_says_so(desk: Desk) -> None:
    form = {"user_name": "ada", "user_password": "x"}
    answer = fetch("POST", f"{desk.url}/login.do", data=form)
    assert answer.status_code == 401
    assert "User name or password invalid." in answer.text


def test_the_portal_shows_own_mirrored_requests(
    desk: Desk, mirrored: None, signed_in: SignIn
) -> None:
    page = signed_in("ada").page("/sp")
    assert 'data-request-id="2001"' in page
    assert '<a href="http://127.0.0.1:8080/go/request/1">Payroll Viewer</a>' in page
    assert "Waiting for Ben Achterberg" in page
    assert "Identity data last changed" in page
    assert "Nothing waits for your decision." in page


def test_the_approver_sees_what_waits(desk: Desk, mirrored: None, signed_in: SignIn) -> None:
    page = signed_in("ben").page("/sp")
    assert 'data-task-id="T-1"' in page
    assert "Payroll Viewer" in page
    assert "javascript:" not in page
    assert "You have no open access requests." in page


def test_a_decided_approval_leaves_the_list(desk: Desk, mirrored: None, signed_in: SignIn) -> None:
    desk.as_("broker").patch(
        "x_rqbrk_access_approval", APPROVAL_ID, state="approved", active="false"
    )
    assert "Nothing waits for your decision." in signed_in("ben").page("/sp")


def test_others_see_nothing_of_it(desk: Desk, mirrored: None, signed_in: SignIn) -> None:
    page = signed_in("eve").page("/sp")
    assert "2001" not in page
    assert "No identity data has arrived for you yet" in page


def test_the_item_page_shows_comments_to_the_employee_and_notes_to_fulfillers(
    desk: Desk, signed_in: SignIn
) -> None:
    ritm = desk.ordered()
    desk.as_("broker").patch(
        "sc_req_item", ritm["sys_id"], comments="Access granted", work_notes="OIM request 2001",
        correlation_id="2001", correlation_display="oim",
    )  # fmt: skip
    path = f"/sp?id=ticket&table=sc_req_item&sys_id={ritm['sys_id']}"
    mine, theirs = signed_in("ada").page(path), signed_in("admin").page(path)
    assert "Access granted" in mine
    assert "OIM request 2001" not in mine
    assert '<span id="correlation">2001</span>' in mine
    assert "OIM request 2001" in theirs


def test_the_item_page_is_404_for_others(desk: Desk, signed_in: SignIn) -> None:
    ritm = desk.ordered()
    path = f"/sp?id=ticket&table=sc_req_item&sys_id={ritm['sys_id']}"
    assert signed_in("eve").get(desk.url + path).status_code == 404


def test_the_classic_deep_link_leads_to_the_item(desk: Desk, signed_in: SignIn) -> None:
    ritm = desk.ordered()
    uri = f"sc_req_item.do%3Fsys_id%3D{ritm['sys_id']}"
    page = signed_in("ada").page(f"/nav_to.do?uri={uri}")
    assert ritm["number"] in page
    assert "Waiting for approval" in page


def test_a_person_orders_and_the_manager_approves_on_pages(desk: Desk, signed_in: SignIn) -> None:
    ada, ben = signed_in("ada"), signed_in("ben")
    item = desk.world.desk_items["business_role"]
    assert item.name in ada.page("/sp?id=sc_home")
    form = ada.page(f"/sp?id=sc_cat_item&sys_id={item.sys_id}")
    made = ada.submit(f"/sp/order/{item.sys_id}", form, role="Finance Reporting")
    assert "RITM0010001" in made.text
    link = re.search(r'href="(/sp\?id=approval[^"]+)"', ben.page("/sp"))
    assert link is not None
    decision = ben.page(link[1].replace("&amp;", "&"))
    assert "Finance Reporting" in decision
    action = re.search(r'action="(/sp/approvals/[0-9a-f]+)"', decision)
    assert action is not None
    assert ben.submit(action[1], decision, action="approved").status_code == 200
    (ritm,) = desk.as_("broker").rows("sc_req_item")
    assert ritm["approval"] == "approved"
    assert ben.submit(action[1], decision, action="rejected").status_code == 409


def test_an_order_without_its_answer_is_shown_again(desk: Desk, signed_in: SignIn) -> None:
    ada = signed_in("ada")
    item = desk.world.desk_items["business_role"]
    form = ada.page(f"/sp?id=sc_cat_item&sys_id={item.sys_id}")
    answer = ada.submit(f"/sp/order/{item.sys_id}", form)
    assert answer.status_code == 400
    assert "Mandatory Variables are required." in answer.text


def test_forms_need_their_token_and_their_owner(desk: Desk, signed_in: SignIn) -> None:
    desk.ordered()
    (approval,) = desk.as_("broker").rows("sysapproval_approver")
    path = f"/sp/approvals/{approval['sys_id']}"
    ben, eve = signed_in("ben"), signed_in("eve")
    item = desk.world.desk_items["finance_reporting"].sys_id
    page = eve.page(f"/sp?id=sc_cat_item&sys_id={item}")
    assert ben.post(desk.url + path, data={"action": "approved"}).status_code == 403
    assert eve.submit(path, page, action="approved").status_code == 404
    assert fetch("POST", desk.url + path, data={"action": "approved"}).status_code == 401


def test_signing_out_ends_the_session(desk: Desk, signed_in: SignIn) -> None:
    ada = signed_in("ada")
    ada.page("/logout.do")
    assert "/login.do" in ada.get(f"{desk.url}/sp").url


def test_the_catalogue_is_searched_and_filtered(desk: Desk, signed_in: SignIn) -> None:
    ada = signed_in("ada")
    assert "Standard laptop" in ada.page("/sp?id=sc_home")
    found = ada.page("/sp?id=sc_home&search=LAPTOP%20engineers")
    assert "Laptop for engineers" in found
    assert "Standard laptop" not in found
    hardware = ada.page("/sp?id=sc_home&category=Hardware&page=99")
    assert "Standard laptop" in hardware
    assert "Visitor badge" not in hardware
    assert "Nothing in the catalogue" in ada.page("/sp?id=sc_home&search=unicorn")


def test_people_have_a_place_and_a_cost_centre(desk: Desk) -> None:
    (ada,) = desk.as_("broker").rows("sys_user", "user_name=ada")
    (site,) = desk.as_("broker").rows("cmn_location", f"sys_id={ada['location']}")
    assert (site["city"], site["country"]) == (ada["city"], ada["country"]) == ("Marlow", "GB")
    assert desk.as_("broker").rows("cmn_cost_center", f"sys_id={ada['cost_center']}")


def test_a_delegate_sees_and_decides_in_place_of_somebody(desk: Desk, signed_in: SignIn) -> None:
    ritm = desk.ordered()
    finn = signed_in("finn")
    page = finn.page("/sp")
    assert f"{ritm['number']}: " in page
    assert "in place of Ben Achterberg" in page
    link = re.search(r'href="(/sp\?id=approval[^"]+)"', page)
    assert link is not None
    decision = finn.page(link[1].replace("&amp;", "&"))
    assert "<dt>In place of</dt><dd>Ben Achterberg</dd>" in decision
    action = re.search(r'action="(/sp/approvals/[0-9a-f]+)"', decision)
    assert action is not None
    assert finn.submit(action[1], decision, action="approved").status_code == 200
    ticket = f"/sp?id=ticket&table=sc_req_item&sys_id={ritm['sys_id']}"
    assert "Ben Achterberg" in signed_in("ada").page(ticket)
    assert "decided by Finn" in signed_in("ada").page(ticket)


def test_what_is_asked_twice_is_one_line_and_names_the_group(desk: Desk, signed_in: SignIn) -> None:
    admin, people = desk.as_("admin"), desk.world.people
    group = admin.post("sys_user_group", name="Role owners").json()["result"]["sys_id"]
    for name in ("ben", "eve"):
        admin.post("sys_user_grmember", group=group, user=people[name].sys_id)
    ritm = desk.ordered()
    values = {"parent": ritm["sys_id"], "assignment_group": group, "approval": "requested"}
    admin.post("sysapproval_group", **values)
    assert signed_in("ben").page("/sp").count(f"{ritm['number']}: ") == 1
    assert "as a member of Role owners" in signed_in("eve").page("/sp")
    ticket = f"/sp?id=ticket&table=sc_req_item&sys_id={ritm['sys_id']}"
    assert "of Role owners" in signed_in("ada").page(ticket)


def test_an_approval_of_no_task_is_shown_by_its_document(
    desk: Desk, mirrored: None, signed_in: SignIn
) -> None:
    values = {"document_id": REQUEST_ID, "source_table": "x_rqbrk_access_request"}
    eve = desk.world.people["eve"].sys_id
    desk.as_("admin").post("sysapproval_approver", approver=eve, state="requested", **values)
    assert "Access Request: 2001" in signed_in("eve").page("/sp")
