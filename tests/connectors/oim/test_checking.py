"""Whether a connection works, and whether its account sees what the broker needs."""

import pytest
import responses

from broker.domain.errors import Misconfigured, Unavailable
from broker.ports.iga import Iga
from tests.connectors.conftest import OimSite
from tests.connectors.oim.wire import API, asked, user

ITEM = {"id": 1, "entityType": "Role", "entityKey": "14", "entityDisplayName": "Finance"}
WELL: dict[str, dict[str, object]] = {
    "/users": {"users": [user("2", "BROKER"), user("418", "BEN")]},
    "/catalog": {"catalogs": [ITEM]},
    "/roles": {"roles": [{"id": "14"}]},
    "/requests": {"requests": []},
}


def serving(wire: responses.RequestsMock, **changed: dict[str, object]) -> None:
    """An installation that is well but for these lists."""
    for path, answer in (WELL | {f"/{name}": data for name, data in changed.items()}).items():
        wire.add("GET", f"{API}{path}", json={"hasMore": False, **answer})


def test_a_connection_that_is_well_is_told_in_few_calls(
    wire: responses.RequestsMock, iga: Iga
) -> None:
    serving(wire)
    assert iga.check().says == "oim answers, and BROKER is signed in."
    assert len(wire.calls) == 5
    assert asked(wire, "/requests") == 1


MISSING: list[tuple[dict[str, dict[str, object]], str]] = [
    ({"users": {"users": []}}, "does not show the broker's own user broker"),
    ({"users": {"users": [user("2", "BROKER")]}}, "shows broker no user but itself"),
    ({"catalog": {"catalogs": []}}, "shows broker an empty catalogue: rights are missing"),
    ({"roles": {"roles": []}}, "shows broker no role: rights are missing"),
    (
        {"catalog": {}, "roles": {}, "users": {"users": [user("2", "BROKER")]}},
        "no user but itself and an empty catalogue and no role",
    ),
]


@pytest.mark.parametrize(("changed", "says"), MISSING)
def test_what_an_administrator_would_see_has_to_be_there(
    wire: responses.RequestsMock, iga: Iga, changed: dict[str, dict[str, object]], says: str
) -> None:
    serving(wire, **changed)
    with pytest.raises(Misconfigured, match=says):
        iga.check()


@pytest.mark.parametrize("path", WELL)
def test_a_right_that_is_missing_is_for_the_operator(
    wire: responses.RequestsMock, iga: Iga, path: str
) -> None:
    serving(wire)
    wire.replace("GET", f"{API}{path}", json={}, status=403)
    with pytest.raises(Misconfigured, match="lacks a right that the broker needs"):
        iga.check()


@pytest.mark.parametrize("path", WELL)
def test_a_release_without_one_of_the_lists_does_not_do(
    wire: responses.RequestsMock, iga: Iga, path: str
) -> None:
    serving(wire)
    wire.replace("GET", f"{API}{path}", json={"errorMessage": "no such thing"}, status=404)
    with pytest.raises(Misconfigured, match="no Self Service API at its address"):
        iga.check()


def test_a_check_that_is_not_answered_is_not_repeated(
    wire: responses.RequestsMock, iga: Iga
) -> None:
    wire.add("GET", f"{API}/users", status=503)
    with pytest.raises(Unavailable):
        iga.check()
    assert len(wire.calls) == 1


@pytest.mark.parametrize("way", ["basic", "jwt"])
def test_an_account_that_is_no_administrator_does_not_pass(oim: OimSite, way: str) -> None:
    plain = oim.connect(username="eve", password="demo", authentication=way)
    with pytest.raises(Misconfigured, match="shows eve no user but itself"):
        plain.check()
