"""Revoking accounts and withdrawing requests, with answers that no sandbox gives."""

from datetime import UTC, datetime
from typing import Any

import pytest
import responses

from broker.domain.access import CatalogueItem, ItemKind
from broker.domain.errors import (
    Misconfigured,
    NotFound,
    Refused,
    Unavailable,
    UnknownOutcome,
)
from broker.ports.iga import Iga, Receipt, Revocation
from tests.connectors.oim.wire import API, BASE, answered, asked, user

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SAP = CatalogueItem(ItemKind.ACCOUNT, "21", "SAP ERP")
REVOCATION = Revocation("R-1", "418", SAP, "R-1 has left")
ACCOUNT = {
    "id": "53",
    "appInstanceId": "21",
    "fields": [{"name": "Status", "value": "Provisioned"}],
}


def held(wire: responses.RequestsMock, *accounts: object) -> None:
    """What accounts the person has."""
    answered(wire, "/accounts", {"accounts": list(accounts), "hasMore": False})


def told(wire: responses.RequestsMock, answer: object, **more: Any) -> None:  # noqa: ANN401
    """What is said to a revocation of account 53."""
    wire.add("DELETE", f"{API}/accounts/53", json=answer, **more)


WITH_A_REQUEST: list[dict[str, object]] = [
    {"requestId": "7050", "status": "Revoked", "id": "53", "name": "ADA@EXAMPLE.COM"},
    {"requestId": 7050, "status": "SUCCESS", "id": "53"},
    {"request": {"id": "7050", "links": []}, "status": "SUCCESS"},
    {"request": {"requestId": "7050"}, "status": "SUCCESS", "id": "53"},
    {"requestId": "7050", "id": "53"},
    {"requestId": "7050", "id": "53", "status": "Request Created"},
]


@pytest.mark.parametrize("answer", WITH_A_REQUEST)
def test_the_request_of_a_revocation_is_read_from_every_shape(
    wire: responses.RequestsMock, iga: Iga, answer: dict[str, object]
) -> None:
    held(wire, ACCOUNT)
    told(wire, answer)
    assert iga.revoke(REVOCATION) == Receipt("7050", answer)


@pytest.mark.parametrize(
    "answer",
    [
        {"requestId": "", "status": "Revoked", "id": "53", "name": "ADA@EXAMPLE.COM"},
        {"requestId": 0, "status": "SUCCESS", "id": "53"},
        {"id": "53", "status": "revoked"},
    ],
)
def test_an_account_may_be_revoked_without_a_request(
    wire: responses.RequestsMock, iga: Iga, answer: dict[str, object]
) -> None:
    held(wire, ACCOUNT)
    told(wire, answer)
    assert iga.revoke(REVOCATION) == Receipt("", answer)


@pytest.mark.parametrize("answer", [None, [], {}, "ok", {"id": "53"}, {"status": "PONDERING"}])
def test_an_answer_that_says_too_little_is_an_unknown_outcome(
    wire: responses.RequestsMock, iga: Iga, answer: object
) -> None:
    held(wire, ACCOUNT)
    told(wire, answer)
    with pytest.raises(UnknownOutcome):
        iga.revoke(REVOCATION)


@pytest.mark.parametrize("status", ["FAILED", "FAILURE", "Error"])
def test_a_failed_revocation_is_refused_in_its_own_words(
    wire: responses.RequestsMock, iga: Iga, status: str
) -> None:
    held(wire, ACCOUNT)
    told(wire, {"id": "53", "status": status, "reason": "it is locked by an audit"})
    with pytest.raises(Refused, match="did not revoke account 53: it is locked by an audit"):
        iga.revoke(REVOCATION)


def test_the_products_own_no_is_a_refusal_although_it_is_a_500(
    wire: responses.RequestsMock, iga: Iga
) -> None:
    held(wire, ACCOUNT)
    told(wire, {"errorMessage": "IAM-4060021: The account cannot be revoked."}, status=500)
    with pytest.raises(Refused, match="IAM-4060021"):
        iga.revoke(REVOCATION)


def test_a_500_of_the_server_tells_nothing(wire: responses.RequestsMock, iga: Iga) -> None:
    held(wire, ACCOUNT)
    wire.add("DELETE", f"{API}/accounts/53", body="<html>Error 500</html>", status=500)
    with pytest.raises(UnknownOutcome):
        iga.revoke(REVOCATION)


def test_an_account_that_vanishes_meanwhile_leaves_the_outcome_open(
    wire: responses.RequestsMock, iga: Iga
) -> None:
    held(wire, ACCOUNT)
    told(wire, {"errorMessage": "no such account"}, status=404)
    with pytest.raises(UnknownOutcome, match="has no account 53 now"):
        iga.revoke(REVOCATION)


def test_a_busy_installation_has_done_nothing(wire: responses.RequestsMock, iga: Iga) -> None:
    held(wire, ACCOUNT)
    told(wire, {}, status=503, headers={"Retry-After": "7"})
    with pytest.raises(Unavailable) as busy:
        iga.revoke(REVOCATION)
    assert busy.value.retry_after == 7
    assert asked(wire, "/accounts/53") == 1


def account(account_id: str, **said: object) -> dict[str, object]:
    return {**ACCOUNT, "id": account_id, **said}


PRIMARY: list[dict[str, object]] = [
    {"fields": [{"name": "Account Type", "value": "Primary"}]},
    {"accountType": "primary"},
    {"primary": True},
    {"isPrimary": True},
]


@pytest.mark.parametrize("said", PRIMARY)
def test_the_primary_account_is_meant(
    wire: responses.RequestsMock, iga: Iga, said: dict[str, object]
) -> None:
    held(wire, account("52"), account("53", **said), account("54", accountType="Other"))
    told(wire, WITH_A_REQUEST[0])
    assert iga.revoke(REVOCATION).request_id == "7050"


OTHERS = [
    [],
    [account("54", appInstanceId="22")],
    [account("53", fields=[{"name": "Status", "value": "Revoked"}])],
    [account("53", fields=[], status="Deprovisioned")],
    [{"id": "21", "fields": []}],
]


@pytest.mark.parametrize("accounts", OTHERS)
def test_where_no_such_account_is_held_there_is_nothing_to_revoke(
    wire: responses.RequestsMock, iga: Iga, accounts: list[object]
) -> None:
    held(wire, *accounts)
    with pytest.raises(Refused, match="no account of SAP ERP for this person: nothing is left"):
        iga.revoke(REVOCATION)


def test_which_of_several_accounts_is_meant_is_for_an_operator(
    wire: responses.RequestsMock, iga: Iga
) -> None:
    held(wire, account("52"), account("53"))
    with pytest.raises(Refused, match=r"shows 2 accounts of SAP ERP .* in its console"):
        iga.revoke(REVOCATION)


@pytest.mark.parametrize("account_id", ["", "../users/2", "53?force=1"])
def test_an_account_whose_id_leads_elsewhere_is_not_revoked(
    wire: responses.RequestsMock, iga: Iga, account_id: str
) -> None:
    held(wire, account(account_id))
    with pytest.raises(Refused, match="whose id is none"):
        iga.revoke(REVOCATION)
    assert {call.request.method for call in wire.calls} == {"GET"}


@pytest.mark.parametrize("kind", [ItemKind.ROLE, ItemKind.ENTITLEMENT])
def test_roles_and_entitlements_are_refused_without_a_call(
    wire: responses.RequestsMock, iga: Iga, kind: ItemKind
) -> None:
    item = CatalogueItem(kind, "14", "Finance")
    with pytest.raises(Refused, match=rf"take away a {kind}.*: remove Finance in its console"):
        iga.revoke(Revocation("R-1", "418", item, "R-1"))
    assert kind not in iga.capabilities.revokes
    assert len(wire.calls) == 0


# --- finding a revocation again ---------------------------------------------------------


def head(request_id: str, **more: object) -> dict[str, object]:
    return {
        "id": request_id,
        "reqType": "Revoke Account",
        "reqStatus": "Request Created",
        "requester": {"name": "requesterId", "value": "2"},
        "reqBeneficiaryList": [{"id": "418"}],
        "reqCreatedOn": "2026-03-02T12:00:00Z",
        **more,
    }


ABOUT_IT = {"reqTargetEntities": [{"entityType": "ApplicationInstance", "entityId": "21"}]}


def raised(wire: responses.RequestsMock, *requests: dict[str, object]) -> None:
    """Requests for the person, all of them about the account unless they say otherwise."""
    answered(wire, "/users", {"users": [user("2", "BROKER")]})
    answered(wire, "/requests", {"requests": list(requests)})
    answered(wire, "/catalog", {"catalogs": []})
    held(wire, ACCOUNT)
    for each in requests:
        answered(wire, f"/requests/{each['id']}", {**ABOUT_IT, **each})


def test_the_latest_revocation_of_ours_is_found(wire: responses.RequestsMock, iga: Iga) -> None:
    raised(wire, head("999"), head("1001"), head("1000"))
    assert iga.find_revoked(REVOCATION, NOON) == "1001"


STRANGE: list[dict[str, object]] = [
    {"requester": {"value": "418"}},
    {"reqBeneficiaryList": [{"id": "419"}]},
    {"reqType": "Provision ApplicationInstance"},
    {"reqCreatedOn": "2026-03-02T11:59:50Z"},
    {"reqCreatedOn": None},
    {"reqTargetEntities": [{"entityType": "ApplicationInstance", "entityId": "22"}]},
    {"reqTargetEntities": [{"entityType": "Role", "entityId": "21"}]},
    {"reqTargetEntities": [{"entityType": "Account", "entityId": "54"}]},
    {"reqTargetEntities": [{"entityType": "Account", "entityId": "21"}]},
    {"reqTargetEntities": [{"entityType": "account", "entityId": "21"}]},
    {"reqTargetEntities": [{"entityType": "ApplicationInstance", "entityId": "53"}]},
    {"reqTargetEntities": []},
]


@pytest.mark.parametrize("said", STRANGE)
def test_a_request_that_is_not_this_revocation_is_not_found(
    wire: responses.RequestsMock, iga: Iga, said: dict[str, object]
) -> None:
    raised(wire, head("999", **said))
    assert iga.find_revoked(REVOCATION, NOON) is None


@pytest.mark.parametrize(
    "said",
    [
        {"reqTargetEntities": [{"entityType": "Account", "entityId": "53"}]},
        {"reqTargetEntities": {"entityType": "AppInstance", "entityKey": 21}},
        {"reqType": "REVOKE ACCOUNT"},
        {"reqCreatedOn": "2026-03-02T11:59:59Z"},
    ],
)
def test_a_revocation_may_name_the_account_itself(
    wire: responses.RequestsMock, iga: Iga, said: dict[str, object]
) -> None:
    raised(wire, head("999", **said))
    assert iga.find_revoked(REVOCATION, NOON) == "999"


def test_the_revocation_of_an_account_is_none_of_a_role_with_the_applications_number(
    wire: responses.RequestsMock, iga: Iga
) -> None:
    raised(wire, head("999", reqTargetEntities=[{"entityType": "Account", "entityId": "53"}]))
    role = CatalogueItem(ItemKind.ROLE, "21", "Finance")
    assert iga.find_revoked(Revocation("R-1", "418", role, "R-1"), NOON) is None


def test_a_clock_that_is_behind_hides_no_revocation(
    wire: responses.RequestsMock, iga: Iga, monkeypatch: pytest.MonkeyPatch
) -> None:
    raised(wire, head("999", reqCreatedOn="2026-03-02T11:50:00Z"))
    behind = property(lambda _self: NOON.replace(minute=50, hour=11) - NOON)
    monkeypatch.setattr("broker.connectors.iga.oim.client.Client.clock_ahead", behind)
    assert iga.find_revoked(REVOCATION, NOON) == "999"


# --- withdrawing ------------------------------------------------------------------------


def standing(wire: responses.RequestsMock, status: str) -> None:
    """Where request 7041 stands when it is looked at."""
    answered(wire, "/requests/7041", {"id": "7041", "reqStatus": status})
    answered(wire, "/catalog", {"catalogs": []})


def withdrawn(wire: responses.RequestsMock, answer: object, **more: Any) -> None:  # noqa: ANN401
    wire.add("DELETE", f"{API}/requests/7041", json=answer, **more)


@pytest.mark.parametrize("status", ["withdrawn", "WITHDRAWN", "SUCCESS"])
def test_both_words_for_success_are_understood(
    wire: responses.RequestsMock, iga: Iga, status: str
) -> None:
    withdrawn(wire, {"id": "7041", "status": status})
    iga.withdraw("7041")
    assert asked(wire, "/requests/7041") == 1


ANSWERS: list[tuple[object, int]] = [
    ({"id": "7041", "status": "FAILED", "reason": "can not withdraw request 7041"}, 200),
    ({}, 200),
    ([], 200),
    (None, 200),
    ({"errorMessage": "IAM-2050032: The request can no longer be withdrawn."}, 500),
    ({"errorMessage": "a bad moment"}, 500),
    ({"errorMessage": "not allowed in this stage"}, 400),
    ({"errorMessage": "conflict"}, 409),
]


@pytest.mark.parametrize(("answer", "status"), ANSWERS)
def test_a_request_that_is_withdrawn_is_a_success_whatever_was_said(
    wire: responses.RequestsMock, iga: Iga, answer: object, status: int
) -> None:
    withdrawn(wire, answer, status=status)
    standing(wire, "Request Withdrawn")
    iga.withdraw("7041")


@pytest.mark.parametrize("stands", ["Request Completed", "Request Approved", "Request Rejected"])
@pytest.mark.parametrize(("answer", "status"), ANSWERS)
def test_a_request_that_has_gone_on_is_too_late(
    wire: responses.RequestsMock, iga: Iga, answer: object, status: int, stands: str
) -> None:
    withdrawn(wire, answer, status=status)
    standing(wire, stands)
    with pytest.raises(Refused, match=f"has it at “{stands}”: too late to withdraw it"):
        iga.withdraw("7041")


def test_a_refusal_in_the_products_words_is_one_although_the_request_waits_still(
    wire: responses.RequestsMock, iga: Iga
) -> None:
    withdrawn(wire, {"errorMessage": "IAM-2050031: Only its requester may."}, status=500)
    standing(wire, "Request Awaiting Approval")
    with pytest.raises(Refused, match="IAM-2050031: Only its requester may"):
        iga.withdraw("7041")


def test_a_lost_withdrawal_of_a_request_that_waits_still_may_be_repeated(
    wire: responses.RequestsMock, iga: Iga
) -> None:
    withdrawn(wire, {"errorMessage": "a bad moment"}, status=500)
    standing(wire, "Request Awaiting Approval")
    with pytest.raises(UnknownOutcome):
        iga.withdraw("7041")


@pytest.mark.parametrize("request_id", ["", "../users/2", "70 41"])
def test_an_id_that_is_none_is_not_found_without_a_call(
    wire: responses.RequestsMock, iga: Iga, request_id: str
) -> None:
    with pytest.raises(NotFound):
        iga.withdraw(request_id)
    assert len(wire.calls) == 0


def test_a_request_that_is_not_there_is_not_found(wire: responses.RequestsMock, iga: Iga) -> None:
    withdrawn(wire, {"errorMessage": "IAM-2050004: no such request"}, status=404)
    with pytest.raises(NotFound):
        iga.withdraw("7041")


def test_a_sign_in_page_says_nothing_of_what_was_done(
    wire: responses.RequestsMock, iga: Iga
) -> None:
    wire.add("DELETE", f"{API}/requests/7041", status=302, headers={"Location": f"{BASE}/sso"})
    wire.add("GET", f"{API}/requests/7041", status=302, headers={"Location": f"{BASE}/sso"})
    with pytest.raises(Misconfigured, match="sign-in page"):
        iga.withdraw("7041")
