"""What waits for somebody in ServiceNow, and which approved items changed, in the sandbox."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from broker.domain.errors import Unavailable
from broker.ports.desk import DecisionsPort, DeskWaiting, OrderRef
from tests.connectors.conftest import DeskSite

TABLE = "sysapproval_approver"


def waiting(desk: DeskSite, login: str, at: datetime | None = None) -> Sequence[DeskWaiting]:
    assert isinstance(desk.desk, DecisionsPort)
    key = desk.world.people[login].sys_id
    return desk.desk.waiting_for(key, at or datetime.now(UTC))


def numbers(desk: DeskSite, login: str, at: datetime | None = None) -> list[str]:
    return [each.number for each in waiting(desk, login, at)]


def add(desk: DeskSite, **values: str) -> str:
    row = desk.state.records.insert(TABLE, {"state": "requested", **values}, "admin")
    return row["sys_id"]


def delegation(desk: DeskSite, **values: str) -> None:
    (row,) = desk.state.records.where(
        "sys_user_delegate", delegate=desk.world.people["finn"].sys_id
    )
    desk.state.records.update("sys_user_delegate", row["sys_id"], values, "admin")


def test_an_approval_tells_what_it_is_about_and_where_it_is_decided(desk: DeskSite) -> None:
    before = {each.id for each in waiting(desk, "ben")}
    ref = desk.order("finance_reporting")
    (one,) = [each for each in waiting(desk, "ben") if each.id not in before]
    assert one.number == ref.item_number
    assert one.about
    assert one.on_behalf_of == ""
    assert one.since is not None
    assert abs(datetime.now(UTC) - one.since) < timedelta(minutes=5)
    wanted = f"/sp?id=approval&table=sysapproval_approver&sys_id={one.id}"
    assert one.link == desk.url + wanted


def test_what_was_decided_waits_no_longer(desk: DeskSite) -> None:
    ref = desk.approved("finance_reporting")
    assert ref.item_number not in numbers(desk, "ben")


def test_a_delegate_is_shown_for_whom_they_stand_in(desk: DeskSite) -> None:
    ref = desk.order("finance_reporting")
    (one,) = [each for each in waiting(desk, "finn") if each.number == ref.item_number]
    assert one.on_behalf_of == desk.world.people["ben"].display_name


@pytest.mark.parametrize(
    "values",
    [
        {"approvals": "false"},
        {"ends": "2001-01-01 00:00:00"},
        {"starts": "2099-01-01 00:00:00"},
    ],
)
def test_a_delegation_that_is_not_in_force_shows_nothing(
    desk: DeskSite, values: dict[str, str]
) -> None:
    ref = desk.order("finance_reporting")
    delegation(desk, **values)
    assert ref.item_number not in numbers(desk, "finn")


def test_the_seconds_at_both_ends_of_a_delegation_count(desk: DeskSite) -> None:
    ref = desk.order("finance_reporting")
    delegation(desk, starts="2026-05-01 08:00:00", ends="2026-05-01 09:00:00")
    first, last = datetime(2026, 5, 1, 8, tzinfo=UTC), datetime(2026, 5, 1, 9, tzinfo=UTC)
    second = timedelta(seconds=1)
    moments = (first - second, first, last, last + second)
    assert [ref.item_number in numbers(desk, "finn", at) for at in moments] == [
        False,
        True,
        True,
        False,
    ]


def test_an_approval_of_something_that_is_no_task_is_shown_too(desk: DeskSite) -> None:
    ben, ada = desk.world.people["ben"], desk.world.people["ada"]
    key = add(desk, approver=ben.sys_id, source_table="sys_user", document_id=ada.sys_id)
    (one,) = [each for each in waiting(desk, "ben") if each.id == key]
    assert one.number == ""
    assert ada.display_name in one.about


def test_a_record_that_nobody_can_name_is_named_by_its_table(desk: DeskSite) -> None:
    ben = desk.world.people["ben"]
    key = add(desk, approver=ben.sys_id, source_table="sys_user", document_id="f" * 32)
    (one,) = [each for each in waiting(desk, "ben") if each.id == key]
    assert one.about in ("User", "sys_user")


def test_what_waits_for_oneself_and_for_another_is_one_thing(desk: DeskSite) -> None:
    ref = desk.order("finance_reporting")
    add(desk, approver=desk.world.people["finn"].sys_id, sysapproval=ref.item_id)
    found = [each for each in waiting(desk, "finn") if each.number == ref.item_number]
    assert [each.on_behalf_of for each in found] == [""]


def test_a_desk_that_is_silent_says_so_soon(desk: DeskSite) -> None:
    desk.state.faults.add("busy")
    with pytest.raises(Unavailable):
        waiting(desk, "ben")


# ---- approved items ------------------------------------------------------------------------------


def approved(desk: DeskSite, *items: str, hours: float = 1) -> list[OrderRef]:
    now = datetime.now(UTC)
    keys = [desk.world.desk_items[item].sys_id for item in items]
    since = now - timedelta(hours=hours)
    return list(desk.desk.approved(keys, since, now + timedelta(seconds=2)))


def test_open_approved_items_of_the_named_kinds_are_found(desk: DeskSite) -> None:
    ref, laptop = desk.approved("finance_reporting"), desk.approved("standard_laptop")
    waits = desk.order("finance_reporting")
    found = [each.item_number for each in approved(desk, "finance_reporting")]
    assert ref.item_number in found
    assert not {laptop.item_number, waits.item_number} & set(found)


def test_closed_items_are_not_found(desk: DeskSite) -> None:
    ref = desk.approved("finance_reporting")
    desk.desk.close(ref, "abc-end", True, "Done.", "Done.")
    assert ref not in approved(desk, "finance_reporting")


def test_what_was_changed_at_another_time_is_not_found(desk: DeskSite) -> None:
    desk.approved("finance_reporting")
    now = datetime.now(UTC)
    items = [desk.world.desk_items["finance_reporting"].sys_id]
    early = desk.desk.approved(items, now - timedelta(days=9), now - timedelta(hours=1))
    late = desk.desk.approved(items, now + timedelta(hours=1), now + timedelta(hours=2))
    numbers = {each.item_number for each in [*early, *late]}
    assert not numbers & {each.item_number for each in approved(desk, "finance_reporting")}


def test_ids_that_no_catalogue_item_can_have_are_not_asked_for(desk: DeskSite) -> None:
    now = datetime.now(UTC)
    assert list(desk.desk.approved(["role", "a^ORactive=true"], now, now)) == []
