"""Days and hours: when people work, when they ask, and when they decide."""

from collections import Counter
from datetime import UTC, date, datetime
from random import Random

import pytest

from sandbox.world import World, WorldRequest
from sandbox.world.slots import slots
from sandbox.world.workdays import (
    DAY,
    HOUR,
    before_hours,
    busy,
    date_of,
    day_of,
    in_hours,
    is_holiday,
    is_workday,
    moments,
)

NOW = int(datetime(2026, 3, 11, 15, 0, tzinfo=UTC).timestamp())


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("on", "works"),
    [
        ("2026-03-11", True),
        ("2026-03-14", False),  # Saturday
        ("2026-04-03", False),  # Good Friday
        ("2026-04-06", False),  # Easter Monday
        ("2026-04-07", True),
        ("2025-04-21", False),  # Easter Monday
        ("2024-12-25", False),
        ("2025-01-01", False),
    ],
)
def test_weekends_and_holidays_are_no_workdays(on: str, works: bool) -> None:
    day = day_of(date.fromisoformat(on))
    assert is_workday(day) is works
    assert date_of(day).isoformat() == on


def test_month_ends_are_busy_and_holidays_are_not() -> None:
    ordinary, ending = (day_of(date(2026, 3, d)) for d in (18, 31))
    assert busy(ending) > busy(ordinary) > 10 * busy(day_of(date(2026, 4, 3)))
    assert busy(day_of(date(2026, 8, 12))) < busy(day_of(date(2026, 9, 16)))


def test_moments_of_a_day_are_in_order_and_in_office_hours() -> None:
    drawn = moments(Random(1), 2000)
    assert drawn == sorted(drawn)
    assert 0 <= drawn[0] <= drawn[-1] < DAY
    office = sum(7 * HOUR <= second < 18 * HOUR for second in drawn)
    assert office > 0.85 * len(drawn)
    assert max(moments(Random(1), 50, 9 * HOUR)) < 9 * HOUR
    assert moments(Random(1), 3, 1) == [0, 0, 0]


@pytest.mark.parametrize(
    ("asked", "day"),
    [
        ("2026-03-11T10:00", "2026-03-11"),
        ("2026-03-11T20:00", "2026-03-12"),
        ("2026-03-11T03:00", "2026-03-11"),
        ("2026-03-13T22:00", "2026-03-16"),
        ("2026-04-03T10:00", "2026-04-07"),
    ],
)
def test_what_falls_out_of_hours_waits_for_the_next_morning(asked: str, day: str) -> None:
    moved = in_hours(Random(2), at(asked))
    assert moved >= at(asked)
    assert date_of(moved // DAY).isoformat() == day
    assert 7 * HOUR <= moved % DAY < 18 * HOUR


def test_what_happened_out_of_hours_is_told_of_the_last_workday() -> None:
    told = before_hours(at("2026-03-15T03:00"))
    assert date_of(told // DAY) == date(2026, 3, 13)
    assert 7 * HOUR <= told % DAY < 18 * HOUR
    assert before_hours(at("2026-03-11T10:00")) == at("2026-03-11T10:00")


@pytest.mark.parametrize(("how_many", "share"), [(0, 0.1), (1, 0.0), (40, 0.1), (3000, 0.5)])
def test_there_are_exactly_as_many_slots_and_open_ones_as_asked_for(
    how_many: int, share: float
) -> None:
    drawn = list(slots("a", how_many, share, NOW))
    assert len(drawn) == how_many
    assert sum(slot.is_open for slot in drawn) == round(how_many * share)
    assert [slot.at for slot in drawn] == sorted(slot.at for slot in drawn)
    assert all(slot.at < NOW for slot in drawn)


def test_all_can_be_open_or_none() -> None:
    assert all(slot.is_open for slot in slots("a", 200, 1.0, NOW))
    assert not any(slot.is_open for slot in slots("a", 200, 0.0, NOW))


def test_the_moment_after_midnight_is_no_trouble() -> None:
    midnight = at("2026-03-11T00:00")
    drawn = list(slots("a", 500, 0.1, midnight))
    assert len(drawn) == 500
    assert all(slot.at <= midnight for slot in drawn)


def test_people_ask_on_workdays_in_working_hours(past: list[WorldRequest]) -> None:
    days = Counter(request.created_at.weekday() for request in past)
    assert days[0] > days[4] > 5 * days[5] > 0
    office = sum(7 <= request.created_at.hour < 18 for request in past)
    assert office > 0.85 * len(past)


def test_most_of_history_is_the_last_year(company: World, past: list[WorldRequest]) -> None:
    years = Counter((company.now - request.created_at).days // 365 for request in past)
    assert years[0] > 0.55 * len(past)
    assert years[0] > years[1] > years[2] > years[3] > 0


def test_decisions_fall_into_working_hours_unless_they_were_made_just_now(
    company: World, past: list[WorldRequest]
) -> None:
    decided = [task.decided_at for request in past for task in request.tasks if task.decided_at]
    old = [moment for moment in decided if (company.now - moment).days > 20]
    assert all(7 <= moment.hour < 18 for moment in old)
    assert all(is_workday(day_of(moment.date())) for moment in old)
    assert is_holiday(day_of(date(2025, 12, 25)))
