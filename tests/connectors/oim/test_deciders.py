"""Who may decide what is assigned to a role or to somebody who is away."""

import pytest
import responses

from broker.domain.errors import Misconfigured, Unavailable
from broker.ports.iga import Iga
from tests.connectors.oim.wire import answered, asked, connector, user

NOBODY: dict[str, object] = {"users": []}
OWNERS = {"id": "31", "fields": [{"name": "Role Name", "value": "Finance Owners"}]}


def listing(**rows: object) -> dict[str, object]:
    return {"count": 1, "hasMore": False, "totalResult": -1, **rows}


def a_person(wire: responses.RequestsMock, proxies: object) -> None:
    """BEN, and those who stand in for him."""
    answered(wire, "/users", listing(users=[user("418", "BEN")]))
    answered(wire, "/users/418/proxies", proxies)


def a_role(wire: responses.RequestsMock, members: object, *roles: object) -> None:
    """No person of the name, but roles, and who is in role 31."""
    answered(wire, "/users", listing(**NOBODY))
    answered(wire, "/roles", listing(roles=list(roles) or [OWNERS]))
    answered(wire, "/roles/31/members", members)


def test_stand_ins_are_listed_as_the_manual_shows_them(
    wire: responses.RequestsMock, iga: Iga
) -> None:
    row = {
        "requestId": 0, "id": "1", "userLogin": "AARORA", "description": "NOT_STARTED",
        "startDate": "2019-07-01T07:00:00Z", "relationship": "MANAGER",
    }  # fmt: skip
    a_person(wire, listing(user=[row]))
    assert list(iga.deciders("ben")) == ["AARORA"]


@pytest.mark.parametrize(
    "proxies",
    [
        listing(users=[{"id": "1", "userLogin": "AARORA"}]),
        listing(proxies=[{"id": "1", "login": "AARORA"}]),
        listing(proxies={"userLogin": "AARORA"}),
        listing(user=[user("17", "AARORA")]),
        listing(user=[{"userLogin": "AARORA"}, {"userLogin": "AARORA"}, {"id": "3"}, "x", None]),
    ],
)
def test_stand_ins_are_found_in_other_shapes(
    wire: responses.RequestsMock, iga: Iga, proxies: object
) -> None:
    a_person(wire, proxies)
    assert list(iga.deciders("BEN")) == ["AARORA"]


@pytest.mark.parametrize(
    "period",
    [
        {"startDate": "2999-07-01T07:00:00Z"},
        {"startDate": "2019-07-01T07:00:00Z", "endDate": "2019-07-06T06:59:59Z"},
    ],
)
def test_a_stand_in_of_another_time_decides_nothing_now(
    wire: responses.RequestsMock, iga: Iga, period: dict[str, str]
) -> None:
    a_person(wire, listing(user=[{"id": "1", "userLogin": "AARORA", **period}]))
    assert list(iga.deciders("BEN")) == []


@pytest.mark.parametrize("proxies", [{}, listing(), listing(user=None), listing(user=[])])
def test_nobody_may_stand_in(wire: responses.RequestsMock, iga: Iga, proxies: object) -> None:
    a_person(wire, proxies)
    assert list(iga.deciders("BEN")) == []


def test_a_release_without_stand_ins_has_none(wire: responses.RequestsMock, iga: Iga) -> None:
    answered(wire, "/users", listing(users=[user("418", "BEN")]))
    answered(wire, "/users/418/proxies", {"errorMessage": "no such thing"}, status=404)
    assert list(iga.deciders("BEN")) == []


MEMBERS: list[object] = [
    listing(users=[{"id": "8", "userLogin": "CHO"}, {"id": "9", "userLogin": "DEE"}]),
    listing(members=[user("8", "CHO"), user("9", "DEE")]),
    listing(users=[{"userLogin": "CHO"}, {"userLogin": "DEE"}]),
    {"users": [{"id": 8, "login": "CHO"}, {"id": 9, "userName": "DEE"}, {"id": 10}]},
]


@pytest.mark.parametrize("members", MEMBERS)
def test_a_role_means_its_members(wire: responses.RequestsMock, iga: Iga, members: object) -> None:
    a_role(wire, members)
    assert list(iga.deciders("FINANCE OWNERS")) == ["CHO", "DEE"]


def test_members_are_read_page_by_page(wire: responses.RequestsMock, iga: Iga) -> None:
    def rows(*numbers: int) -> list[dict[str, object]]:
        return [{"id": str(number), "userLogin": f"U{number}"} for number in numbers]

    a_role(wire, {"users": rows(1, 2, 3), "hasMore": True})
    answered(wire, "/roles/31/members", {"users": rows(3, 4), "hasMore": False})
    assert list(iga.deciders("Finance Owners")) == ["U1", "U2", "U3", "U4"]


NAMED: list[dict[str, object]] = [
    {"id": "31", "name": "Finance Owners"},
    {"id": "31", "displayName": "FINANCE OWNERS", "name": "FIN_OWN"},
    {"id": "31", "fields": [{"name": "Role Display Name", "value": "finance owners"}]},
]


@pytest.mark.parametrize("role", NAMED)
def test_a_role_is_known_by_any_of_its_names_in_any_case(
    wire: responses.RequestsMock, iga: Iga, role: dict[str, object]
) -> None:
    a_role(wire, MEMBERS[0], {"id": "30", "name": "Finance Owners Asia"}, role)
    assert list(iga.deciders("FINANCE OWNERS")) == ["CHO", "DEE"]


@pytest.mark.parametrize(
    "other",
    [
        {"id": "32", "fields": [{"name": "Role Name", "value": "FINANCE OWNERS"}]},
        {"id": "32", "name": "finance owners", "displayName": "Owners"},
    ],
)
def test_a_name_that_two_roles_have_means_nobody(
    wire: responses.RequestsMock, iga: Iga, other: object
) -> None:
    a_role(wire, MEMBERS[0], other, OWNERS)
    answered(wire, "/roles/32/members", MEMBERS[0])
    assert list(iga.deciders("FINANCE OWNERS")) == []


def test_a_role_shown_under_the_name_of_another_is_not_taken_for_it(
    wire: responses.RequestsMock, iga: Iga
) -> None:
    shown = {"id": "30", "name": "FIN_ASIA", "displayName": "Finance Owners"}
    a_role(wire, MEMBERS[0], shown, OWNERS)
    assert list(iga.deciders("FINANCE OWNERS")) == ["CHO", "DEE"]


def test_a_role_that_a_filter_misses_is_found_among_all(wire: responses.RequestsMock) -> None:
    answered(wire, "/users", listing(**NOBODY))
    answered(wire, "/roles", listing(roles=[]))
    answered(wire, "/roles", listing(roles=[OWNERS]))
    answered(wire, "/roles/31/members", MEMBERS[0])
    assert list(connector().deciders("FINANCE OWNERS")) == ["CHO", "DEE"]


def test_a_name_that_nobody_has_means_nobody(wire: responses.RequestsMock, iga: Iga) -> None:
    a_role(wire, MEMBERS[0])
    for name in ("PETTY CASH", "", "a::b"):
        assert list(iga.deciders(name)) == []
    assert asked(wire, "/members") == 0


def test_all_roles_are_read_once_for_many_strange_names(wire: responses.RequestsMock) -> None:
    a_role(wire, MEMBERS[0])
    iga = connector()
    for number in range(5):
        assert list(iga.deciders(f"STRANGE {number}")) == []
    assert asked(wire, "/roles") == 5 + 1


def test_who_is_in_a_role_is_asked_each_time(wire: responses.RequestsMock, iga: Iga) -> None:
    a_role(wire, listing(users=[{"id": "8", "userLogin": "CHO"}]))
    answered(wire, "/roles/31/members", listing(users=[{"id": "9", "userLogin": "DEE"}]))
    assert [list(iga.deciders("Finance Owners")) for _ in range(2)] == [["CHO"], ["DEE"]]


def test_a_failed_look_is_not_remembered(wire: responses.RequestsMock, iga: Iga) -> None:
    answered(wire, "/users", listing(**NOBODY))
    answered(wire, "/roles", listing(roles=[OWNERS]))
    wire.add("GET", "https://oim.example.com/iam/governance/selfservice/api/v1/roles/31/members",
             json={}, status=403)  # fmt: skip
    with pytest.raises(Misconfigured):
        iga.deciders("Finance Owners")
    wire.replace("GET", "https://oim.example.com/iam/governance/selfservice/api/v1/roles/31/members",
                 json=MEMBERS[0])  # fmt: skip
    assert list(iga.deciders("Finance Owners")) == ["CHO", "DEE"]


def test_a_list_that_is_none_is_tried_later(wire: responses.RequestsMock, iga: Iga) -> None:
    a_person(wire, ["AARORA"])
    with pytest.raises(Unavailable, match="gave no list"):
        iga.deciders("BEN")
