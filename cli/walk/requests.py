"""A person asks in OIM, the manager decides there: everybody else sees it and forgets it again."""

import re
from datetime import UTC, datetime

from cli.walk.browser import Browser
from cli.walk.journey import OK, Journey, demand, rows_in
from cli.walk.pages import Element, Page
from cli.walk.systems import approvers_of

_FRESH_SECONDS = 120


def sign_in(walk: Journey) -> None:
    """ada signs in at the broker over SAML, through the identity provider's form"""
    page = walk.dashboard(walk.ada)
    demand(walk.ada.passwords == 1, f"ada filled in {walk.ada.passwords} password forms, not one")
    demand(page.url.startswith(walk.at.broker), f"ada ends up at {page.url}")
    name = walk.oim.user("ada")["Display Name"]
    demand(name in page.text, f"the page does not greet {name}")


def dashboard(walk: Journey) -> None:
    """her dashboard lists her open requests and who decides, as OIM has them, and how fresh"""
    expected = {str(row["id"]): row for row in walk.oim.open_requests_of("ada")}
    demand(expected, "OIM has no open request of ada's, so there is nothing to compare")
    page = walk.until(
        lambda: _shows_exactly(walk, set(expected)),
        f"ada's dashboard lists the requests {', '.join(sorted(expected))}, as OIM does,"
        f" read at most {_FRESH_SECONDS} seconds ago",
    )
    for request_id, row in rows_in(page, "open-requests").items():
        for login in approvers_of(expected[request_id]):
            names = {login.lower(), _name_of(walk, login).lower()}
            seen = row.text.lower()
            demand(any(name in seen for name in names),
                   f"{request_id} waits for {login}, the dashboard says: {row.text}")  # fmt: skip


def _shows_exactly(walk: Journey, expected: set[str]) -> Page | None:
    page = walk.dashboard(walk.ada)
    same = set(rows_in(page, "open-requests")) == expected
    return page if same and _age(page) < _FRESH_SECONDS else None


def _name_of(walk: Journey, login: str) -> str:
    if re.fullmatch(r"[A-Z ]+", login) and " " in login:
        return login  # a queue
    return str(walk.oim.user(login).get("Display Name"))


def _age(page: Page) -> float:
    """How many seconds ago the page was read from OIM, by its own words; infinite if never."""
    marks = [element.attributes["data-as-of"] for element in page.root.having("data-as-of")]
    moments = [datetime.fromisoformat(mark) for mark in marks if mark]
    ages = [(datetime.now(UTC) - moment).total_seconds() for moment in moments]
    return min(ages, default=float("inf"))


def request(walk: Journey) -> None:
    """she asks for a role in OIM's catalogue, without another password"""
    facts, roles = walk.facts, walk.oim.simple_roles()
    held = walk.oim.roles_of("ada")
    open_keys = {
        str(entity["entityId"])
        for row in walk.oim.open_requests_of("ada")
        for entity in row["reqTargetEntities"]
    }
    free = [name for name, key in roles.items() if name not in held and key not in open_keys]
    demand(len(free) > 2, "OIM's catalogue has too few roles that ada does not have")  # noqa: PLR2004 - one a use
    facts.wanted_role, facts.ordered_role, facts.other_role = free[:3]
    page = walk.ada.open(f"{walk.at.oim}/identity/faces/catalog")
    demand(walk.ada.passwords == 1, "OIM's console asks ada for her password again")
    facts.request_id = _ask(walk, page, f"role:{roles[facts.wanted_role]}")


def _ask(walk: Journey, page: Page, item: str) -> str:
    form = next((form for form in page.forms() if form.fields.get("item") == item), None)
    if form is None:
        demand(False, f"OIM's catalogue does not offer {item}")
        return ""
    before = {str(row["id"]) for row in walk.oim.requests_of("ada")}
    after = walk.ada.submit(page, form, justification="I take part in the stocktaking.")
    demand(after.status == OK, f"OIM answers {after.status}: {after.text[:200]}")
    new = {str(row["id"]) for row in walk.oim.requests_of("ada")} - before
    demand(len(new) == 1, f"OIM has {len(new)} new requests of ada's, not one")
    return new.pop()


def login_event(walk: Journey) -> None:
    """she signs in to ServiceNow; its login event brings the request onto her broker dashboard"""
    page = walk.ada.open(f"{walk.at.servicenow}/login.do")
    form = page.form("user_name", "user_password")
    demand(form, "ServiceNow shows no sign-in form")
    assert form is not None
    after = walk.ada.submit(page, form, user_name="ada", user_password="demo")  # noqa: S106 - as above
    demand("/sp" in after.url, f"ServiceNow leads ada to {after.url}")
    request_id = walk.facts.request_id
    walk.until(
        lambda: request_id in rows_in(walk.dashboard(walk.ada), "open-requests"),
        f"ada's dashboard at the broker lists request {request_id}",
    )


def mirrored(walk: Journey) -> None:
    """the same request stands in ServiceNow, waiting for ben: in its table and on ada's portal"""
    request_id = walk.facts.request_id
    query = f"request_id={request_id}^active=true"
    walk.until(
        lambda: walk.desk.rows("x_rqbrk_access_request", query),
        f"ServiceNow's mirror table has request {request_id}",
    )
    name = walk.oim.user("ben")["Display Name"]
    walk.until(
        lambda: name in _on_portal(walk, request_id),
        f"ada's portal shows {request_id}, waiting for {name}; it says: "
        f"{_on_portal(walk, request_id) or 'nothing of it'}",
    )
    query = f"request.request_id={request_id}^active=true"
    demand(
        walk.desk.rows("x_rqbrk_access_approval", query),
        f"ServiceNow's mirror has no approval of request {request_id}",
    )


def _on_portal(walk: Journey, request_id: str) -> str:
    page = walk.ada.open(f"{walk.at.servicenow}/sp")
    return next((a.text for a in page.root.find("article", data_request_id=request_id)), "")


def approve(walk: Journey) -> None:
    """ben signs in, sees what waits, follows the link to OIM without a password, approves"""
    request_id, ben = walk.facts.request_id, walk.ben
    walk.dashboard(ben)
    demand(ben.passwords == 1, f"ben filled in {ben.passwords} password forms, not one")
    row = walk.until(
        lambda: rows_in(walk.dashboard(ben), "pending-approvals").get(request_id),
        f"ben's dashboard lists the approval of request {request_id}",
    )
    page = _at_oim(walk, ben, row, request_id)
    demand(ben.passwords == 1, "OIM's console asks ben for his password again")
    task = next(page.root.find("article", data_request=request_id), page.root)
    forms = [form for form in page.forms() if "approve" in form.choices("action")
             and form.element in list(task.walk())]  # fmt: skip
    demand(forms, f"ben's link leads to {page.url}, where he cannot approve request {request_id}")
    after = ben.submit(page, forms[0], action="approve", comment="Yes, for the stocktaking.")
    demand(after.status == OK, f"OIM answers {after.status}: {after.text[:200]}")
    status = walk.oim.request(request_id)["reqStatus"]
    demand("Approval" not in status, f"OIM still says {status}")


def _at_oim(walk: Journey, ben: Browser, row: Element, request_id: str) -> Page:
    """Follow the row's own links, at most two deep, until one leads to OIM."""
    start = Page(f"{walk.at.broker}/", OK, "")
    start.root.children.append(row)
    for address in start.links("/"):
        page = ben.open(address)
        if page.url.startswith(walk.at.oim):
            return page
        for further in [link for link in page.links("/") if "/go/" in link or walk.at.oim in link]:
            onward = ben.open(further)
            if onward.url.startswith(walk.at.oim):
                return onward
    demand(False, f"no link of request {request_id} leads ben to OIM: {start.links('/')}")
    return start


def cleared(walk: Journey) -> None:
    """after the refresh button both lists are without it, and ServiceNow's mirror too"""
    request_id = walk.facts.request_id
    for person, section in ((walk.ben, "pending-approvals"), (walk.ada, "open-requests")):
        walk.until(
            lambda person=person, section=section: _gone(walk, person, section),  # type: ignore[misc]
            f"{person.person}'s dashboard no longer lists request {request_id}",
        )
    for table, query in (
        ("x_rqbrk_access_approval", f"request.request_id={request_id}"),
        ("x_rqbrk_access_request", f"request_id={request_id}"),
    ):
        walk.until(
            lambda table=table, query=query: not walk.desk.rows(table, query + "^active=true"),  # type: ignore[misc]
            f"ServiceNow's {table} no longer shows request {request_id} as open",
        )


def _gone(walk: Journey, person: Browser, section: str) -> bool:
    page = walk.dashboard(person)
    if walk.facts.request_id not in rows_in(page, section):
        return True
    form = page.form(action="refresh")
    demand(form, f"{person.person}'s dashboard has no refresh button")
    if form is not None:
        person.submit(page, form)
    return False
