"""The Batch API: Base64 parts in their order, each on its own, and what comes back unserviced."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import requests

from tests.sandbox.servicenow.desks import Client, Desk

MIRROR = "x_rqbrk_access_request"
TABLE = f"/api/now/table/{MIRROR}"
MEGABYTE = 1024 * 1024


def part(number: object, method: str, url: str, **values: object) -> dict[str, Any]:
    """One request of a batch; `values` are its JSON body."""
    made: dict[str, Any] = {
        "id": number,
        "method": method,
        "url": url,
        "headers": [{"name": "Content-Type", "value": "application/json"}],
    }
    if values:
        made["body"] = base64.b64encode(json.dumps(values).encode()).decode()
    return made


def post(client: Client, *parts: dict[str, Any], version: str = "v1/", **headers: str) -> Any:  # noqa: ANN401 - JSON
    body = {"batch_request_id": 7, "rest_requests": list(parts)}
    url = f"{client.url}/api/now/{version}batch"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = client.http.post(url, json=body, headers=named)
    assert answer.status_code == 200, answer.text
    return answer.json()


def body_of(served: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    return json.loads(base64.b64decode(served["body"]))


@pytest.mark.parametrize("version", ["", "v1/", "v2/"])
def test_each_version_serves_parts_in_their_order(broker: Client, version: str) -> None:
    told = post(
        broker,
        part(1, "POST", TABLE, request_id="1"),
        part("x", "GET", f"{TABLE}?sysparm_fields=request_id"),
        version=version,
    )
    assert told["batch_request_id"] == "7"
    assert told["unserviced_requests"] == []
    assert [served["id"] for served in told["serviced_requests"]] == ["1", "x"]
    assert [served["status_code"] for served in told["serviced_requests"]] == [201, 200]
    assert [served["status_text"] for served in told["serviced_requests"]] == ["Created", "OK"]
    assert body_of(told["serviced_requests"][1]) == {"result": [{"request_id": "1"}]}
    assert all(isinstance(each["execution_time"], int) for each in told["serviced_requests"])


def test_it_is_no_transaction(broker: Client) -> None:
    told = post(
        broker,
        part(1, "POST", TABLE, request_id="1"),
        part(2, "PATCH", f"{TABLE}/{'f' * 32}", request_id="2"),
        part(3, "POST", "/api/now/table/no_such_table", request_id="3"),
        part(4, "POST", TABLE, request_id="4"),
    )
    assert [each["status_code"] for each in told["serviced_requests"]] == [201, 404, 400, 201]
    assert sorted(row["request_id"] for row in broker.rows(MIRROR)) == ["1", "4"]


def test_totals_and_links_are_in_the_parts_headers(broker: Client) -> None:
    for number in range(3):
        broker.post(MIRROR, request_id=str(number))
    query = f"{TABLE}?sysparm_limit=2&sysparm_query=ORDERBYrequest_id"
    told = post(broker, part(1, "GET", query))["serviced_requests"][0]
    headers = {each["name"]: each["value"] for each in told["headers"]}
    assert headers["X-Total-Count"] == "3"
    assert f"{broker.url}{TABLE}?" in headers["Link"]
    assert "Set-Cookie" not in headers


def test_headers_are_left_out_on_request(broker: Client) -> None:
    told = post(broker, part(1, "GET", TABLE) | {"exclude_response_headers": True})
    assert told["serviced_requests"][0]["headers"] == []


def test_a_part_may_have_a_long_address(broker: Client) -> None:
    query = f"{TABLE}?sysparm_query=request_idIN{','.join(['x' * 32] * 400)}"
    assert len(query) > 8192
    assert post(broker, part(1, "GET", query))["serviced_requests"][0]["status_code"] == 200
    assert broker.http.get(broker.url + query).status_code == 414


def test_a_batch_holds_no_batches_and_no_other_instances(broker: Client) -> None:
    told = post(
        broker,
        part(1, "POST", "/api/now/v1/batch", batch_request_id="1", rest_requests=[]),
        part(2, "GET", "https://example.com/api/now/table/incident"),
    )
    assert [each["status_code"] for each in told["serviced_requests"]] == [400, 400]


def test_a_redirect_is_told_not_followed(broker: Client) -> None:
    told = post(broker, part(1, "GET", "/"))["serviced_requests"][0]
    assert told["status_code"] == 302
    assert told["redirect_url"].endswith("/sp")


def test_a_part_acts_as_who_sent_the_batch(desk: Desk) -> None:
    forged = base64.b64encode(b"admin:admin").decode()
    request = part(1, "POST", TABLE, request_id="1")
    request["headers"].append({"name": "Authorization", "value": f"Basic {forged}"})
    told = post(desk.as_("ada"), request)["serviced_requests"][0]
    assert told["status_code"] == 403


def test_what_comes_after_thirty_seconds_is_not_done(desk: Desk, broker: Client) -> None:
    desk.state.batch_seconds = 0.0
    told = post(broker, part(1, "POST", TABLE, request_id="1"), part(2, "GET", TABLE))
    assert (told["serviced_requests"], told["unserviced_requests"]) == ([], ["1", "2"])
    assert broker.rows(MIRROR) == []


def test_a_part_over_five_megabytes_ends_the_batch(broker: Client) -> None:
    told = post(
        broker,
        part(1, "POST", TABLE, request_id="1"),
        part(2, "POST", TABLE, request_id="2", title="x" * (5 * MEGABYTE)),
        part(3, "POST", TABLE, request_id="3"),
    )
    assert [each["id"] for each in told["serviced_requests"]] == ["1"]
    assert told["unserviced_requests"] == ["2", "3"]
    assert [row["request_id"] for row in broker.rows(MIRROR)] == ["1"]


def test_the_largest_part_is_a_property_of_ten_megabytes_at_most(
    desk: Desk, broker: Client
) -> None:
    desk.state.properties["glide.rest.batch.max.inputSize"] = str(100 * MEGABYTE)
    six = part(1, "POST", TABLE, request_id="1", title="x" * (6 * MEGABYTE))
    eleven = part(2, "POST", TABLE, request_id="2", title="x" * (11 * MEGABYTE))
    told = post(broker, six, eleven)
    assert told["unserviced_requests"] == ["2"]


def test_an_answer_that_is_too_large_was_carried_out_all_the_same(broker: Client) -> None:
    told = post(
        broker,
        part(1, "POST", TABLE, request_id="1"),
        part(2, "POST", TABLE, request_id="2"),
        X_BATCHREQUEST_MAX_OUTPUT_SIZE="100",
    )
    assert (told["serviced_requests"], told["unserviced_requests"]) == ([], ["1", "2"])
    assert [row["request_id"] for row in broker.rows(MIRROR)] == ["1"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"rest_requests": "x"},
        {"rest_requests": ["x"]},
        {"rest_requests": [{"id": "1", "url": TABLE, "method": "POST", "body": "?"}]},
    ],
)
def test_nonsense_is_400(broker: Client, body: dict[str, Any]) -> None:
    answer = broker.http.post(f"{broker.url}/api/now/v1/batch", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "Invalid batch request"


def test_nobody_gets_nothing(desk: Desk) -> None:
    url = f"{desk.url}/api/now/v1/batch"
    body = {"rest_requests": [part(1, "GET", TABLE)]}
    assert requests.post(url, json=body, timeout=10).status_code == 401


def test_a_batch_gives_its_places_back(desk: Desk, broker: Client) -> None:
    for _ in range(6):  # a semaphore more than there are, and two
        post(broker, part(1, "GET", TABLE), part(2, "GET", TABLE))
    assert broker.table(MIRROR).status_code == 200
