"""Dates in encoded queries: relative ones, trends, scripts, and the caller's own day.

The clock stands at Thursday 2026-03-05 04:30 UTC, which is Wednesday evening in Los Angeles.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from sandbox.servicenow.calendars import Calendar, from_stored, zone_named
from sandbox.servicenow.queries import Evaluator
from sandbox.servicenow.queries.scripts import Scripts
from sandbox.servicenow.records import Records, stored_row
from sandbox.servicenow.schema import Schema
from sandbox.servicenow.stock_tables import STOCK_TABLES

NOW = datetime(2026, 3, 5, 4, 30, 15, tzinfo=UTC)
HOME = ZoneInfo("America/Los_Angeles")
TIMES = {
    "past": "2025-11-20 12:00:00",
    "february": "2026-02-10 12:00:00",
    "monday": "2026-03-02 18:00:00",
    "yesterday": "2026-03-04 07:59:59",
    "today": "2026-03-04 08:00:00",
    "hour": "2026-03-05 04:00:00",
    "tonight": "2026-03-05 07:59:59",
    "tomorrow": "2026-03-05 08:00:00",
    "empty": "",
}


@pytest.fixture
def records() -> Records:
    made = Records(Schema(STOCK_TABLES), lambda: NOW)
    rows = [
        {"sys_id": name.ljust(32, "0"), "short_description": name, "due_date": at}
        for name, at in TIMES.items()
    ]
    made.load("incident", [stored_row(row) for row in rows])
    return made


def found(records: Records, query: str) -> set[str]:
    rows = Evaluator(records, zone=HOME).select("incident", query)
    return {row["short_description"] for row in rows}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("ONToday@javascript:gs.daysAgoStart(0)@javascript:gs.daysAgoEnd(0)", "today hour tonight"),
        ("ONToday", "today hour tonight"),
        ("ON2026-03-04", "today hour tonight"),
        ("ON2026-03-04 09:00:00", "today hour tonight"),
        ("ONYesterday", "yesterday"),
        ("ONTomorrow", "tomorrow"),
        ("ONThis week", "monday yesterday today hour tonight tomorrow"),
        ("ONLast month", "february"),
        (
            "ONLast month@javascript:gs.beginningOfLastMonth()@javascript:gs.endOfLastMonth()",
            "february",
        ),
        ("NOTONToday", "past february monday yesterday tomorrow empty"),
        ("ONx@2026-03-04 07:59:59@2026-03-04 08:00:00", "yesterday today"),
        ("RELATIVEGT@hour@ago@1", "hour tonight tomorrow"),
        ("RELATIVELT@hour@ago@1", "past february monday yesterday today"),
        ("RELATIVEGE@dayofweek@ago@1", "yesterday today hour tonight tomorrow"),
        ("RELATIVELE@month@ago@1", "past"),
        ("RELATIVEGT@minute@ahead@60", "tonight tomorrow"),
        ("RELATIVEEE@hour@ago@0", "hour"),
        ("RELATIVEEE@dayofweek@ago@1", "yesterday"),
        ("RELATIVEGT@quarter@ago@1", "february monday yesterday today hour tonight tomorrow"),
        ("RELATIVELT@year@ahead@1", " ".join(name for name in TIMES if name != "empty")),
        ("DATEPARTMonday@javascript:gs.datePart('dayofweek','monday','EE')", "monday"),
        (
            "DATEPARTTuesday@javascript:gs.datePart('dayofweek','tuesday','LE')",
            "february monday yesterday",
        ),
        ("DATEPARTFebruary@javascript:gs.datePart('month','feb','EE')", "february"),
        ("DATEPARTQuarter 1@javascript:gs.datePart('quarter','1','GT')", "past"),
        ("DATEPART2026@javascript:gs.datePart('year','2026','LT')", "past"),
        ("DATEPARTMidnight hour@javascript:gs.datePart('hour','0','EE')", "today tomorrow"),
        ("DATEPARTWeek 46@javascript:gs.datePart('week','46','EE')", "past"),
        ("<javascript:gs.daysAgoStart(0)", "past february monday yesterday"),
        ("<=javascript:gs.daysAgoEnd(0)", "past february monday yesterday today hour tonight"),
        (">javascript:gs.daysAgoEnd(0)", "tomorrow"),
        (
            "BETWEENjavascript:gs.daysAgoStart(1)@javascript:gs.daysAgoEnd(0)",
            "yesterday today hour tonight",
        ),
        (
            "BETWEENjavascript:gs.dateGenerate('2026-03-04','start')@2026-03-05 05:00:00",
            "today hour",
        ),
        (
            (
                'BETWEENjavascript:gs.dateGenerate("2026-03-04 00:00:00")'
                '@javascript:gs.dateGenerate("2026-03-04 23:59:59")'
            ),
            "today hour tonight",
        ),
        (">=javascript:gs.beginningOfThisMonth()", "monday yesterday today hour tonight tomorrow"),
        ("ISEMPTY", "empty"),
    ],
)
def test_a_date_is_found(records: Records, query: str, names: str) -> None:
    assert found(records, f"due_date{query}") == set(names.split())


@pytest.mark.parametrize(
    "query",
    [
        "ONSomeday",
        "NOTONSomeday",
        "ONx@soon@later",
        "RELATIVEGT@fortnight@ago@1",
        "RELATIVEGT@hour@sideways@1",
        "RELATIVEGT@hour@ago@x",
        "RELATIVEGT",
        "RELATIVEGT@year@ago@99999",
        "RELATIVEGT@hour@ahead@99999999999999",
        ">javascript:gs.daysAgo(99999999999)",
        ">javascript:gs.yearsAgo(99999)",
        ">javascript:gs.dateGenerate('0001-01-01','start')",
        "<9999-12-31 00:00:00",
        "DATEPARTMonday",
        "DATEPARTMonday@javascript:gs.datePart('dayofweek','someday','EE')",
        "DATEPARTMonday@javascript:gs.other('dayofweek','monday','EE')",
        "DATEPARTx@javascript:gs.datePart('eon','1','EE')",
        "MORETHANsys_created_on@day@sideways@1",
        "MORETHANsys_created_on@day@before@x",
        ">javascript:gs.dateGenerate('when','start')",
        ">javascript:gs.daysAgo()",
        "BETWEENjavascript:evil()@2026-01-01",
    ],
)
def test_a_date_that_makes_no_sense_finds_nothing(records: Records, query: str) -> None:
    assert found(records, f"due_date{query}") == set()


@pytest.mark.parametrize(
    ("query", "finds"),
    [
        ("due_dateSAMEASfollow_up", False),
        ("due_dateSAMEASfollow_up@day", True),
        ("due_dateSAMEASwork_end@day", False),
        ("due_dateSAMEASwork_end@month", True),
        ("due_dateNSAMEASwork_end@day", True),
        ("due_dateMORETHANwork_end@day@before@1", True),
        ("due_dateMORETHANwork_end@day@before@4", False),
        ("due_dateLESSTHANwork_end@day@before@4", True),
        ("due_dateLESSTHANwork_end@day@after@4", False),
        ("work_endLESSTHANdue_date@day@after@4", True),
        ("work_endMORETHANdue_date@hour@before or after@24", True),
        ("work_endLESSTHANdue_date@week@before or after@1", True),
        ("due_dateMORETHANclosed_at@day@before@1", False),
    ],
)
def test_two_dates_of_a_row_are_compared(records: Records, query: str, finds: bool) -> None:
    dates = {"due_date": "2026-03-04 10:00:00", "follow_up": "2026-03-04 22:00:00"}
    row = {"short_description": "pair", **dates, "work_end": "2026-03-07 10:00:00"}
    records.insert("incident", row, "system")
    assert ("pair" in found(records, f"{query}^short_description=pair")) is finds


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ("gs.beginningOfThisWeek()", "2026-03-02 08:00:00"),
        ("gs.endOfThisWeek()", "2026-03-09 06:59:59"),
        ("gs.beginningOfLastWeek()", "2026-02-23 08:00:00"),
        ("gs.beginningOfNextMonth()", "2026-04-01 07:00:00"),
        ("gs.endOfLastMonth()", "2026-03-01 07:59:59"),
        ("gs.beginningOfThisQuarter()", "2026-01-01 08:00:00"),
        ("gs.endOfThisYear()", "2027-01-01 07:59:59"),
        ("gs.beginningOfLastYear()", "2025-01-01 08:00:00"),
        ("gs.daysAgo(2)", "2026-03-03 04:30:15"),
        ("gs.daysAgo(-1)", "2026-03-06 04:30:15"),
        ("gs.hoursAgo(5)", "2026-03-04 23:30:15"),
        ("gs.hoursAgoStart(0)", "2026-03-05 04:00:00"),
        ("gs.minutesAgo( '90' )", "2026-03-05 03:00:15"),
        ("gs.minutesAgoEnd(0)", "2026-03-05 04:30:59"),
        ("gs.monthsAgo(1)", "2026-02-05 04:30:15"),
        ("gs.monthsAgoStart(1)", "2026-02-01 08:00:00"),
        ("gs.quartersAgoEnd(1)", "2026-01-01 07:59:59"),
        ("gs.yearsAgo(1)", "2025-03-05 04:30:15"),
        ("gs.yesterday()", "2026-03-04 04:30:15"),
        ("gs.nowDateTime();", "2026-03-05 04:30:15"),
        ("gs.nowNoTZ()", "2026-03-05 04:30:15"),
        ("gs.now()", "2026-03-04"),
        ("gs.dateGenerate('2026-03-01','12:00:00')", "2026-03-01 20:00:00"),
        ("gs.dateGenerate('2026-03-01','end')", "2026-03-02 07:59:59"),
        ("return gs.getUserID();", "me"),
        ("gs.getUser().getID()", "me"),
        ("gs.getUserName()", "ada"),
    ],
)
def test_a_call_from_the_list_is_evaluated(call: str, value: str) -> None:
    scripts = Scripts(Calendar(NOW, HOME), "me", "ada")
    assert scripts.value(f"javascript:{call}") == value
    assert scripts.value(f"JavaScript: {call}") == value


@pytest.mark.parametrize(
    "call",
    [
        "gs.getUserID() + 'x'",
        "new GlideRecord('sys_user')",
        "gs.print('x')",
        "gs.daysAgo(1, evil())",
        "gs.daysAgo(evil)",
        "gs.getUserID(); gs.getUserID()",
        "",
    ],
)
def test_other_script_is_refused(records: Records, call: str) -> None:
    assert Scripts(Calendar(NOW, HOME)).value(f"javascript:{call}") is None
    assert found(records, f"short_description=javascript:{call}") == set()


def test_the_caller_can_be_named_in_a_query(records: Records) -> None:
    me = records.insert("sys_user", {"user_name": "ada"}, "system")
    evaluator = Evaluator(records, me["sys_id"])
    assert evaluator.select("sys_user", "sys_id=javascript:gs.getUserID()") == [me]


def test_the_day_is_that_of_the_callers_own_zone(records: Records) -> None:
    tokyo = records.insert("sys_user", {"user_name": "t", "time_zone": "Asia/Tokyo"}, "system")
    rows = Evaluator(records, tokyo["sys_id"]).select("incident", "due_dateONToday")
    assert {row["short_description"] for row in rows} == {"hour", "tonight", "tomorrow"}


@pytest.mark.parametrize(
    ("query", "finds"),
    [
        ("ONToday", True),
        ("ONYesterday", False),
        ("ON2026-03-04", True),
        ("NOTONYesterday", True),
        ("NOTONSomeday", False),
        ("DATEPARTWednesday@javascript:gs.datePart('dayofweek','wednesday','EE')", True),
        ("RELATIVEEE@dayofweek@ago@1", False),
        ("=2026-03-04", True),
        ("=2026-03-04 23:00:00", True),
        (">2026-03-03", True),
        ("<2026-03-04 23:00:00", False),
    ],
)
def test_a_date_without_a_time_is_a_day_of_the_caller(
    records: Records, query: str, finds: bool
) -> None:
    user = {"user_name": "ada", "last_login": "2026-03-04"}
    records.load("sys_user", [stored_row(user | {"sys_id": "a" * 32})])
    rows = Evaluator(records, zone=HOME).select("sys_user", f"last_login{query}")
    assert bool(rows) is finds


def test_months_end_when_they_end() -> None:
    calendar = Calendar(datetime(2026, 3, 31, 12, 0, tzinfo=UTC), UTC)
    assert calendar.back("month", 1).date().isoformat() == "2026-02-28"
    assert calendar.back("quarter", -1).date().isoformat() == "2026-06-30"
    assert calendar.end("month", 1).isoformat() == "2026-02-28T23:59:59+00:00"


def test_a_zone_that_is_none_is_the_instances_own() -> None:
    assert zone_named("Mars/Olympus") == zone_named("") == zone_named("America/Los_Angeles")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "9999-12-31 23:00:00",
        "0001-01-01",
        "2026-02-30 00:00:00",
        "2026-01-01T00:00:00Z",
    ],
)
def test_text_that_is_no_time_is_none(text: str) -> None:
    assert from_stored(text) is None
