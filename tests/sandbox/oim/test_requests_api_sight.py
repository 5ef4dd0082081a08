"""Who sees which requests in the OIM sandbox, and who sees who decides."""

from __future__ import annotations

import pytest

from sandbox.oim import Oim
from sandbox.web import Server
from tests.sandbox.oim.sites import Api, Site


@pytest.fixture
def waiting(broker: Api, ada: Api) -> str:
    """A request of ada's that waits for ben."""
    made = str(ada.ask(broker.user("ADA"))["id"])
    broker.wait_for(made, "Request Awaiting Approval")
    return made


def sees(api: Api, request_id: str) -> bool:
    """In the list as in the detail."""
    rows = api.get("/requests", q=f"id eq {request_id}")["requests"]
    opened = api.call("GET", f"/requests/{request_id}").status_code
    assert (bool(rows), opened) in ((True, 200), (False, 404))
    return bool(rows)


def knows(api: Api, request_id: str) -> bool:
    """Whether the detail says who decides."""
    return "requestTaskDetails" in api.get(f"/requests/{request_id}")


def test_requester_manager_delegate_and_administrator_see_it(
    server: Server, broker: Api, ada: Api, ben: Api, waiting: str
) -> None:
    finn, eve = Api(server.url, "finn", "demo"), Api(server.url, "eve", "demo")
    assert [sees(api, waiting) for api in (broker, ada, ben)] == [True] * 3
    assert finn.call("GET", f"/requests/{waiting}").status_code == 200
    assert not sees(eve, waiting)


def test_who_benefits_sees_what_another_asked_for(broker: Api, ada: Api) -> None:
    assert sees(ada, broker.ask(broker.user("ADA"))["id"])


def test_who_decides_is_told_to_deciders_and_administrators(
    server: Server, broker: Api, ada: Api, ben: Api, waiting: str
) -> None:
    finn = Api(server.url, "finn", "demo")
    assert [knows(api, waiting) for api in (broker, ben, finn)] == [True] * 3
    assert not knows(ada, waiting)


def test_who_has_decided_still_sees_it(broker: Api, ben: Api, waiting: str) -> None:
    assert ben.call("PUT", f"/requests/{waiting}", json={"action": "approve"}).ok
    broker.wait_for(waiting, "Request Completed")
    assert knows(ben, waiting)
    assert sees(ben, waiting)


def test_an_administrator_may_be_kept_from_seeing_who_decides(
    broker: Api, ben: Api, installation: Oim, waiting: str
) -> None:
    installation.switches.flip("administrators-see-approvers")
    assert not knows(broker, waiting)
    assert knows(ben, waiting)


def test_an_account_without_rights_sees_its_own_only(installed: Site, waiting: str) -> None:
    installed.state.switches.flip("administrators-see-all")
    broker = installed.as_("broker")
    assert not sees(broker, waiting)
    own = broker.ask(broker.user("BROKER"))["id"]
    assert own in {row["id"] for row in broker.get("/requests", limit=500)["requests"]}


def test_the_detail_has_what_the_list_has_and_more(broker: Api, waiting: str) -> None:
    row = broker.get("/requests", q=f"id eq {waiting}")["requests"][0]
    detail = broker.get(f"/requests/{waiting}")
    assert row.items() <= detail.items()
    more = {"reqModifiedOnDate", "reqTargetEntities", "childRequests", "requestTaskDetails"}
    assert set(detail) - set(row) == more


def test_fields_narrow_a_detail(broker: Api, waiting: str) -> None:
    detail = broker.get(f"/requests/{waiting}", fields="reqType,reqStatus")
    assert set(detail) == {"links", "id", "reqType", "reqStatus"}


def test_items_are_named_by_type_and_id_only(broker: Api, waiting: str) -> None:
    (item,) = broker.get(f"/requests/{waiting}")["reqTargetEntities"]
    assert item == {"entityType": "Role", "entityId": "14"}
