"""What somebody holds, lacks, asks for and gets, over HTTP."""

from __future__ import annotations

from typing import Any

from tests.sandbox.oim.sites import Api

DISCONNECTED = "Customs Gateway"
KINDS = {"role": "roles", "account": "accounts", "entitlement": "entitlements"}


def fields(row: dict[str, Any]) -> dict[str, Any]:
    """Attributes by name."""
    return {field["name"]: field["value"] for field in row["fields"]}


def rows(api: Api, kind: str, user: str) -> list[dict[str, Any]]:
    """All that a user holds of one kind."""
    found: list[dict[str, Any]] = api.get(f"/{KINDS[kind]}", userId=user, limit=500)[KINDS[kind]]
    return found


def keys(api: Api, kind: str, user: str) -> set[str]:
    """The keys of the items a user holds of one kind; of applications for accounts."""
    name = "appInstanceId" if kind == "account" else "id"
    return {row[name] for row in rows(api, kind, user)}


def account(api: Api, user: str, application: str) -> str:
    """The id of the account a user has in an application, by the application's key."""
    found = [row["id"] for row in rows(api, "account", user)
             if row["appInstanceId"] == application]  # fmt: skip
    assert found, f"{user} has no account in {application}"
    return str(found[0])


def applications(api: Api, **asked: str) -> dict[str, str]:
    """The keys of applications by their names."""
    found = api.get("/applications", limit=500, **asked)["applications"]
    return {row["name"]: row["id"] for row in found}


def out_of_reach(api: Api, user: str) -> tuple[str, str]:
    """An entitlement, and the application whose account this user would need for it and lacks."""
    known = applications(api, q="appInstanceType eq Connected")
    has = keys(api, "account", user)
    listed = api.get("/catalog", q="ENTITY_TYPE eq Entitlement", limit=500)["catalogs"]
    for item in listed:
        application = known.get(item["category"])
        if application is not None and application not in has:
            return str(item["entityKey"]), application
    raise LookupError("has an account everywhere")


def entry(user: str, kind: str, key: str, **more: str) -> dict[str, Any]:
    """An order of one item for one person."""
    target = {"entityType": kind, "entityId": key} | more
    return {
        "reqJustification": "for the tests",
        "reqBeneficiaryList": [{"id": user}],
        "reqTargetEntities": [target],
    }


def given(api: Api, user: str, kind: str, key: str, **more: str) -> str:
    """The id of a request for one item, once it is completed."""
    result = api.order(entry(user, kind, key, **more))
    assert result["status"] == "SUCCESS", result
    api.wait_for(result["id"], "Request Completed")
    return str(result["id"])


def task_of(api: Api, request_id: str) -> dict[str, Any] | None:
    """The attributes of the provisioning task of a request, if there is one."""
    listed = api.get("/provtasks", limit=500)["tasks"]
    found = [fields(row) for row in listed]
    ours = [said for said in found if str(said["Request.Request Key"]) == request_id]
    return ours[0] if ours else None
