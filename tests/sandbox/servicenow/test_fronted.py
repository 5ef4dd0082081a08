"""Links behind a TLS front: as the client named the instance, never as the front did."""

from __future__ import annotations

import pytest

from tests.sandbox.servicenow.desks import Desk, fetch


def location(desk: Desk, **headers: str) -> str:
    url = f"{desk.url}/api/now/table/incident"
    answer = fetch("POST", url, json={}, headers=headers, auth=("admin", "admin"))
    return answer.headers["Location"].rpartition("/api/")[0]


def test_links_name_the_instance_as_it_was_called(desk: Desk) -> None:
    assert location(desk) == desk.url


@pytest.mark.parametrize("host", ["dev1.service-now.com", "localhost:9443"])
def test_whoever_came_by_another_port_came_through_tls(desk: Desk, host: str) -> None:
    assert location(desk, Host=host) == f"https://{host}"


def test_a_front_may_say_which_scheme_it_speaks(desk: Desk) -> None:
    told = {"Host": "localhost:9080", "X-Forwarded-Proto": "http"}
    assert location(desk, **told) == "http://localhost:9080"
