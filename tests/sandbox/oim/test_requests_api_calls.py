"""How calls to the OIM sandbox are made: media types, headers, pages, both generations."""

from __future__ import annotations

import pytest

from sandbox.oim import Oim
from sandbox.world import World
from tests.sandbox.oim.sites import API, Api, Site, served, wanted


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data"])
def test_a_body_is_json_and_says_so(broker: Api, installation: Oim, method: str, kind: str) -> None:
    body, headers = '{"requests": []}', {"Content-Type": kind}
    assert broker.call(method, "/requests", data=body, headers=headers).status_code == 415
    assert installation.ledger == []


@pytest.mark.parametrize(
    ("accepted", "status"),
    [("application/json", 200), ("*/*", 200), ("text/html, */*;q=0.1", 200), ("text/html", 406)],
)
def test_answers_are_json(broker: Api, accepted: str, status: int) -> None:
    answer = broker.call("GET", "/requests", headers={"Accept": accepted})
    assert answer.status_code == status


@pytest.mark.parametrize(
    "call",
    ["POST /requests", "PUT /requests", "DELETE /requests", "PUT /requests/1", "DELETE /requests/1",
     "POST /requests/1/attachments", "DELETE /requests/1/attachments"],
)  # fmt: skip
def test_any_write_must_say_x_requested_by(broker: Api, call: str) -> None:
    del broker.http.headers["X-Requested-By"]
    method, _, path = call.partition(" ")
    assert broker.call(method, path, json={"requests": []}).status_code == 400


def test_reads_need_not(broker: Api) -> None:
    del broker.http.headers["X-Requested-By"]
    assert broker.get("/requests")["count"] == 10


def test_first_credentials_then_headers(installed: Site) -> None:
    nobody = Api(installed.url, "broker", "wrong")
    del nobody.http.headers["X-Requested-By"]
    assert nobody.call("POST", "/requests", json={}).status_code == 401


def test_credentials_are_needed_each_time(broker: Api) -> None:
    broker.get("/requests")
    broker.http.auth = None
    assert broker.call("GET", "/requests").status_code == 401
    assert "Set-Cookie" not in broker.call("GET", "/requests").headers


def test_11g_takes_writes_without_x_requested_by(world: World) -> None:
    with served(world, profile="11g") as site:
        broker = site.as_("broker")
        key = broker.user("ADA")
        del broker.http.headers["X-Requested-By"]
        assert broker.order(wanted(key))["status"] == "SUCCESS"


@pytest.mark.parametrize(
    ("profile", "named"), [("12c", "ResponseTime"), ("11g", "X-Response-Time")]
)
def test_the_time_taken_has_a_header_of_each_generation(
    world: World, profile: str, named: str
) -> None:
    with served(world, profile=profile) as site:
        headers = site.as_("broker").call("GET", "/requests").headers
        assert {"ResponseTime", "X-Response-Time"} & set(headers) == {named}
        assert headers[named].isdigit()


def test_lists_look_alike_in_both_generations(installed: Site) -> None:
    broker = installed.as_("broker")
    before = broker.get("/requests", limit=50)
    installed.state.switches.flip("profile-12c")
    assert broker.get("/requests", limit=50) == before


def test_pages_join_without_gap_or_overlap(broker: Api, installation: Oim) -> None:
    seen: list[str] = []
    offset, more = 1, True
    while more:
        page = broker.get("/requests", offset=offset, limit=37)
        assert page["count"] == len(page["requests"])
        seen += [row["id"] for row in page["requests"]]
        offset, more = offset + 37, page["hasMore"]
    assert len(seen) == len(set(seen)) == len(installation.requests)


def test_a_page_names_itself_the_first_and_the_next(broker: Api) -> None:
    page = broker.get("/requests", offset=11, limit=5)
    hrefs = {link["rel"]: link["href"].partition("/requests?")[2] for link in page["links"]}
    assert hrefs == {
        "self": "view=trackRequests&offset=11&limit=5",
        "first": "view=trackRequests&offset=1&limit=5",
        "next": "view=trackRequests&offset=16&limit=5",
    }


def test_the_last_page_has_no_next(broker: Api) -> None:
    page = broker.get("/requests", limit=1000)
    assert [link["rel"] for link in page["links"]] == ["self", "first"]


def test_a_view_may_be_named_in_any_case(ben: Api) -> None:
    inbox = ben.get("/requests", view="PENDINGAPPROVALS")
    assert all("taskId" in task for task in inbox["requests"])


@pytest.mark.parametrize("path", ["/approvals", "/requests/approvals/1", "/requests/1001/comments"])
def test_there_is_no_resource_for_approvals_or_comments(broker: Api, path: str) -> None:
    answer = broker.call("GET", path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")


def test_without_the_api_every_path_of_it_is_a_404(broker: Api, installation: Oim) -> None:
    installation.switches.flip("self-service-deployed")
    for path in ("/requests", "/users", "/catalog"):
        answer = broker.call("GET", path)
        assert (answer.status_code, answer.headers["Content-Type"][:9]) == (404, "text/html")


def test_a_method_that_a_path_has_not_is_weblogics_405(broker: Api) -> None:
    assert broker.call("PATCH", "/requests").status_code == 405


def test_the_host_of_links_is_not_the_one_called(broker: Api) -> None:
    text = broker.outside("GET", f"{API}/requests").text
    assert broker.url not in text
    assert "/iam/governance/adminservice/api/v1/requests" in text
