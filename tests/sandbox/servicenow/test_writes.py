"""Writing to an instance over the Table API: what is filled in, what is lost, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.servicenow.desks import Client, Desk

ADMIN = "6816f79cc0a8016401c5a33be04be441"
DISPLAY = {"sysparm_input_display_value": "true", "sysparm_exclude_reference_link": "true"}


@pytest.fixture
def admin(desk: Desk) -> Client:
    return desk.as_("admin")


def made(client: Client, table: str, /, **values: object) -> dict[str, Any]:
    """The answer to an insert, references as plain values."""
    bare = {"sysparm_exclude_reference_link": "true"}
    answer = client.http.post(f"{client.url}/api/now/table/{table}", json=values, params=bare)
    assert answer.status_code == 201, answer.text
    row: dict[str, Any] = answer.json()["result"]
    return row


def changed(client: Client, table: str, row: dict[str, Any], /, **values: object) -> dict[str, Any]:
    """The answer to a change, references as plain values."""
    url = f"{client.url}/api/now/table/{table}/{row['sys_id']}"
    bare = {"sysparm_exclude_reference_link": "true"}
    answer = client.http.patch(url, json=values, params=bare)
    assert answer.status_code == 200, answer.text
    after: dict[str, Any] = answer.json()["result"]
    return after


def test_an_empty_insert_is_201_with_the_defaults_of_the_table(admin: Client) -> None:
    row = made(admin, "incident")
    expected = {
        "state": "1",
        "incident_state": "1",
        "impact": "3",
        "urgency": "3",
        "priority": "5",
        "severity": "3",
        "category": "inquiry",
        "notify": "1",
        "escalation": "0",
        "approval": "not requested",
        "upon_approval": "proceed",
        "upon_reject": "cancel",
        "made_sla": "true",
        "knowledge": "false",
        "contact_type": "",
        "reopen_count": "0",
        "active": "true",
        "opened_by": ADMIN,
        "sys_mod_count": "0",
        "sys_class_name": "incident",
    }
    assert expected.items() <= row.items()
    assert row["number"].startswith("INC")
    assert row["task_effective_number"] == row["number"]
    assert row["opened_at"] == row["sys_created_on"] == row["sys_updated_on"]


def test_numbers_follow_the_instances_own_table(admin: Client) -> None:
    (rule,) = admin.rows("sys_number", "prefix=PRB")
    admin.patch("sys_number", rule["sys_id"], prefix="TRBL", maximum_digits="5")
    assert made(admin, "problem")["number"].startswith("TRBL")
    assert len(made(admin, "problem")["number"]) == len("TRBL") + 5


def test_a_number_that_the_caller_brings_is_kept(admin: Client) -> None:
    assert made(admin, "incident", number="INC7")["number"] == "INC7"


def test_the_two_states_of_an_incident_agree(admin: Client) -> None:
    row = made(admin, "incident", incident_state="2")
    assert (row["state"], row["incident_state"]) == ("2", "2")
    row = changed(admin, "incident", row, state="3")
    assert (row["state"], row["incident_state"]) == ("3", "3")


def test_resolving_closing_and_reopening_are_stamped(admin: Client) -> None:
    words = {"close_code": "Resolved by caller", "close_notes": "done"}
    row = changed(admin, "incident", made(admin, "incident"), state="6", **words)
    assert (row["resolved_by"], bool(row["resolved_at"]), row["active"]) == (ADMIN, True, "true")
    row = changed(admin, "incident", row, state="7")
    assert (row["closed_by"], bool(row["closed_at"]), row["active"]) == (ADMIN, True, "false")
    row = changed(admin, "incident", row, state="2")
    assert (row["active"], row["closed_at"], row["resolved_at"]) == ("true", "", "")
    assert row["reopen_count"] == "1"


def test_a_closed_change_and_a_closed_plain_task_are_inactive(admin: Client) -> None:
    words = {"close_code": "successful", "close_notes": "done"}
    change = changed(admin, "change_request", made(admin, "change_request"), state="3", **words)
    task = changed(admin, "task", made(admin, "task"), state="4")
    assert [row["active"] for row in (change, task)] == ["false", "false"]


@pytest.mark.parametrize(
    ("impact", "urgency", "priority"), [("1", "1", "1"), ("1", "3", "3"), ("2", "3", "4")]
)
def test_impact_and_urgency_give_the_priority(
    admin: Client, impact: str, urgency: str, priority: str
) -> None:
    row = made(admin, "incident", impact=impact, urgency=urgency)
    assert row["priority"] == priority
    assert changed(admin, "incident", row, impact="3", urgency="3")["priority"] == "5"


def test_a_resolution_without_its_notes_is_refused_by_their_labels(admin: Client) -> None:
    row = made(admin, "incident")
    refused = admin.patch("incident", row["sys_id"], state="6", close_code="nonsense")
    assert refused.status_code == 403
    assert refused.json()["error"] == {
        "message": "Operation Failed",
        "detail": "Data Policy Exception: The following fields are mandatory: "
        "Close code, Close notes",
    }
    assert admin.rows("incident", f"sys_id={row['sys_id']}", "state") == [{"state": "1"}]


def test_a_rule_of_the_parent_table_holds_for_what_extends_it(admin: Client) -> None:
    rule = made(
        admin,
        "sys_script",
        name="keep them",
        collection="task",
        when="before",
        action_delete=True,
        advanced=True,
        script="(function () { current.setAbortAction(true); }());",
    )
    row = made(admin, "incident")
    kept = admin.http.delete(f"{admin.url}/api/now/table/incident/{row['sys_id']}")
    assert kept.status_code == 403
    assert f"'keep them^{rule['sys_id']}'" in kept.json()["error"]["detail"]
    changed(admin, "sys_script", rule, active=False)
    gone = admin.http.delete(f"{admin.url}/api/now/table/incident/{row['sys_id']}")
    assert gone.status_code == 204


def test_a_rule_may_set_values_before_a_record_is_kept(admin: Client) -> None:
    made(
        admin,
        "sys_script",
        name="urgent",
        collection="incident",
        when="before",
        action_insert=True,
        filter_condition="short_descriptionLIKEfire^EQ",
        template="urgency=1^category=hardware^EQ",
    )
    row = made(admin, "incident", short_description="There is a fire")
    assert (row["urgency"], row["category"], row["sys_mod_count"]) == ("1", "hardware", "0")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("due_date", "tomorrow"),
        ("due_date", "2026-03-02T08:15:30Z"),
        ("order", "many"),
        ("priority", "9"),
        ("sys_mod_count", "7"),
        ("sys_updated_by", "somebody"),
        ("nonsense", "x"),
    ],
)
def test_what_a_column_cannot_take_is_lost_without_a_word(
    admin: Client, column: str, value: str
) -> None:
    row = made(admin, "incident", short_description="kept", **{column: value})
    assert row["short_description"] == "kept"
    assert row.get(column) != value


@pytest.mark.parametrize(
    ("column", "value", "stored"),
    [
        ("due_date", "2026-03-02 08:15:30", "2026-03-02 08:15:30"),
        ("due_date", "2026-03-02", "2026-03-02 00:00:00"),
        ("active", "TRUE", "true"),
        ("active", 1, "true"),
        ("active", None, "false"),
        ("order", 12, "12"),
        ("order", "12.9", "12"),
        ("description", ["a", 1], '["a", 1]'),
        ("description", {"a": {"b": True}}, "{a={b=true}}"),
        ("business_duration", "1 02:03:04", "1970-01-02 02:03:04"),
    ],
)
def test_what_a_column_takes_it_keeps_in_its_own_form(
    admin: Client, column: str, value: object, stored: str
) -> None:
    assert made(admin, "incident", **{column: value})[column] == stored


def test_the_property_lets_choices_in_that_do_not_exist(desk: Desk, admin: Client) -> None:
    desk.state.properties["glide.rest.choice.allow_non_existing_value"] = "true"
    assert made(admin, "incident", category="weather")["category"] == "weather"


def test_a_choice_that_was_added_may_be_written(admin: Client) -> None:
    choice = {"name": "task", "element": "category", "value": "weather", "label": "The weather"}
    made(admin, "sys_choice", **choice | {"name": "incident"})
    assert made(admin, "incident", category="weather")["category"] == "weather"
    assert made(admin, "incident", category="The weather")["category"] == "The weather"


def test_an_empty_text_clears_a_column(admin: Client) -> None:
    row = made(admin, "incident", assigned_to=ADMIN, description="x")
    row = changed(admin, "incident", row, assigned_to="", description="")
    assert (row["assigned_to"], row["description"]) == ("", "")


@pytest.mark.parametrize(
    ("column", "shown", "stored"),
    [
        ("state", "In Progress", "2"),
        ("category", "hardware", "hardware"),
        ("assigned_to", "System Administrator", ADMIN),
        ("assigned_to", ADMIN, ADMIN),
        ("assigned_to", "Nobody At All", ""),
        ("watch_list", f"System Administrator,{ADMIN}", f"{ADMIN},{ADMIN}"),
        ("due_date", "2026-01-02 08:00:00", "2026-01-02 16:00:00"),
        ("due_date", "2026-07-02 08:00:00", "2026-07-02 15:00:00"),
        ("order", "1,234", "1234"),
    ],
)
def test_display_values_are_read_as_the_caller_sees_them(
    admin: Client, column: str, shown: str, stored: str
) -> None:
    url = f"{admin.url}/api/now/table/incident"
    answer = admin.http.post(url, json={column: shown}, params=DISPLAY)
    assert answer.json()["result"][column] == stored


def test_display_times_follow_the_callers_own_zone_and_format(admin: Client) -> None:
    settings = {"time_zone": "Europe/Berlin", "date_format": "dd.MM.yyyy", "time_format": "HH:mm"}
    admin.patch("sys_user", ADMIN, **settings)
    url = f"{admin.url}/api/now/table/incident"
    answer = admin.http.post(url, json={"due_date": "02.07.2026 08:30"}, params=DISPLAY)
    assert answer.json()["result"]["due_date"] == "2026-07-02 06:30:00"


def test_journals_are_appended_in_the_same_write(admin: Client) -> None:
    row = made(admin, "incident", work_notes="one", comments="two")
    assert (row["work_notes"], row["comments"], row["sys_mod_count"]) == ("", "", "0")
    row = changed(admin, "incident", row, work_notes="three")
    assert (row["work_notes"], row["sys_mod_count"]) == ("", "1")
    entries = admin.rows("sys_journal_field", f"element_id={row['sys_id']}", "element,value")
    assert sorted(entry["value"] for entry in entries) == ["one", "three", "two"]


def test_a_name_follows_from_its_parts_unless_it_is_given(admin: Client) -> None:
    row = made(admin, "sys_user", user_name="n.n", first_name="Nora", last_name="Nilsson")
    assert row["name"] == "Nora Nilsson"
    assert changed(admin, "sys_user", row, last_name="Berg")["name"] == "Nora Berg"
    assert changed(admin, "sys_user", row, last_name="Dahl", name="N. D.")["name"] == "N. D."


def test_a_configuration_item_may_change_its_class(admin: Client) -> None:
    row = made(admin, "cmdb_ci", name="a thing")
    row = changed(admin, "cmdb_ci", row, sys_class_name="cmdb_ci_computer", name="a computer")
    assert (row["sys_class_name"], row["name"]) == ("cmdb_ci_computer", "a computer")
    assert admin.table(f"cmdb_ci_computer/{row['sys_id']}").status_code == 200
    assert changed(admin, "cmdb_ci", row, sys_class_name="incident")["sys_class_name"] == (
        "cmdb_ci_computer"
    )


def test_an_insert_may_name_a_class_of_its_table(admin: Client) -> None:
    row = made(admin, "cmdb_ci", name="a server", sys_class_name="cmdb_ci_server")
    assert admin.table(f"cmdb_ci_server/{row['sys_id']}").status_code == 200


def test_a_standard_change_is_described_by_its_template(admin: Client) -> None:
    (version, *_) = admin.rows("std_change_producer_version", "ORDERBYname")
    key = version["sys_id"]
    row = made(admin, "change_request", type="standard", std_change_producer_version=key)
    assert row["description"]
    assert made(admin, "change_request", description="own")["description"] == "own"


def test_deleting_a_person_takes_their_roles_and_memberships(admin: Client) -> None:
    person = made(admin, "sys_user", user_name="short.stay")["sys_id"]
    made(admin, "sys_user_has_role", user=person, role="x")
    made(admin, "sys_user_grmember", user=person, group="x")
    admin.http.delete(f"{admin.url}/api/now/table/sys_user/{person}")
    assert admin.rows("sys_user_has_role", f"user={person}") == []
    assert admin.rows("sys_user_grmember", f"user={person}") == []


def test_a_script_whose_write_is_refused_goes_on_with_nothing(desk: Desk, admin: Client) -> None:
    rule = {"name": "no", "collection": "incident", "when": "before", "abort_action": True}
    made(admin, "sys_script", action_insert=True, action_update=True, **rule)
    script = "var gr = new GlideRecord('incident'); String(gr.insert());"
    assert desk.state.engine.run(script) == "null"
    assert admin.rows("incident", "short_descriptionISEMPTY^sys_created_by=system") == []
