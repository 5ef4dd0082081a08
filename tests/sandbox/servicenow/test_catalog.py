"""The Service Catalog API: what can be ordered, by whom and for whom, and the cart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import requests

from tests.sandbox.servicenow.desks import Client, Desk

TWO_STEP = "glide.sc.checkout.twostep"


@dataclass
class Shop:
    """A little catalogue of our own: a category below another, a tablet, a role."""

    desk: Desk
    catalog: str
    category: str
    inner: str
    tablet: str
    role: str

    def url(self, path: str, version: str = "") -> str:
        return f"{self.desk.url}/api/sn_sc/{version}servicecatalog/{path}"

    def get(self, path: str, who: str = "ada", **parameters: str) -> Any:  # noqa: ANN401 - JSON
        answer = self.desk.as_(who).http.get(self.url(path), params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    def post(self, path: str, who: str = "ada", **body: object) -> requests.Response:
        return self.desk.as_(who).http.post(self.url(path), json=body)

    def add(self, who: str = "ada", **body: object) -> dict[str, Any]:
        """Put a tablet into somebody's cart."""
        answer = self.post(f"items/{self.tablet}/add_to_cart", who, sysparm_quantity="1", **body)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()["result"]
        return told


def insert(desk: Desk, table: str, **values: object) -> str:
    return desk.state.records.insert(table, values, "admin")["sys_id"]


@pytest.fixture
def shop(desk: Desk) -> Shop:
    catalog = insert(desk, "sc_catalog", title="Test catalogue", description="d", active=True)
    outer = insert(desk, "sc_category", title="Hardware", sc_catalog=catalog, active=True)
    inner = insert(
        desk, "sc_category", title="Tablets", sc_catalog=catalog, parent=outer, active=True
    )
    common = {"sc_catalogs": catalog, "active": True}
    tablet = insert(
        desk, "sc_cat_item", name="Zebra tablet", price="699.99", category=inner, **common
    )
    role = insert(desk, "sc_cat_item", name="Zebra role", category=outer, **common)
    ask = {"cat_item": role, "active": True}
    insert(
        desk, "item_option_new", name="why", question_text="Why?", mandatory=True, type="6",
        order=200, **ask,
    )  # fmt: skip
    level = insert(
        desk, "item_option_new", name="level", question_text="Level", mandatory=False, type="5",
        order=100, default_value="2", **ask,
    )  # fmt: skip
    for place, text in enumerate(("Low", "High"), start=1):
        insert(desk, "question_choice", question=level, text=text, value=place, order=place)
    return Shop(desk, catalog, outer, inner, tablet, role)


def person(desk: Desk, key: str) -> str:
    return desk.world.people[key].sys_id


def items_of(desk: Desk, answer: requests.Response) -> list[dict[str, Any]]:
    """The requested items of an order's answer, by requested_for."""
    assert answer.status_code == 200, answer.text
    request = answer.json()["result"]["request_id"]
    found = desk.as_("broker").rows("sc_req_item", f"request={request}")
    return sorted(found, key=lambda row: str(row["requested_for"]))


def refused(answer: requests.Response, message: str) -> bool:
    error = {"message": message, "detail": ""}
    return (answer.status_code, answer.json()) == (400, {"error": error, "status": "failure"})


# ---- what there is ----


def test_catalogues_are_listed_and_read_with_their_categories(shop: Shop) -> None:
    (told,) = shop.get("catalogs", sysparm_text="test cat")
    assert told["title"] == "Test catalogue"
    assert (told["has_categories"], told["has_items"]) == (True, True)
    read = shop.get(f"catalogs/{shop.catalog}")
    assert [each["title"] for each in read["categories"]] == ["Hardware", "Tablets"]
    assert shop.get("catalogs", sysparm_offset="1000") == []


def test_categories_are_listed_and_read_with_their_children(shop: Shop) -> None:
    listed = shop.get(f"catalogs/{shop.catalog}/categories")
    assert [(each["title"], each["count"]) for each in listed] == [("Hardware", 1), ("Tablets", 1)]
    assert listed[0]["subcategories"] == [{"sys_id": shop.inner, "title": "Tablets"}]
    top = shop.get(f"catalogs/{shop.catalog}/categories", sysparm_top_level_only="true")
    assert [each["title"] for each in top] == ["Hardware"]
    (child,) = shop.get(f"categories/{shop.category}")["child_categories"]
    assert (child["title"], child["count"], child["isParentCategory"]) == ("Tablets", 1, False)


def test_items_are_found_by_catalogue_category_and_text(shop: Shop) -> None:
    def names(**parameters: str) -> list[str]:
        return [item["name"] for item in shop.get("items", **parameters)]

    assert names(sysparm_catalog=shop.catalog) == ["Zebra role", "Zebra tablet"]
    assert names(sysparm_category=shop.inner) == ["Zebra tablet"]
    assert names(sysparm_text="zebra TAB") == ["Zebra tablet"]
    assert names(sysparm_catalog=shop.catalog, sysparm_limit="1") == ["Zebra role"]
    second = names(sysparm_catalog=shop.catalog, sysparm_limit="1", sysparm_offset="1")
    assert second == ["Zebra tablet"]


def test_lists_tell_no_total(shop: Shop) -> None:
    answer = shop.desk.as_("ada").http.get(shop.url("items"))
    assert "X-Total-Count" not in answer.headers


def test_an_item_has_real_booleans_and_numbers_and_its_price_as_text(shop: Shop) -> None:
    told = shop.get(f"items/{shop.tablet}")
    assert (told["show_price"], told["order"], told["type"]) == (True, 0, "catalog_item")
    assert (told["price"], told["price_currency"]) == ("$699.99", "USD")
    assert told["category"] == {"sys_id": shop.inner, "title": "Tablets"}
    assert told["catalogs"] == [{"sys_id": shop.catalog, "title": "Test catalogue"}]
    assert told["categories"][0]["title"] == "Hardware"
    assert told["variables"] == []
    free = shop.get(f"items/{shop.role}")
    assert free["show_price"] is False
    assert "price" not in free


def test_an_item_is_read_with_its_variables(shop: Shop) -> None:
    level, why = shop.get(f"items/{shop.role}")["variables"]
    assert (why["name"], why["mandatory"], why["value"]) == ("why", True, "")
    assert (why["type"], why["friendly_type"]) == (6, "single_line_text")
    assert (level["type"], level["mandatory"], level["max_length"]) == (5, False, 0)
    assert (level["value"], level["displayvalue"]) == ("2", "High")
    assert level["choices"] == [
        {"label": "Low", "value": "1", "index": 0},
        {"label": "High", "value": "2", "index": 1},
    ]


def test_the_worlds_items_are_there_for_everybody(desk: Desk) -> None:
    root = f"{desk.url}/api/sn_sc/servicecatalog/items"
    found = desk.as_("ada").http.get(root, params={"sysparm_text": "laptop"}).json()["result"]
    assert "Standard laptop" in [item["name"] for item in found]
    key = desk.world.desk_items["business_role"].sys_id
    detail = desk.as_("ada").http.get(f"{root}/{key}").json()["result"]
    question = next(each for each in detail["variables"] if each["name"] == "role")
    assert question["mandatory"] is True
    assert "Finance Reporting" in [choice["label"] for choice in question["choices"]]


@pytest.mark.parametrize("version", ["", "v1/", "v2/"])
def test_what_is_unknown_or_inactive_is_400(shop: Shop, version: str) -> None:
    get = shop.desk.as_("ada").http.get
    for path in ("catalogs/x", "catalogs/x/categories", "categories/x", "items/x"):
        assert get(shop.url(path, version)).status_code == 400
    shop.desk.state.records.update("sc_cat_item", shop.tablet, {"active": "false"}, "admin")
    assert get(shop.url(f"items/{shop.tablet}", version)).status_code == 400
    assert get(shop.url(f"items/{shop.role}", version)).status_code == 200


def test_nobody_sees_nothing(shop: Shop) -> None:
    assert requests.get(shop.url("items"), timeout=10).status_code == 401


# ---- ordering at once ----


def test_order_now_tells_the_request_with_the_recorded_keys(shop: Shop) -> None:
    answer = shop.desk.as_("ada").order(shop.role, variables={"why": "work"})
    told = answer.json()["result"]
    assert told["number"] == told["request_number"]
    assert told["sys_id"] == told["request_id"]
    assert (told["table"], told["parent_table"]) == ("sc_request", "task")
    assert told["parent_id"] is None
    assert told["$$uiNotification"] == []


def test_a_quantity_multiplies_the_requests_price(shop: Shop) -> None:
    answer = shop.desk.as_("ada").order(shop.tablet, sysparm_quantity=3)
    (ritm,) = items_of(shop.desk, answer)
    assert (ritm["quantity"], ritm["price"]) == ("3", "699.99")
    request = shop.desk.as_("broker").rows("sc_request", f"sys_id={ritm['request']}")[0]
    assert request["price"] == "2099.97"


@pytest.mark.parametrize("quantity", ["", "0", "-1", "many", 1.5])
def test_a_bad_quantity_is_refused(shop: Shop, quantity: object) -> None:
    answer = shop.desk.as_("ada").order(shop.tablet, sysparm_quantity=quantity)
    assert refused(answer, "Invalid quantity value")


def test_a_missing_answer_is_refused_and_nothing_is_made(shop: Shop) -> None:
    answer = shop.desk.as_("ada").order(shop.role, variables={"level": "1"})
    assert refused(answer, "Mandatory Variables are required")
    requests_of_ada = f"opened_by={person(shop.desk, 'ada')}^short_description=Zebra role"
    assert shop.desk.as_("broker").rows("sc_request", requests_of_ada) == []


def test_an_unknown_item_is_refused(shop: Shop) -> None:
    text = "Security constraints prevent ordering of Item"
    assert refused(shop.desk.as_("ada").order("0" * 32), text)


@pytest.mark.parametrize("who", ["ben", "nobody.at.all"])
def test_an_order_names_its_person_by_user_name_or_leads_nowhere(shop: Shop, who: str) -> None:
    answer = shop.desk.as_("ada").order(shop.tablet, sysparm_requested_for=who)
    (ritm,) = items_of(shop.desk, answer)
    assert ritm["requested_for"] == (person(shop.desk, who) if who == "ben" else who)
    shop.desk.state.properties["glide.sc.req_for.roles.default"] = "deny"
    refused_now = shop.desk.as_("ada").order(shop.tablet, sysparm_requested_for=who)
    assert refused_now.status_code == 400


def test_people_order_for_others_as_the_properties_say(shop: Shop) -> None:
    ada = person(shop.desk, "ada")
    told = shop.desk.state.properties

    def order(who: str) -> int:
        return shop.desk.as_(who).order(shop.tablet, sysparm_requested_for=ada).status_code

    assert order("eve") == 200
    told["glide.sc.req_for.roles.default"] = "deny"
    assert [order("eve"), order("ada"), order("admin")] == [400, 200, 200]
    told["glide.sc.req_for.roles"] = "itil, admin"
    assert [order("eve"), order("ada")] == [400, 200]


def test_an_item_with_that_variable_is_ordered_for_several_people(shop: Shop) -> None:
    people = [person(shop.desk, key) for key in ("ben", "eve")]
    several = ",".join(people)
    alone = shop.desk.as_("ada").order(shop.tablet, sysparm_also_request_for=several)
    assert alone.status_code == 400
    insert(shop.desk, "item_option_new", name="for", cat_item=shop.tablet, type="31", active=True)
    answer = shop.desk.as_("ada").order(shop.tablet, sysparm_also_request_for=several)
    found = {row["requested_for"] for row in items_of(shop.desk, answer)}
    assert found == {person(shop.desk, "ada"), *people}
    crowd = ",".join(people * 26)
    assert (
        shop.desk.as_("ada").order(shop.tablet, sysparm_also_request_for=crowd).status_code == 400
    )


def test_delegation_tells_for_whom_an_item_may_be_ordered(shop: Shop) -> None:
    ben = person(shop.desk, "ben")
    path = f"items/{shop.tablet}/delegation/{ben}"
    assert shop.get(path) == {"result": True}
    shop.desk.state.properties["glide.sc.req_for.roles.default"] = "deny"
    assert shop.get(path) == {"result": False}
    listing = f"items/{shop.tablet}/get_invalid_delegated_users"
    told = shop.post(listing, sysparm_also_request_for=ben).json()["result"]
    assert told["errCode"] == "42202"
    insert(shop.desk, "item_option_new", name="for", cat_item=shop.tablet, type="31", active=True)
    told = shop.post(listing, sysparm_also_request_for=f"{ben},x").json()["result"]
    assert told == {"invalidUsers": [shop.desk.world.people["ben"].display_name, "x"]}


# ---- the cart ----


def test_a_cart_tells_what_it_holds(shop: Shop) -> None:
    empty = shop.get("cart")
    assert (empty["subtotal_price"], "none" in empty) == ("$0.00", False)
    told = shop.add()
    assert told["subtotal"] == "$699.99"
    (item,) = told["items"]
    assert (item["item_name"], item["quantity"], item["price"]) == ("Zebra tablet", "1", "$699.99")
    cart = shop.get("cart")
    assert cart["cart_id"] == told["cart_id"] == empty["cart_id"]
    (shown,) = cart["none"]["items"]
    assert (shown["subtotal"], shown["show_price"]) == (699.99, True)
    assert shown["cart_item_id"] == item["cart_item_id"]


def test_a_cart_belongs_to_one_user(shop: Shop) -> None:
    told = shop.add("ada")
    assert "none" not in shop.get("cart", "eve")
    item = told["items"][0]["cart_item_id"]
    eve = shop.desk.as_("eve").http
    assert eve.delete(shop.url(f"cart/{item}")).status_code == 400
    assert eve.put(shop.url(f"cart/{item}"), json={"sysparm_quantity": 2}).status_code == 400
    assert eve.delete(shop.url(f"cart/{told['cart_id']}/empty")).status_code == 400


def test_what_a_cart_holds_can_be_changed_and_taken_out(shop: Shop) -> None:
    item = shop.add()["items"][0]["cart_item_id"]
    http = shop.desk.as_("ada").http
    changed = http.put(shop.url(f"cart/{item}"), json={"sysparm_quantity": "2"})
    assert changed.status_code == 201
    assert changed.json()["result"]["subtotal_price"] == "$1,399.98"
    bad = http.put(shop.url(f"cart/{item}"), json={"sysparm_quantity": "x"})
    assert refused(bad, "Invalid quantity value")
    assert http.delete(shop.url(f"cart/{item}")).status_code == 204
    assert http.delete(shop.url(f"cart/{item}")).status_code == 400
    assert "none" not in shop.get("cart")


def test_answers_go_into_the_cart_and_with_it_into_the_order(shop: Shop) -> None:
    refused_at_once = shop.post(f"items/{shop.role}/add_to_cart", sysparm_quantity="1")
    assert refused(refused_at_once, "Mandatory Variables are required")
    added = shop.post(
        f"items/{shop.role}/add_to_cart", sysparm_quantity="1", variables={"why": "work"}
    )
    item = added.json()["result"]["items"][0]["cart_item_id"]
    assert shop.get("cart")["none"]["items"][0]["variables"] == {"Why?": "work"}
    body = {"sysparm_quantity": "1", "variables": {"why": "play"}}
    shop.desk.as_("ada").http.put(shop.url(f"cart/{item}"), json=body)
    (ritm,) = items_of(shop.desk, shop.post("cart/submit_order"))
    rows = shop.desk.as_("broker").rows(
        "sc_item_option_mtom", f"request_item={ritm['sys_id']}", "sc_item_option.value"
    )
    assert "play" in [row["sc_item_option.value"] for row in rows]


@pytest.mark.parametrize("last", ["cart/checkout", "cart/submit_order"])
def test_a_cart_becomes_one_request_with_several_items(shop: Shop, last: str) -> None:
    shop.add()
    shop.post(f"items/{shop.role}/add_to_cart", sysparm_quantity="2", variables={"why": "w"})
    answer = shop.desk.as_("ada").http.post(shop.url(last))  # with no body, as clients do
    quantities = sorted(str(row["quantity"]) for row in items_of(shop.desk, answer))
    assert quantities == ["1", "2"]
    assert "none" not in shop.get("cart")
    assert refused(shop.post(last), "Cart is empty")


def test_in_two_steps_ordering_only_fills_the_cart(shop: Shop) -> None:
    shop.desk.state.properties[TWO_STEP] = "true"
    told = shop.desk.as_("ada").order(shop.tablet).json()["result"]
    assert told.keys() == {"cart_id"}
    summary = shop.post("cart/checkout").json()["result"]
    assert summary["subtotal_price"] == "$699.99"
    assert summary["requested_for"] == person(shop.desk, "ada")
    assert len(items_of(shop.desk, shop.post("cart/submit_order"))) == 1


def test_jobs_of_one_account_contaminate_each_others_cart(shop: Shop, broker: Client) -> None:
    shop.add("broker")
    shop.add("broker")
    assert len(shop.get("cart", "broker")["none"]["items"]) == 2


def test_a_cart_may_be_emptied_by_its_owner_and_by_administrators(shop: Shop) -> None:
    first = shop.add()["cart_id"]
    assert shop.desk.as_("ada").http.delete(shop.url(f"cart/{first}/empty")).status_code == 204
    assert "none" not in shop.get("cart")
    second = shop.add()["cart_id"]
    assert shop.desk.as_("admin").http.delete(shop.url(f"cart/{second}/empty")).status_code == 204


def test_an_address_is_that_of_the_users_place(shop: Shop) -> None:
    city = shop.desk.world.people["ada"].city
    assert city in shop.get(f"cart/delivery_address/{person(shop.desk, 'ada')}")
    unknown = shop.desk.as_("ada").http.get(shop.url("cart/delivery_address/x"))
    assert unknown.status_code == 400
