"""The rule about who may see what."""

import pytest

from broker.domain.visibility import Parties, Role, Viewer, may_see

PARTIES = Parties(
    iga="oim",
    keys=frozenset({"11"}),
    manager_keys=frozenset({"12"}),
    assignees=frozenset({"finn"}),
)


def viewer(key: str | None, login: str = "NOBODY", *roles: Role, iga: str = "oim") -> Viewer:
    return Viewer("id", key, login, frozenset(roles), iga=iga)


@pytest.mark.parametrize(
    ("who", "may"),
    [
        pytest.param(viewer("11"), True, id="beneficiary or requester"),
        pytest.param(viewer("12"), True, id="their manager"),
        pytest.param(viewer("16", "FINN"), True, id="approver, in any case"),
        pytest.param(viewer("15", "EVE"), False, id="somebody else"),
        pytest.param(viewer("11", iga="other"), False, id="the same key in another IGA"),
        pytest.param(viewer("15", "EVE", Role.OPERATOR), True, id="operator"),
        pytest.param(viewer("15", "EVE", Role.AUDITOR), True, id="auditor"),
        pytest.param(viewer(None, "FINN"), False, id="a login without a person"),
        pytest.param(viewer(None, "", Role.OPERATOR), True, id="operator without a person"),
    ],
)
def test_a_record_is_seen_by(who: Viewer, may: bool) -> None:
    assert may_see(who, PARTIES) is may


def test_a_record_without_people_is_seen_by_nobody_in_particular() -> None:
    assert not may_see(viewer("11", ""), Parties("oim"))
