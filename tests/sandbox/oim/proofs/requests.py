"""What an installation does with calls and requests, switch by switch."""

from __future__ import annotations

from tests.sandbox.oim.proofs import Proof
from tests.sandbox.oim.sites import Site


def a_write_without_x_requested_by_is_ignored(site: Site) -> None:
    broker = site.as_("broker")
    del broker.http.headers["X-Requested-By"]
    assert broker.call("POST", "/requests", json={"requests": []}).status_code == 400


def the_time_an_answer_took_is_told_as_in_12c(site: Site) -> None:
    answer = site.as_("broker").call("GET", "/requests", params={"limit": 1})
    assert int(answer.headers.get("ResponseTime", "-1")) >= 0
    assert "X-Response-Time" not in answer.headers


PROOFS: dict[str, Proof] = {
    "profile-12c": the_time_an_answer_took_is_told_as_in_12c,
    "x-requested-by-guard": a_write_without_x_requested_by_is_ignored,
}
