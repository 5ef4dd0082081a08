"""Who acts for whom while they are away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.oim import Oim
from tests.sandbox.oim.sites import Api, Site

DAY = timedelta(days=1)


def text(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def span(start: timedelta, end: timedelta) -> dict[str, str]:
    now = datetime.now(UTC)
    return {"startDate": text(now + start), "endDate": text(now + end)}


def change(api: Api, boss: str, **lists: list[dict[str, Any]]) -> dict[str, Any]:
    answer = api.call("PATCH", f"/users/{boss}/proxies", json={"user": lists})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["user"]
    return found


def proxies(api: Api, boss: str, **asked: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(f"/users/{boss}/proxies", **asked)["user"]
    return found


def inbox(api: Api) -> set[str]:
    return {task["id"] for task in api.get("/requests", view="pendingApprovals")["requests"]}


def test_a_proxy_has_its_own_id_and_dates(broker: Api) -> None:
    (proxy,) = proxies(broker, broker.user("BEN"))
    assert (proxy["userLogin"], proxy["description"]) == ("FINN", "IN_PROGRESS")
    assert proxy["id"] != broker.user("FINN")
    assert proxy["links"][0]["href"].endswith(f"/users/{broker.user('FINN')}")
    assert proxy["startDate"] < text(datetime.now(UTC)) < proxy["endDate"]


def test_a_new_proxy_has_the_bosss_inbox_from_the_first_day_to_the_last(
    installed: Site, broker: Api, ada: Api, installation: Oim
) -> None:
    ben, jill = broker.user("BEN"), broker.user("JCARTER")
    change(broker, ben, add=[{"userid": jill, **span(DAY, 2 * DAY)}])
    request_id = ada.ask(broker.user("ADA"))["id"]
    ada.wait_for(request_id, "Request Awaiting Approval")
    stand_in = installed.as_("jcarter")
    assert request_id not in inbox(stand_in)
    installation.clock.forward(1.5 * DAY.total_seconds())
    assert request_id in inbox(stand_in)
    installation.clock.forward(DAY.total_seconds())
    assert request_id not in inbox(stand_in)


def test_proxies_are_listed_by_when_they_act(broker: Api, installation: Oim) -> None:
    ben, jill = broker.user("BEN"), broker.user("JCARTER")
    (made,) = change(broker, ben, add=[{"userid": jill, **span(DAY, 2 * DAY)}])["add"]
    assert (made["status"], made["description"]) == ("SUCCESS", "NOT_STARTED")
    assert len(proxies(broker, ben)) == 1
    assert len(proxies(broker, ben, proxyType="all")) == 2
    installation.clock.forward(3 * DAY.total_seconds())
    (past,) = proxies(broker, ben, proxyType="past")
    assert (past["id"], past["description"]) == (made["id"], "COMPLETED")
    assert broker.call("GET", f"/users/{ben}/proxies?proxyType=none").status_code == 500


def test_a_proxy_can_be_given_other_dates_and_be_taken_away(broker: Api) -> None:
    ben = broker.user("BEN")
    (finn,) = proxies(broker, ben)
    (changed,) = change(broker, ben, update=[{"id": finn["id"], **span(DAY, 2 * DAY)}])["update"]
    assert (changed["status"], changed["description"]) == ("SUCCESS", "NOT_STARTED")
    (gone,) = change(broker, ben, delete=[{"id": finn["id"], "requestId": 5}])["delete"]
    assert (gone["status"], gone["requestId"]) == ("SUCCESS", 5)
    assert proxies(broker, ben, proxyType="all") == []


@pytest.mark.parametrize(
    ("word", "entry"),
    [
        ("add", {"userid": "999999", **span(DAY, 2 * DAY)}),
        ("add", {"userid": "1", **span(2 * DAY, DAY)}),
        ("add", {"userid": "1", "startDate": "soon", "endDate": "later"}),
        ("update", {"id": "999", **span(DAY, 2 * DAY)}),
        ("delete", {"id": "999"}),
    ],
)
def test_an_entry_that_makes_no_sense_fails_alone(
    broker: Api, word: str, entry: dict[str, str]
) -> None:
    good = {"userid": broker.user("JCARTER"), **span(DAY, 2 * DAY)}
    lists = {"add": [good]}
    lists[word] = [*lists.get(word, []), entry]
    done = change(broker, broker.user("BEN"), **lists)
    assert done["add"][0]["status"] == "SUCCESS"
    assert done[word][-1]["status"] == "FAILURE"
