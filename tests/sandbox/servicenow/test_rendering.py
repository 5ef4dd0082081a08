"""What people see of stored values, and the shapes in which the APIs give both."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sandbox.servicenow.display import in_words, money, separated, with_currency
from sandbox.servicenow.records import Records, Row, stored_row
from sandbox.servicenow.rendering import Renderer, Style
from sandbox.servicenow.schema import Schema
from sandbox.servicenow.stock_tables import STOCK_TABLES
from sandbox.servicenow.switches import Switches
from sandbox.servicenow.viewers import instance_viewer, viewer_of

ADA, BEN, ITEM = "a" * 32, "b" * 32, "c" * 32
BASE = "https://desk.example.com/api/now/table"


@pytest.fixture
def records() -> Records:
    made = Records(Schema(STOCK_TABLES), lambda: datetime(2026, 3, 2, 8, 15, 30, tzinfo=UTC))
    for key, name in ((ADA, "Ada Lindqvist"), (BEN, "Ben Achterberg")):
        user = {"sys_id": key, "name": name, "user_name": name[:3].lower()}
        made.load("sys_user", [stored_row(user)])
    return made


def item(records: Records, **values: str) -> Row:
    row = stored_row(
        {"sys_id": ITEM, "number": "RITM0010001", "sys_class_name": "sc_req_item"} | values
    )
    records.load("sc_req_item", [row])
    return row


def cell(
    records: Records,
    row: Row,
    column: str,
    display: str = "all",
    *,
    links: bool = True,
    switches: Switches | None = None,
) -> object:
    asked = Style(display, links, (column,), BASE, switches=switches or Switches())
    return Renderer(records, asked).row("sc_req_item", row)[column]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("0", "0"),
        ("999", "999"),
        ("102197", "102,197"),
        ("45557.5", "45,557.5"),
        ("-1234", "-1,234"),
        ("", ""),
        ("x1234", "x1234"),
        ("12.x", "12.x"),
    ],
)
def test_thousands_are_separated(value: str, shown: str) -> None:
    assert separated(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("1970-01-01 08:00:00", "8 Hours"),
        ("1970-01-02 04:23:00", "1 Day 4 Hours 23 Minutes"),
        ("1970-01-01 00:02:17", "2 Minutes"),
        ("1970-01-01 01:01:00", "1 Hour 1 Minute"),
        ("1970-01-01 00:00:17", "17 Seconds"),
        ("1970-01-01 00:00:01", "1 Second"),
        ("1970-01-01 00:00:00", "0 Seconds"),
        ("1970-02-01 00:00:00", "31 Days"),
        ("", ""),
        ("long", "long"),
    ],
)
def test_durations_are_words(value: str, shown: str) -> None:
    assert in_words(value) == shown


def test_amounts_have_two_decimals_and_a_currency() -> None:
    assert [money(text) for text in ("699.99", "0", "1234.5", "", "dear")] == [
        "$699.99",
        "$0.00",
        "$1,234.50",
        "",
        "dear",
    ]
    assert (with_currency("699.99"), with_currency("")) == ("USD;699.99", "")


@pytest.mark.parametrize(
    ("column", "value", "shown"),
    [
        ("state", "2", "Work in Progress"),
        ("state", "99", "99"),
        ("approval", "not requested", "Not Yet Requested"),
        ("upon_approval", "proceed", "Proceed to Next Task"),
        ("upon_reject", "cancel", "Cancel all future Tasks"),
        ("priority", "3", "3 - Moderate"),
        ("escalation", "0", "Normal"),
        ("contact_type", "", None),
        ("upon_reject", "", None),
        ("approval", "", None),
        ("active", "true", "true"),
        ("active", "", ""),
        ("reassignment_count", "102197", "102,197"),
        ("reassignment_count", "", ""),
        ("calendar_duration", "1970-01-01 08:00:00", "8 Hours"),
        ("sla_due", "", "UNKNOWN"),
        ("activity_due", "", "UNKNOWN"),
        ("due_date", "", ""),
        ("opened_at", "2026-03-02 05:15:30", "2026-03-01 21:15:30"),
        ("opened_at", "soon", "soon"),
        ("sla_due", "2026-07-02 05:15:30", "2026-07-01 22:15:30"),
        ("sys_class_name", "sc_req_item", "Requested Item"),
        ("short_description", "102197", "102197"),
        (
            "watch_list",
            f"{ADA},{BEN},x@example.com",
            "Ada Lindqvist, Ben Achterberg, x@example.com",
        ),
        ("watch_list", "", ""),
        ("nothing_there", "", None),
    ],
)
def test_a_value_is_shown(records: Records, column: str, value: str, shown: str | None) -> None:
    row = item(records, **{column: value})
    if column == "nothing_there":
        assert Renderer(records, Style(fields=(column,))).row("sc_req_item", row) == {}
    else:
        assert cell(records, row, column) == {"display_value": shown, "value": value}


@pytest.mark.parametrize(
    ("table", "column", "shown"),
    [("incident", "hold_reason", ""), ("change_request", "review_status", "")],
)
def test_some_empty_choices_are_not_null(
    records: Records, table: str, column: str, shown: str
) -> None:
    row = stored_row({"sys_id": ITEM, "sys_class_name": table})
    told = Renderer(records, Style("true", fields=(column,))).row(table, row)
    assert told == {column: shown}


def test_a_reference_in_every_mode(records: Records) -> None:
    row, link = item(records, opened_by=ADA), {"link": f"{BASE}/sys_user/{ADA}"}
    named = {"display_value": "Ada Lindqvist"}
    assert cell(records, row, "opened_by", "false") == link | {"value": ADA}
    assert cell(records, row, "opened_by", "true") == link | named
    assert cell(records, row, "opened_by") == link | named | {"value": ADA}


def test_a_reference_without_its_link(records: Records) -> None:
    row = item(records, opened_by=ADA)
    assert cell(records, row, "opened_by", "false", links=False) == ADA
    assert cell(records, row, "opened_by", "true", links=False) == "Ada Lindqvist"
    both = {"display_value": "Ada Lindqvist", "value": ADA}
    assert cell(records, row, "opened_by", links=False) == both


def test_an_empty_reference_is_empty_in_every_mode(records: Records) -> None:
    row = item(records)
    assert [cell(records, row, "opened_by", mode) for mode in ("false", "true")] == ["", ""]
    assert cell(records, row, "opened_by") == {"display_value": "", "value": ""}


def test_a_dangling_reference_keeps_its_value_and_a_link(records: Records) -> None:
    row, link = item(records, opened_by="no value"), f"{BASE}/sys_user/no value"
    told = {"display_value": "", "value": "no value", "link": link}
    assert cell(records, row, "opened_by") == told
    assert cell(records, row, "opened_by", "false") == {"link": link, "value": "no value"}


def test_a_link_follows_the_dictionary_not_the_value(records: Records) -> None:
    told = cell(records, item(records, sys_domain="global"), "sys_domain", "false")
    assert told == {"link": f"{BASE}/sys_user_group/global", "value": "global"}


def test_an_amount_has_three_keys(records: Records) -> None:
    row = item(records, price="699.99")
    told = {"display_value": "$699.99", "currency_display_value": "USD;699.99", "value": "699.99"}
    assert cell(records, row, "price") == told
    assert [cell(records, row, "price", mode) for mode in ("false", "true")] == [
        "699.99",
        "$699.99",
    ]
    usual = Switches(currencies_have_three_keys=False)
    two = {"display_value": "$699.99", "value": "699.99"}
    assert cell(records, row, "price", switches=usual) == two


def test_a_dotted_key_stays_flat_and_shows_the_far_column(records: Records) -> None:
    row = item(records, opened_by=ADA)
    fields = ("opened_by.name", "opened_by.manager", "opened_by.sys_mod_count", "assigned_to.name")
    told = Renderer(records, Style("true", fields=fields)).row("sc_req_item", row)
    assert told == {
        "opened_by.name": "Ada Lindqvist",
        "opened_by.manager": "",
        "opened_by.sys_mod_count": "",
        "assigned_to.name": "",
    }


def test_the_journal_of_a_far_row_is_its_own(records: Records) -> None:
    order = records.insert("sc_request", {"comments": "of the order"}, "ada")
    row = item(records, request=order["sys_id"])
    assert "of the order" in str(cell(records, row, "request.comments", "true"))
    assert cell(records, row, "comments", "true") == ""


def test_a_journal_is_told_in_the_readers_zone(records: Records) -> None:
    order = records.insert("sc_request", {"comments": "first"}, "ada")
    records.update("sc_request", order["sys_id"], {"work_notes": "second"}, "nobody")
    style = Style("true", fields=("comments_and_work_notes", "comments", "work_notes"))
    told = Renderer(records, style).row("sc_request", order)
    first = "2026-03-02 00:15:30 - Ada Lindqvist (Additional comments)\nfirst\n\n"
    second = "2026-03-02 00:15:30 - nobody (Work notes)\nsecond\n\n"
    assert (told["comments"], told["work_notes"]) == (first, second)
    assert told["comments_and_work_notes"] == second + first


def test_a_variable_of_an_item_can_be_asked_for(records: Records) -> None:
    row = item(records)
    question = records.insert("item_option_new", {"name": "role"}, "system")
    option = {"item_option_new": question["sys_id"], "value": "Finance"}
    kept = records.insert("sc_item_option", option, "system")
    owned = {"request_item": ITEM, "sc_item_option": kept["sys_id"]}
    records.insert("sc_item_option_mtom", owned, "system")
    assert cell(records, row, "variables.role", "false") == "Finance"
    assert cell(records, row, "variables.role") == {"display_value": "Finance", "value": "Finance"}
    assert cell(records, row, "variables.other", "false") == ""


def test_a_password_is_masked(records: Records) -> None:
    told = Renderer(records, Style("all", fields=("user_password",))).row("sys_user", {})
    assert told == {"user_password": {"display_value": "********", "value": ""}}


def test_an_approvals_document_is_named_and_linked(records: Records) -> None:
    item(records)
    row = stored_row({"sys_id": "d" * 32, "source_table": "sc_req_item", "document_id": ITEM})
    style = Style("all", base_url=BASE, fields=("document_id", "source_table"))
    assert Renderer(records, style).row("sysapproval_approver", row) == {
        "document_id": {
            "display_value": "Requested Item: RITM0010001",
            "value": ITEM,
            "link": f"{BASE}/sc_req_item/{ITEM}",
        },
        "source_table": {"display_value": "Requested Item", "value": "sc_req_item"},
    }


def test_what_may_not_be_seen_is_absent(records: Records) -> None:
    style = Style(fields=("state", "active"), may_see=lambda _, column: column != "state")
    assert Renderer(records, style).row("sc_req_item", item(records)) == {"active": ""}


def test_a_parent_tables_list_has_only_its_own_columns(records: Records) -> None:
    told = Renderer(records, Style()).row("task", item(records, quantity="3"))
    assert told["sys_class_name"] == "sc_req_item"
    assert "quantity" not in told


def test_a_viewer_has_the_zone_and_the_formats_of_the_record(records: Records) -> None:
    formats = {
        "time_zone": "Europe/Amsterdam",
        "date_format": "dd-MM-yyyy",
        "time_format": "hh:mm a",
    }
    records.load("sys_user", [stored_row({"sys_id": ITEM} | formats)])
    viewer = viewer_of(records, ITEM)
    assert viewer.moment("2026-07-02 21:15:30") == "02-07-2026 11:15 PM"
    assert viewer.day("2026-07-02") == "02-07-2026"
    assert viewer_of(records, ADA) == instance_viewer()


def test_values_are_typed_only_where_the_switch_is_off(records: Records) -> None:
    row = item(records, reassignment_count="3", active="true")
    usual = Style(fields=("reassignment_count", "active", "order"))
    odd = Style(fields=usual.fields, switches=Switches(values_are_strings=False))
    assert list(Renderer(records, usual).row("sc_req_item", row).values()) == ["3", "true", ""]
    assert list(Renderer(records, odd).row("sc_req_item", row).values()) == [3, True, ""]
