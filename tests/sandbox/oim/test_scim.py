"""SCIM: users, oneself, and what the service says of itself."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from sandbox.oim import Oim
from sandbox.oim.scim_filter import BadFilter, compile_filter
from tests.sandbox.oim.sites import HOST_PATH, Api

NEW, OLD = f"{HOST_PATH}/scim/v1", "/idaas/im/scim/v1"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
OIG = "urn:ietf:params:scim:schemas:extension:oracle:2.0:OIG:User"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"


def ask(api: Api, path: str, **params: object) -> requests.Response:
    return api.outside("GET", f"{NEW}{path}", params=params)


def logins(answer: requests.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [user["userName"] for user in answer.json()["Resources"]]


@pytest.mark.parametrize(
    "condition",
    [
        'userName eq "ADA"',
        "userName eq ada",
        'emails.value eq "ada.lindqvist@example.com"',
        'emails co "ada.lindqvist@"',
        'name.familyName eq "Lindqvist" and active eq true and userName eq ADA',
        f'{ENTERPRISE}:manager.displayName pr and userName eq "ADA"',
    ],
)
def test_a_user_is_found_with_quotes_and_without(broker: Api, condition: str) -> None:
    assert logins(ask(broker, "/Users", filter=condition)) == ["ADA"]


def test_ids_are_keys_and_managers_are_linked(broker: Api) -> None:
    (user,) = ask(broker, "/Users", filter="userName eq ADA").json()["Resources"]
    assert user["id"] == broker.user("ADA")
    assert user[ENTERPRISE]["manager"]["value"] == broker.user("BEN")
    assert ask(broker, f"/Users/{user['id']}").json() == user
    assert user["meta"]["location"].endswith(f"{NEW}/Users/{user['id']}")


def test_a_user_has_a_home_organisation(broker: Api) -> None:
    (user,) = ask(broker, "/Users", filter="userName eq ADA").json()["Resources"]
    home = user[OIG]["homeOrganization"]
    assert home["$ref"].endswith(f"{NEW}/Organizations/{home['value']}")
    organisation = ask(broker, f"/Organizations/{home['value']}").json()
    department = broker.get(f"/organizations/{home['value']}")["fields"][0]["value"]
    assert organisation["name"] == department == user[ENTERPRISE]["department"]
    condition = f"{OIG}:homeOrganization eq {home['value']} and userName eq ADA"
    assert logins(ask(broker, "/Users", filter=condition)) == ["ADA"]


def test_organisations_are_found_by_name_and_number(broker: Api) -> None:
    found = ask(broker, "/Organizations", filter='name eq "Xellerate Users"').json()
    assert [one["id"] for one in found["Resources"]] == ["1"]
    assert found["totalResults"] == 1
    assert ask(broker, "/Organizations/0").status_code == 404


def test_there_is_a_total_and_pages_count_from_one(broker: Api, installation: Oim) -> None:
    first = ask(broker, "/Users", startIndex=1, count=3).json()
    second = ask(broker, "/Users", startIndex=4, count=3).json()
    assert first["totalResults"] == second["totalResults"] == len(installation.users)
    assert (first["itemsPerPage"], second["startIndex"]) == (3, 4)
    ids = [user["id"] for page in (first, second) for user in page["Resources"]]
    assert len(set(ids)) == 6
    assert ask(broker, "/Users", count=0).json()["Resources"] == []


def test_a_search_can_be_posted_without_x_requested_by(broker: Api) -> None:
    del broker.http.headers["X-Requested-By"]
    wanted: dict[str, Any] = {
        "schemas": [SEARCH],
        "filter": 'userName eq "BEN" or userName eq "ADA"',
        "attributes": ["userName"],
    }
    answer = broker.outside("POST", f"{NEW}/Users/.search", json=wanted)
    assert sorted(logins(answer)) == ["ADA", "BEN"]
    assert set(answer.json()["Resources"][0]) == {"schemas", "id", "userName"}


def test_the_content_type_is_scims(broker: Api) -> None:
    assert ask(broker, "/Users", count=1).headers["Content-Type"] == "application/scim+json"


def test_attributes_narrow_a_user(broker: Api) -> None:
    found = ask(broker, f"/Users/{broker.user('ADA')}", attributes="name.givenName,emails").json()
    assert set(found) == {"schemas", "id", "name", "emails"}


def test_me_is_whoever_asks_also_at_the_older_address(ada: Api) -> None:
    for base in (NEW, OLD):
        answer = ada.outside("GET", f"{base}/Me").json()
        assert answer["userName"] == "ADA"
        assert base in answer["meta"]["location"]


def test_people_see_themselves_and_their_reports(ada: Api, broker: Api) -> None:
    assert logins(ask(ada, "/Users")) == ["ADA"]
    assert ask(ada, f"/Users/{broker.user('EVE')}").status_code == 404


def test_without_credentials_nothing_is_told(broker: Api) -> None:
    broker.http.auth = ("broker", "wrong")
    assert ask(broker, "/Users").status_code == 401


@pytest.mark.parametrize("sent", [{"attributes": 5}, {"attributes": True}, {"filter": 5}])
def test_a_search_of_another_shape_is_a_400(broker: Api, sent: dict[str, object]) -> None:
    answer = broker.outside("POST", f"{NEW}/Users/.search", json=sent)
    assert (answer.status_code, answer.json()["status"]) == (400, "400")


@pytest.mark.parametrize("params", [{"filter": "userName"}, {"filter": "a eq"}, {"count": "x"}])
def test_nonsense_is_a_400_in_scims_words(broker: Api, params: dict[str, str]) -> None:
    answer = ask(broker, "/Users", **params)
    assert (answer.status_code, answer.json()["status"]) == (400, "400")
    assert answer.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]


def test_the_service_says_what_it_can_do(broker: Api) -> None:
    assert ask(broker, "/ServiceProviderConfigs").json()["filter"]["supported"] is True
    schemas = ask(broker, "/Schemas").json()
    assert schemas["totalResults"] == len(schemas["Resources"]) == 4
    assert ENTERPRISE in {schema["id"] for schema in schemas["Resources"]}


ROW = {"userName": "ADA", "active": True, "emails": [{"value": "a@x"}, {"value": "b@x"}],
       "name": {"familyName": 'O"Hara'}}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("", True),
        ('userName ne "ADA"', False),
        ("emails.value ew @x", True),
        ('name.familyName eq "O\\"Hara"', True),
        ("nickName pr", False),
        ('userName eq "BEN" or userName eq "X" and active eq true', False),
        ('userName eq "ADA" or userName eq "X" and active eq true', True),
    ],
)
def test_filters_are_read_as_written(text: str, met: bool) -> None:
    assert compile_filter(text)(ROW) is met


@pytest.mark.parametrize("text", ["a b c", 'a eq "b" c', "a eq b and", "and", "a pr or"])
def test_filters_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(BadFilter):
        compile_filter(text)
