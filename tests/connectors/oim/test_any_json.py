"""Any JSON at all: it is read as something, or refused in a way that callers know."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
import responses
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broker.connectors.http import Http
from broker.domain.access import CatalogueItem, ItemKind, ItemName
from broker.domain.errors import ConnectorError, Unavailable
from broker.domain.people import Person
from broker.ports.iga import Iga, Revocation, Submission
from tests.connectors.oim.wire import API, connector

# words that mean something somewhere, so that what is made up gets past the first look
WORDS = (
    "id", "requests", "users", "user", "members", "roles", "accounts", "catalogs", "hasMore",
    "history", "currentApprovers", "previousApprovers", "futureApprovers", "requestTaskDetails",
    "approvers", "status", "stage", "taskId", "comments", "childRequests", "reqBeneficiaryList",
    "requester", "reqTargetEntities", "entityType", "entityId", "fields", "name", "value",
    "reqStatus", "reqCreatedOn", "requestId", "request", "appInstanceId", "userLogin", "startDate",
)  # fmt: skip
VALUES = ("7041", "BEN", "ASSIGNED", "Role", "14", "SUCCESS", "R-1", "2026-01-31T09:00:00Z", "")
leaves = (
    st.none() | st.booleans() | st.integers(-5, 10**20) | st.floats() | st.text(max_size=5)
    | st.sampled_from(VALUES)
)  # fmt: skip
anything = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=3), inner, max_size=5)
    ),
    max_leaves=25,
)
objects = st.dictionaries(st.sampled_from(WORDS), anything, max_size=8)
EVERYWHERE = re.compile(re.escape(API) + ".*")
ADA = Person("418", "ADA", "Ada", "", "", None)
ITEM = CatalogueItem(ItemKind.ACCOUNT, "14", "Finance")
CALLS: dict[str, Callable[[Iga], object]] = {
    "request": lambda iga: iga.request("7041"),
    "open requests": lambda iga: list(iga.open_requests()),
    "requests of": lambda iga: list(iga.requests_of(ADA)),
    "person": lambda iga: iga.person("BEN"),
    "people": lambda iga: list(iga.people()),
    "deciders": lambda iga: iga.deciders("BEN"),
    "holdings": lambda iga: iga.holdings(ADA),
    "find item": lambda iga: iga.find_item(ItemName("role", "Finance")),
    "submit": lambda iga: iga.submit(Submission("R-1", "418", [ITEM], "R-1")),
    "find submitted": lambda iga: iga.find_submitted(Submission("R-1", "418", [ITEM], "R-1")),
    "revoke": lambda iga: iga.revoke(Revocation("R-1", "418", ITEM, "R-1")),
    "withdraw": lambda iga: iga.withdraw("7041"),
    "check": lambda iga: iga.check(),
}


@pytest.fixture(autouse=True, scope="module")
def _no_waiting() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Http, "_wait", lambda *_: 0.0)
        yield


@pytest.mark.parametrize("call", CALLS)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(answers=st.lists(anything | objects, min_size=1, max_size=3))
def test_no_answer_breaks_a_call_in_a_way_that_nobody_expects(
    call: str, answers: list[object]
) -> None:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as wire:
        for method in ("GET", "POST", "DELETE"):
            for answer in answers:
                body = json.dumps(answer)
                wire.add(method, EVERYWHERE, body=body, content_type="application/json")
        with suppress(ConnectorError):
            CALLS[call](connector(page_size=2, names_kept_seconds=0))


@settings(max_examples=60, deadline=None)
@given(detail=objects)
def test_a_requests_tasks_and_children_are_told_apart_whatever_it_says(
    detail: dict[str, object],
) -> None:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as wire:
        body = json.dumps({"id": "7041"} | detail)
        wire.add("GET", f"{API}/requests/7041", body=body, content_type="application/json")
        wire.add("GET", f"{API}/catalog", json={"catalogs": []})
        try:
            request = connector().request("7041")
        except Unavailable:  # it tells of another request
            return
    assert len({task.id for task in request.tasks}) == len(request.tasks)
    assert len(set(request.children)) == len(request.children)
    assert all(task.assignee for task in request.tasks)
    assert "" not in request.header.beneficiary_keys
