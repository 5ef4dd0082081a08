"""The operator's test console."""

import dataclasses
import re
from typing import Any, cast

import pytest
from sqlalchemy import select

from broker.context import Broker
from broker.domain.access import CatalogueItem, CatalogueMapping, Grant, ItemKind, MappingEntry
from broker.domain.errors import Unavailable
from broker.domain.people import Account, Person
from broker.ports.desk import DeskApproval, DeskOrder, OrderRef
from broker.store import access
from broker.store.audit import AuditEventRow
from broker.store.orders import OrderRow
from tests.use_cases.fakes import FakeDesk, FakeIga
from tests.webui.company import NOW, Browser, Company, Visit, text_of
from webui.ui.paths import own_path

ADA = Person("11", "ADA", "Ada Example", "ada@example.com", "1011", "12")
FINANCE = CatalogueItem(ItemKind.ROLE, "14", "Finance Reporting", "Reads the ledgers.")
ROLE = MappingEntry(
    "servicenow", "role", "Access to a role", [Grant(ItemKind.ROLE, name_from="role")]
)
REF = OrderRef("servicenow", "a" * 32, "RITM0010042", "b" * 32, "SCTASK0010042")
NEW = "/orders/new"
WISH = {"person": "ada", "kind": "role", "name": "Finance Reporting", "act": "try"}


def an_item() -> DeskOrder:
    """ada's approved order of Finance Reporting."""
    ada = Account("servicenow", "sys-ada", "ada", "Ada Example", "ada@example.com", "1011")
    return DeskOrder(
        REF, True, DeskApproval.APPROVED, [], ada, ada, "role", ROLE.label,
        {"role": FINANCE.name}, {}, [str(REF.task_id)],
    )  # fmt: skip


@pytest.fixture
def iga() -> FakeIga:
    return FakeIga(staff=[ADA], catalogue=[FINANCE])


@pytest.fixture
def service_desk() -> FakeDesk:
    return FakeDesk(items={REF.item_id: an_item()})


@pytest.fixture
def broker(broker: Broker, iga: FakeIga, service_desk: FakeDesk) -> Broker:
    """The Broker between an IGA and a desk that can be asked."""
    return dataclasses.replace(
        broker,
        igas={"oim": iga},
        desks={"servicenow": service_desk},
        catalogue=CatalogueMapping({("servicenow", "role"): ROLE}),
    )


def orders_of(broker: Broker) -> list[OrderRow]:
    with broker.sessions() as session:
        return list(session.scalars(select(OrderRow).where(OrderRow.client == "console")))


def facts(page: str) -> dict[str, str]:
    """The terms of the page's list of facts."""
    pairs = re.findall(r"<dt>(.*?)</dt><dd[^>]*>(.*?)</dd>", page, re.DOTALL)
    return {term: re.sub(r"<[^>]+>", "", told).strip() for term, told in pairs}


def test_the_operator_gets_a_form_with_a_label_for_every_field(visit: Visit) -> None:
    page = text_of(visit("cho").get(NEW))
    fields = re.findall(r'<(?:input|select) class="form-[^"]+" id="([^"]+)"', page)
    assert fields == ["person", "kind", "name", "number"]
    assert all(f'<label for="{field}">' in page for field in fields)
    assert "What would become of it" not in page


@pytest.mark.parametrize("name", ["ada", "ben", "dee", "eve"])
def test_it_is_for_operators_only(visit: Visit, broker: Broker, name: str) -> None:
    browser = visit(name)
    for path in (NEW, f"{NEW}/people?person=a", f"{NEW}/items?name=a"):
        assert browser.get(path).status_code == 403
    assert browser.post(NEW, {**WISH, "act": "go", "number": REF.item_number}).status_code == 403
    assert orders_of(broker) == []


def test_the_list_of_orders_leads_operators_to_it(visit: Visit) -> None:
    assert 'href="/orders/new"' in text_of(visit("cho").get("/orders"))
    assert 'href="/orders/new"' not in text_of(visit("ada").get("/orders"))


def test_strangers_sign_in_first_and_come_back(stranger: Browser) -> None:
    answer = stranger.get(NEW)
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith("/saml/login?next=%2Forders%2Fnew")
    assert own_path("/orders/new?number=RITM0010042") == "/orders/new?number=RITM0010042"


def test_a_link_may_fill_the_form_in(visit: Visit) -> None:
    path = f"{NEW}?person=ada&kind=entitlement&name=Buyer&number=ritm0010042"
    page = text_of(visit("cho").get(path))
    assert 'value="ada"' in page
    assert '<option value="entitlement" selected>' in page
    assert 'value="Buyer"' in page
    assert 'value="RITM0010042"' in page


def test_a_kind_or_desk_that_does_not_exist_is_the_usual_one(visit: Visit) -> None:
    page = text_of(visit("cho").get(f"{NEW}?kind=crown&source=nowhere"))
    assert '<option value="role" selected>' in page


def test_with_several_desks_one_is_chosen(visit: Visit, broker: Broker) -> None:
    cast("dict[str, Any]", broker.desks)["servicenow-emea"] = FakeDesk("servicenow-emea")
    page = text_of(visit("cho").get(f"{NEW}?source=servicenow-emea"))
    assert '<option value="servicenow-emea" selected>' in page


# ---- a dry run -----------------------------------------------------------------------------------


def test_a_dry_run_says_what_would_become_of_it(visit: Visit, broker: Broker) -> None:
    page = text_of(visit("cho").post(NEW, WISH))
    told = facts(page)
    assert 'data-good="true"' in page
    assert told["For"] == "Ada Example ADA"
    assert told["Access"] == "role Finance ReportingReads the ledgers."
    assert told["Held already"] == "no"
    assert told["Would be submitted"] == "one request: role Finance Reporting for Ada Example"
    assert told["Approves in ServiceNow"] == "as a rule the manager, Ben Example"
    assert "not seen yet" in told["Approves after that"]
    assert "Order it in ServiceNow: once it is approved there" in page
    assert orders_of(broker) == []


def test_who_decided_last_time_is_told(visit: Visit, iga: FakeIga) -> None:
    iga.catalogue = [dataclasses.replace(FINANCE, key="1")]
    told = facts(text_of(visit("cho").post(NEW, WISH)))
    assert told["Approves after that"] == "last time: Beneficiary Manager · Ben Example"


def test_htmx_gets_the_answer_alone(visit: Visit) -> None:
    browser = visit("cho")
    answer = browser.post(NEW, WISH, headers={"HX-Request": "true"})
    assert text_of(answer).lstrip().startswith("<section")
    assert answer.status_code == 200


def test_a_dry_run_with_an_item_asks_the_desk_too(visit: Visit) -> None:
    page = text_of(visit("cho").post(NEW, {"number": REF.item_number, "act": "try"}))
    told = facts(page)
    assert told["It is for"] == "Ada Example ADA"
    assert told["It stands for"] == "role Finance Reporting"
    assert "Carry it out, or wait for ServiceNow to send it." in page


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"person": "nobody"}, "Nobody in the IGA has the login nobody."),
        ({"person": "<b>x"}, "Nobody in the IGA has the login &lt;b&gt;x."),
        ({"person": ""}, "Say for whom and what, or give the number"),
        ({"number": "RITM1"}, "The desk has no item RITM1."),
    ],
)
def test_what_stands_against_it_is_said_and_the_form_keeps_its_words(
    visit: Visit, changes: dict[str, str], problem: str
) -> None:
    page = text_of(visit("cho").post(NEW, WISH | changes))
    assert 'data-good="false"' in page
    assert problem in page
    assert 'value="Finance Reporting"' in page


def test_a_system_that_is_silent_is_named(visit: Visit, service_desk: FakeDesk) -> None:
    service_desk.breaks["order"] = Unavailable("servicenow", "does not answer")
    page = text_of(visit("cho").post(NEW, WISH | {"number": REF.item_number}))
    assert "ServiceNow does not answer." in page


def test_the_audit_trail_says_who_looked_at_whom(
    visit: Visit, broker: Broker, company: Company
) -> None:
    visit("cho").post(NEW, WISH)
    with broker.sessions() as session:
        query = select(AuditEventRow).where(AuditEventRow.action == "order.try")
        (looked,) = session.scalars(query)
    assert looked.actor_id == company.people["cho"].id
    assert looked.subject_id == company.people["ada"].id


# ---- carrying out --------------------------------------------------------------------------------


def test_carrying_out_announces_the_item_and_leads_to_its_order(
    visit: Visit, broker: Broker, company: Company
) -> None:
    cho = visit("cho")
    answer = cho.post(NEW, WISH | {"act": "go", "number": " ritm0010042 "})
    (order,) = orders_of(broker)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/orders/{order.id}")
    page = text_of(cho.get(f"/orders/{order.id}"))
    assert "The order is on its way. What becomes of it shows here." in page
    assert "An operator announced RITM0010042." in page
    with broker.sessions() as session:
        query = select(AuditEventRow).where(AuditEventRow.subject_id == order.id)
        (received,) = session.scalars(query)
    assert (received.action, received.actor_kind) == ("order.receive", "person")
    assert received.actor_id == company.people["cho"].id


def test_the_same_item_again_leads_to_the_same_order(visit: Visit, broker: Broker) -> None:
    cho = visit("cho")
    first, again = (
        cho.post(NEW, {"act": "go", "number": REF.item_number}).headers["Location"]
        for _ in range(2)
    )
    assert first == again
    assert len(orders_of(broker)) == 1


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"number": ""}, "Give the number of an item that was approved at the desk."),
        ({"number": "RITM0010042", "person": "eve"}, "is for Ada Example, not for eve."),
        ({"number": "RITM0010042", "name": "Buyer"}, "stands for role Finance Reporting."),
        ({"number": "javascript:1"}, "The desk has no item JAVASCRIPT:1."),
    ],
)
def test_what_cannot_be_carried_out_is_said_on_the_same_page(
    visit: Visit, broker: Broker, changes: dict[str, str], problem: str
) -> None:
    answer = visit("cho").post(NEW, WISH | {"act": "go"} | changes)
    assert answer.status_code == 422
    assert problem in text_of(answer)
    assert orders_of(broker) == []


@pytest.mark.parametrize("approval", [DeskApproval.PENDING, DeskApproval.CANCELLED])
def test_an_item_that_is_not_approved_is_not_announced(
    visit: Visit, broker: Broker, service_desk: FakeDesk, approval: DeskApproval
) -> None:
    service_desk.approve(REF.item_id, approval)
    answer = visit("cho").post(NEW, {"act": "go", "number": REF.item_number})
    assert f"is not approved at the desk: it is {approval}." in text_of(answer)
    assert orders_of(broker) == []


def test_a_silent_desk_is_named_and_nothing_is_lost(visit: Visit, service_desk: FakeDesk) -> None:
    service_desk.breaks["find_order"] = Unavailable("servicenow", "does not answer")
    answer = visit("cho").post(NEW, {"act": "go", "number": REF.item_number})
    assert answer.status_code == 422
    assert "ServiceNow does not answer." in text_of(answer)
    assert 'value="RITM0010042"' in text_of(answer)


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "cross-site"}])
def test_a_form_of_another_site_does_nothing(
    visit: Visit, broker: Broker, headers: dict[str, str]
) -> None:
    sent = {"act": "go", "number": REF.item_number} | ({} if headers else {"csrf_token": "x"})
    assert visit("cho").post(NEW, sent, headers=headers).status_code in (400, 403)
    assert orders_of(broker) == []


# ---- picking -------------------------------------------------------------------------------------


def test_people_are_offered_while_one_types(visit: Visit) -> None:
    offers = text_of(visit("cho").get(f"{NEW}/people?person=ada"))
    assert offers.split() == [
        "<option", 'value="ADA">Ada', "Example", "·", "ada@example.com</option>",
    ]  # fmt: skip
    assert text_of(visit("cho").get(f"{NEW}/people?person=zzz")).strip() == ""


def test_access_of_the_chosen_kind_is_offered_and_escaped(visit: Visit, broker: Broker) -> None:
    odd = CatalogueItem(ItemKind.ROLE, "99", 'Ware"house <x>')
    with broker.sessions.begin() as session:
        access.remember_item(session, "oim", odd, NOW)
    offers = text_of(visit("cho").get(f"{NEW}/items?kind=role&name=WARE"))
    assert 'value="Ware&#34;house &lt;x&gt;"' in offers
    assert 'value="Warehouse Supervisor"' in offers
    assert text_of(visit("cho").get(f"{NEW}/items?kind=account&name=WARE")).strip() == ""
