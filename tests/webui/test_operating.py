"""What an operator reads and types about an order that waits for one."""

import re

import pytest

from broker.context import Broker
from broker.domain.orders import LineState
from broker.store.orders import OrderRow
from tests.webui.company import Browser, Company, Visit, text_of, unconfirmed_row

ASKED = {
    "requested_by": {"user_name": "hugo.brandt"},
    "items": [{"type": "role", "name": "Visitor"}, {"type": "account", "name": "Badge Printer"}],
}


@pytest.fixture
def unconfirmed(broker: Broker, company: Company) -> OrderRow:
    row = unconfirmed_row("RITM0010031", **ASKED)
    with broker.sessions.begin() as session:
        session.add(row)
    return row


def part(page: str, mark: str, end: str) -> str:
    start = page.index(mark)
    return page[start : page.index(end, start)]


def form_of(page: str, order: OrderRow) -> str:
    return part(page, f'action="/operations/orders/{order.id}"', "</form>")


def value_of(form: str, name: str) -> str:
    field = re.search(rf'<input[^>]* name="{name}"[^>]*>', form)
    assert field is not None, form
    return field[0].partition('value="')[2].partition('"')[0]


def test_an_unconfirmed_order_tells_what_was_posted(visit: Visit, unconfirmed: OrderRow) -> None:
    page = text_of(visit("cho").get(f"/orders/{unconfirmed.id}"))
    posted = part(page, 'id="posted"', "</section>")
    assert "As posted, not confirmed" in posted
    for told in ("gina.falcone", "hugo.brandt", "RITM0010031", "role Visitor",
                 "account Badge Printer"):  # fmt: skip
        assert told in posted
    assert "gina.falcone" not in page.replace(posted, "")
    assert "A badge for a guest" not in page
    row = part(text_of(visit("cho").get("/operations")), f'id="order-{unconfirmed.id}"', "</li>")
    assert "for gina.falcone, as posted, not confirmed" in row


def test_a_post_that_names_little_is_told_as_such(
    visit: Visit, company: Company, broker: Broker
) -> None:
    row = unconfirmed_row("RITM0010032")
    with broker.sessions.begin() as session:
        session.add(row)
    posted = part(text_of(visit("cho").get(f"/orders/{row.id}")), 'id="posted"', "</section>")
    assert "nobody named" in posted
    assert "none named" in posted


def test_an_order_that_ended_unconfirmed_awaits_no_confirmation(
    visit: Visit, unconfirmed: OrderRow, broker: Broker
) -> None:
    with broker.sessions.begin() as session:
        session.merge(unconfirmed).lines[0].state = LineState.REJECTED
    page = text_of(visit("cho").get(f"/orders/{unconfirmed.id}"))
    assert "not yet confirmed" not in page.casefold()
    assert "has not confirmed what reached us." in page
    assert 'class="decide"' not in page


def test_a_confirmed_order_says_nothing_of_the_post(visit: Visit, company: Company) -> None:
    for order in (company.order, company.stuck):
        page = text_of(visit("cho").get(f"/orders/{order.id}"))
        assert "as posted" not in page.casefold()
        assert "Ada Example" in part(page, 'id="about"', "</section>")


@pytest.mark.parametrize("page", ["order", "operations"])
def test_only_what_can_work_is_offered(
    visit: Visit, company: Company, unconfirmed: OrderRow, page: str
) -> None:
    for order, adopts in ((company.stuck, True), (unconfirmed, False)):
        path = f"/orders/{order.id}" if page == "order" else "/operations"
        form = form_of(text_of(visit("cho").get(path)), order)
        assert 'value="retry"' in form
        assert 'value="cancel"' in form
        assert ('value="adopt"' in form, 'name="request_id"' in form) == (adopts, adopts)


def test_an_order_of_which_two_lines_wait_cannot_adopt(
    visit: Visit, company: Company, broker: Broker
) -> None:
    with broker.sessions.begin() as session:
        session.merge(company.order).lines[0].state = LineState.NEEDS_ATTENTION
        stuck = session.merge(company.stuck)
        stuck.lines.append(
            type(stuck.lines[0])(
                position=1, kind="role", name="Buyer", state=LineState.NEEDS_ATTENTION,
                left_state=LineState.VERIFIED, changed_at=stuck.received_at,
            )
        )  # fmt: skip
    page = text_of(visit("cho").get("/operations"))
    assert 'value="adopt"' not in form_of(page, company.stuck)
    assert 'value="adopt"' in form_of(page, company.order)


def refused_adoption(cho: Browser, order: OrderRow, back: str) -> None:
    typed = {"act": "adopt", "reason": "She had asked <herself>.", "request_id": " ", "back": back}
    answer = cho.post(f"/operations/orders/{order.id}", typed)
    assert (answer.status_code, answer.location) == (303, back)


@pytest.mark.parametrize("page", ["order", "operations"])
def test_a_refused_act_keeps_what_was_typed_and_says_why_beside_it(
    visit: Visit, company: Company, unconfirmed: OrderRow, page: str
) -> None:
    cho = visit("cho")
    back = f"/orders/{company.stuck.id}" if page == "order" else "/operations"
    refused_adoption(cho, company.stuck, back)
    shown = text_of(cho.get(back))
    form = form_of(shown, company.stuck)
    assert "Say which request of OIM" in form
    assert shown.count("Say which request") == 1
    assert value_of(form, "reason") == "She had asked &lt;herself&gt;."
    wrong = re.search(r"<input[^>]*aria-invalid[^>]*>", form)
    assert wrong is not None
    assert f'aria-describedby="refused-{company.stuck.id}"' in wrong[0]
    assert 'name="request_id"' in wrong[0]
    assert "Say which request" not in text_of(cho.get(back))


def test_a_page_that_renews_itself_does_not_take_the_refusal(
    visit: Visit, company: Company
) -> None:
    cho, path = visit("cho"), f"/orders/{company.stuck.id}"
    refused_adoption(cho, company.stuck, path)
    assert "Say which request" not in text_of(cho.fragment(path))
    page = text_of(cho.get(path))
    assert "Say which request" in page
    seen = part(page, 'hx-get="', '" hx-trigger').removeprefix('hx-get="')
    assert cho.fragment(seen).status_code == 204


def test_a_missing_reason_is_told_at_the_reason(visit: Visit, company: Company) -> None:
    cho = visit("cho")
    typed = {"act": "adopt", "reason": " ", "request_id": "5001"}
    cho.post(f"/operations/orders/{company.stuck.id}", typed)
    form = form_of(text_of(cho.get("/operations")), company.stuck)
    assert "Say why" in form
    assert value_of(form, "request_id") == "5001"
    wrong = re.search(r"<input[^>]*aria-invalid[^>]*>", form)
    assert wrong is not None
    assert 'name="reason"' in wrong[0]


def test_what_is_refused_about_an_order_without_a_form_is_told_at_the_top(
    visit: Visit, company: Company
) -> None:
    cho = visit("cho")
    for order_id in (company.order.id, "0" * 32):
        cho.post(f"/operations/orders/{order_id}", {"act": "retry", "reason": "why not"})
        page = text_of(cho.get("/operations"))
        assert "only one in need of attention" in page or "There is no such order" in page
        assert "aria-invalid" not in page


def test_the_longest_thing_to_type_survives_a_refusal(visit: Visit, company: Company) -> None:
    cho, reason = visit("cho"), "".join(chr(0x4E00 + number * 37 % 20000) for number in range(500))
    typed = {"act": "adopt", "reason": reason, "request_id": ""}
    cho.post(f"/operations/orders/{company.stuck.id}", typed)
    assert value_of(form_of(text_of(cho.get("/operations")), company.stuck), "reason") == reason
