"""What can be asked for, and what lies behind it: entitlements and applications."""

from __future__ import annotations

import pytest

from tests.sandbox.oim import acts
from tests.sandbox.oim.belongings import DISCONNECTED, applications
from tests.sandbox.oim.sites import Api, Site

LIMIT = 500


def test_items_are_ordered_by_number(broker: Api) -> None:
    newest = broker.get("/catalog", orderBy="CATALOG_ID:descending", limit=3)["catalogs"]
    ids = [item["id"] for item in newest]
    assert ids == sorted(ids, reverse=True)
    assert ids[0] > broker.get("/catalog", limit=1)["catalogs"][0]["id"]


def test_the_kind_is_understood_in_the_plural(broker: Api) -> None:
    one, many = (
        broker.get("/catalog", q=f"ENTITY_TYPE eq {word}", limit=LIMIT)["catalogs"]
        for word in ("Entitlement", "Entitlements")
    )
    assert one == many != []


def test_only_one_of_the_names_is_searched_at_a_time(broker: Api) -> None:
    asked = "ENTITY_NAME sw Fin and ENTITY_DISPLAY_NAME sw Fin"
    assert broker.call("GET", "/catalog", params={"q": asked}).status_code == 400


def test_what_cannot_be_requested_is_no_item_but_still_an_entitlement(installed: Site) -> None:
    broker, key = installed.as_("broker"), "95"
    asked = {"q": "ENTITY_TYPE eq Entitlement", "limit": LIMIT}
    before = {row["entityKey"]: row["id"] for row in broker.get("/catalog", **asked)["catalogs"]}
    installed.state.hidden.add(("entitlement", key))
    after = {row["entityKey"] for row in broker.get("/catalog", **asked)["catalogs"]}
    assert before.keys() - after == {key}
    assert broker.call("GET", f"/catalog/{before[key]}").status_code == 404
    assert key in {row["id"] for row in broker.get("/entitlements", limit=LIMIT)["entitlements"]}
    result = broker.order(acts.entry(installed, [("entitlement", key)]))
    assert (result["status"], "not requestable" in result["errorMessage"]) == ("FAILURE", True)


def test_fields_narrow_an_item(broker: Api) -> None:
    (item,) = broker.get("/catalog", limit=1, fields="entityKey,entityType")["catalogs"]
    assert set(item) == {"links", "id", "entityKey", "entityType"}


def test_an_items_detail_says_who_looks_after_it(broker: Api) -> None:
    listed = broker.get("/catalog", q="ENTITY_NAME sw Finance::Reporting")["catalogs"][0]
    detail = broker.get(f"/catalog/{listed['id']}")
    assert detail.items() >= listed.items()
    assert detail["userDefinedTags"] == "Finance"
    assert detail["approverUserLogin"] == detail["fulFillMentUserLogin"] != ""
    assert broker.call("GET", "/catalog/1").status_code == 404


def test_an_item_made_by_hand_has_a_role_that_fulfils_it(broker: Api) -> None:
    listed = broker.get("/catalog", q=f"ENTITY_NAME sw {DISCONNECTED.replace(' ', '::')}")
    detail = broker.get(f"/catalog/{listed['catalogs'][0]['id']}")
    assert detail["fulFillMentRoleDisplayName"] == "IT SECURITY"


def test_metadata_has_every_attribute_with_its_column(broker: Api) -> None:
    item = broker.get("/catalog", limit=1)["catalogs"][0]
    rows = broker.get(f"/catalog/{item['id']}/metadata")["catalogMetadatas"]
    values = {row["metadataDefinitionDBColumnName"]: row["metadataValue"] for row in rows}
    assert values["CATALOG_ID"] == str(item["id"])
    assert values["ENTITY_KEY"] == item["entityKey"]
    assert {row["metadataDefinitionUdf"] for row in rows} == {"false"}
    assert broker.call("GET", "/catalog/1/metadata").status_code == 404


@pytest.mark.parametrize("word", ["q", "filter"])
def test_entitlements_are_filtered_under_either_name(broker: Api, word: str) -> None:
    (row,) = broker.get("/entitlements", **{word: "entitlementValue eq SAP_FI_POST"})[
        "entitlements"
    ]
    assert row == broker.get("/entitlements/96")
    assert set(row) == {"links", "id", "name", "description"}


def test_what_one_holds_is_no_thicker(broker: Api) -> None:
    ada = broker.user("ADA")
    held = broker.get("/entitlements", userId=ada, limit=LIMIT)["entitlements"]
    assert held
    assert {frozenset(row) for row in held} == {frozenset(("links", "id", "name", "description"))}
    assert broker.call("GET", "/entitlements/1").status_code == 404


def test_applications_say_whether_a_connector_reaches_them(broker: Api) -> None:
    assert set(applications(broker, q="appInstanceType eq Disconnected")) == {
        DISCONNECTED,
        "Whistleblowing Desk",
    }
    key = applications(broker)[DISCONNECTED]
    row = broker.get(f"/applications/{key}")
    assert (row["type"], row["key"]) == ("Disconnected", key)
    assert broker.call("GET", "/applications/1").status_code == 404


def test_applications_are_found_ordered_and_narrowed(broker: Api) -> None:
    named = "appInstanceName eq SAP::ERP or displayName eq ServiceNow"
    asked = {"q": named, "orderBy": "appInstanceName:descending", "fields": "name"}
    rows = broker.get("/applications", **asked)["applications"]
    assert [row["name"] for row in rows] == ["ServiceNow", "SAP ERP"]
    assert set(rows[0]) == {"links", "id", "name"}
