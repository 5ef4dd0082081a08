"""What users, their holdings and the catalogue are like, switch by switch."""

from __future__ import annotations

from tests.sandbox.oim.belongings import (
    DISCONNECTED,
    account,
    applications,
    entry,
    fields,
    given,
    keys,
    out_of_reach,
    rows,
    task_of,
)
from tests.sandbox.oim.proofs import Proof
from tests.sandbox.oim.sites import HOST_PATH, Site, until

ACTIVE_DIRECTORY, VPN = "51", "100"


def people_see_only_themselves_and_their_reports(site: Site) -> None:
    found = site.as_("ada").get("/users", limit=500)["users"]
    assert [fields(user)["User Login"] for user in found] == ["ADA"]


def usr_key_comes_unasked(site: Site) -> None:
    user = site.as_("broker").get("/users", q="User::Login eq ADA", fields="Title")["users"][0]
    assert set(fields(user)) == {"Title", "usr_key"}


def entries_of_a_bulk_change_have_no_id(site: Site) -> None:
    broker = site.as_("broker")
    change = {"id": broker.user("ADA"), "fields": [{"name": "Title", "value": "Lead"}]}
    (result,) = broker.call("PUT", "/users", json={"users": [change]}).json()["users"]
    assert result["status"] == "SUCCESS"
    assert "id" not in result


def proxies_are_listed_as_user(site: Site) -> None:
    broker = site.as_("broker")
    found = broker.get(f"/users/{broker.user('BEN')}/proxies")
    assert [proxy["userLogin"] for proxy in found.get("user", [])] == ["FINN"]


def the_catalogue_matches_beginnings(site: Site) -> None:
    asked = "ENTITY_TYPE eq Role and ENTITY_DISPLAY_NAME co Reporting"
    assert site.as_("broker").get("/catalog", q=asked)["catalogs"] == []


def an_account_does_not_name_its_application(site: Site) -> None:
    broker = site.as_("broker")
    names = {row["name"] for row in rows(broker, "account", broker.user("ADA"))}
    assert names == {"ada"}


def an_entitlement_has_no_display_name(site: Site) -> None:
    row = site.as_("broker").get("/entitlements/95")
    assert (row["name"], "displayName" in row) == ("SAP_FI_DISPLAY", False)


def an_entitlement_without_its_account_fails(site: Site) -> None:
    broker = site.as_("broker")
    ada = broker.user("ADA")
    key, _ = out_of_reach(broker, ada)
    result = broker.order(entry(ada, "entitlement", key))
    if result["status"] == "SUCCESS":
        until(lambda: broker.status(result["id"]).startswith(("Request Co", "Request Fa")), "end")
        assert broker.status(result["id"]) == "Request Failed"
    assert key not in keys(broker, "entitlement", ada)


def a_revoked_account_takes_its_entitlements_along(site: Site) -> None:
    broker = site.as_("broker")
    ada = broker.user("ADA")
    given(broker, ada, "entitlement", VPN)
    answer = broker.call("DELETE", f"/accounts/{account(broker, ada, ACTIVE_DIRECTORY)}").json()
    broker.wait_for(answer["requestId"], "Request Completed")
    assert ACTIVE_DIRECTORY not in keys(broker, "account", ada)
    assert VPN not in keys(broker, "entitlement", ada)


def what_is_not_connected_waits_for_a_person(site: Site) -> None:
    broker = site.as_("broker")
    result = broker.order(
        entry(broker.user("EVE"), "appinstance", applications(broker)[DISCONNECTED])
    )
    waiting, done = "Request Approved Fulfillment Pending", "Request Completed"
    until(
        lambda: broker.status(result["id"]) == done or task_of(broker, result["id"]) is not None,
        "a task, or the end",
    )
    assert broker.status(result["id"]) == waiting


def keys_of_provisioning_tasks_are_numbers(site: Site) -> None:
    broker = site.as_("broker")
    result = broker.order(
        entry(broker.user("EVE"), "appinstance", applications(broker)[DISCONNECTED])
    )
    until(lambda: task_of(broker, result["id"]) is not None, "a task")
    task = task_of(broker, result["id"]) or {}
    assert isinstance(task["Process Instance.Task Details.Key"], int)


def scim_takes_values_without_quotes(site: Site) -> None:
    params = {"filter": "userName eq ADA"}
    answer = site.as_("broker").outside("GET", f"{HOST_PATH}/scim/v1/Users", params=params)
    assert answer.status_code == 200, answer.text
    assert answer.json()["totalResults"] == 1


PROOFS: dict[str, Proof] = {
    "others-unseen": people_see_only_themselves_and_their_reports,
    "usr-key-unasked": usr_key_comes_unasked,
    "bulk-users-without-ids": entries_of_a_bulk_change_have_no_id,
    "proxies-listed-as-user": proxies_are_listed_as_user,
    "catalog-matches-beginnings": the_catalogue_matches_beginnings,
    "accounts-named-by-login": an_account_does_not_name_its_application,
    "thin-entitlements": an_entitlement_has_no_display_name,
    "entitlements-need-accounts": an_entitlement_without_its_account_fails,
    "entitlements-go-with-accounts": a_revoked_account_takes_its_entitlements_along,
    "disconnected-wait": what_is_not_connected_waits_for_a_person,
    "task-values-typed": keys_of_provisioning_tasks_are_numbers,
    "scim-values-bare": scim_takes_values_without_quotes,
}
