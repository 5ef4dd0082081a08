"""What is kept, lost and refused of what callers write."""

from __future__ import annotations

import re
from typing import Any

from tests.sandbox.servicenow.desks import Desk
from tests.sandbox.servicenow.proofs import Proof

ADMIN = "6816f79cc0a8016401c5a33be04be441"
SYS_ID = "0123456789abcdef0123456789abcdef"


def inserted(desk: Desk, table: str, /, **values: object) -> dict[str, Any]:
    """The row that an administrator adds."""
    answer = desk.as_("admin").post(table, **values)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()["result"]
    return made


def bare(value: object) -> object:
    """A reference's value without its link."""
    return value["value"] if isinstance(value, dict) else value


def unknown_names_are_dropped(desk: Desk) -> None:
    """A key that is no column is lost, and the rest is written."""
    made = inserted(desk, "incident", bunk_field="x", short_description="y")
    assert ("bunk_field" in made, made["short_description"]) == (False, "y")


def references_take_anything(desk: Desk) -> None:
    """Nobody looks whether what a reference names is there."""
    made = inserted(desk, "incident", caller_id="no value")
    assert bare(made["caller_id"]) == "no value"


def references_hold_32_characters(desk: Desk) -> None:
    """The rest is cut off."""
    made = inserted(desk, "incident", caller_id="a" * 40)
    assert bare(made["caller_id"]) == "a" * 32


def objects_become_text(desk: Desk) -> None:
    """Who sends back what was read stores the braces of it."""
    made = inserted(desk, "incident", assigned_to={"link": "x", "value": ADMIN})
    assert bare(made["assigned_to"]) == f"{{link=x, value={ADMIN}"[:32]


def wrong_choices_are_dropped(desk: Desk) -> None:
    """A choice that does not exist leaves the column as it was."""
    made = inserted(desk, "incident", urgency="2", state="99")
    assert (made["urgency"], made["state"]) == ("2", "1")


def passwords_are_not_written(desk: Desk) -> None:
    """The column stays as it was."""
    made = inserted(desk, "sys_user", user_name="newcomer", user_password="secret")
    assert made["user_password"] == ""


def the_platform_keeps_its_columns(desk: Desk) -> None:
    """Neither the time nor the author of a change can be given."""
    made = inserted(desk, "incident", sys_created_by="somebody", sys_updated_on="2001-01-01")
    assert made["sys_created_by"] == "admin"
    assert not made["sys_updated_on"].startswith("2001")


def inserts_bring_their_id(desk: Desk) -> None:
    """The record has the id that its insert names, letter for letter."""
    assert inserted(desk, "incident", sys_id=SYS_ID.upper())["sys_id"] == SYS_ID.upper()
    assert desk.as_("admin").table(f"incident/{SYS_ID.upper()}").status_code == 200


def labels_may_be_written(desk: Desk) -> None:
    """With `sysparm_input_display_value` labels and names stand for values."""
    answer = desk.as_("admin").http.post(
        f"{desk.url}/api/now/table/incident?sysparm_input_display_value=true",
        json={"urgency": "1 - High", "assigned_to": "System Administrator"},
    )
    made = answer.json()["result"]
    assert (made["urgency"], bare(made["assigned_to"])) == ("1", ADMIN)


def changes_are_counted(desk: Desk) -> None:
    """Each real change adds one."""
    made = inserted(desk, "incident")
    changed = desk.as_("admin").patch("incident", made["sys_id"], short_description="new")
    assert (made["sys_mod_count"], changed.json()["result"]["sys_mod_count"]) == ("0", "1")


def writing_the_same_is_no_change(desk: Desk) -> None:
    """A PATCH with the values that are there leaves the count alone."""
    made = inserted(desk, "incident", short_description="same")
    again = desk.as_("admin").patch("incident", made["sys_id"], short_description="same")
    assert again.json()["result"]["sys_mod_count"] == "0"


def times_have_whole_seconds(desk: Desk) -> None:
    """So two changes may have the same time."""
    made = inserted(desk, "incident")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", made["sys_updated_on"])


def records_are_numbered(desk: Desk) -> None:
    """The answer to the insert has the number; the next one is one higher."""
    first, second = (inserted(desk, "incident")["number"] for _ in range(2))
    assert re.fullmatch(r"INC\d{7}", first)
    assert int(second[3:]) > int(first[3:])


def deleting_takes_along_what_hangs_on(desk: Desk) -> None:
    """Journal entries and files of a deleted record are gone."""
    admin, made = desk.as_("admin"), inserted(desk, "incident", work_notes="gone soon")
    name = {"table_name": "incident", "table_sys_id": made["sys_id"], "file_name": "a.txt"}
    inserted(desk, "sys_attachment", **name)
    admin.http.delete(f"{desk.url}/api/now/table/incident/{made['sys_id']}")
    assert admin.rows("sys_journal_field", f"element_id={made['sys_id']}") == []
    assert admin.rows("sys_attachment", f"table_sys_id={made['sys_id']}") == []


def policies_demand_fields(desk: Desk) -> None:
    """What a data policy makes mandatory may not be empty; the refusal names labels."""
    policy = inserted(
        desk, "sys_data_policy2", model_table="incident", conditions="urgency=1^EQ", active=True
    )
    rule = {"sys_data_policy": policy["sys_id"], "mandatory": "true"}
    inserted(desk, "sys_data_policy_rule", field="short_description", **rule)
    refused = desk.as_("admin").post("incident", urgency="1")
    assert refused.status_code == 403
    assert refused.json()["error"] == {
        "message": "Operation Failed",
        "detail": "Data Policy Exception: The following fields are mandatory: Short description",
    }


def rules_abort(desk: Desk) -> None:
    """A business rule whose filter fits refuses the write, and the answer names it."""
    values = {"name": "no eicar", "collection": "problem", "when": "before", "abort_action": True}
    rule = inserted(
        desk,
        "sys_script",
        action_insert=True,
        filter_condition="short_descriptionLIKEEICAR^ORdescriptionLIKEEICAR^EQ",
        **values,
    )
    inserted(desk, "problem", short_description="harmless")
    refused = desk.as_("admin").post("problem", description="an EICAR file")
    assert refused.status_code == 403
    assert refused.json()["error"]["detail"] == (
        "Operation against file 'problem' was aborted by Business Rule "
        f"'no eicar^{rule['sys_id']}'. Business Rule Stack:no eicar"
    )


def closing_is_stamped(desk: Desk) -> None:
    """A closed problem is inactive, and says since when and by whom."""
    made = inserted(desk, "problem")
    values = {"state": "107", "resolution_code": "canceled"}
    closed = desk.as_("admin").patch("problem", made["sys_id"], **values).json()["result"]
    assert (closed["active"], bare(closed["closed_by"])) == ("false", ADMIN)
    assert closed["closed_at"]


PROOFS: dict[str, Proof] = {
    "unknown-keys-dropped": unknown_names_are_dropped,
    "references-unchecked": references_take_anything,
    "references-cut": references_hold_32_characters,
    "objects-stringified": objects_become_text,
    "invalid-choices-dropped": wrong_choices_are_dropped,
    "password-writes-dropped": passwords_are_not_written,
    "system-columns-kept": the_platform_keeps_its_columns,
    "callers-sys-id-taken": inserts_bring_their_id,
    "display-input-taken": labels_may_be_written,
    "writes-counted": changes_are_counted,
    "unchanged-writes-leave-no-trace": writing_the_same_is_no_change,
    "whole-second-times": times_have_whole_seconds,
    "numbers-assigned": records_are_numbered,
    "deletes-cascade": deleting_takes_along_what_hangs_on,
    "data-policies-enforced": policies_demand_fields,
    "business-rules-abort": rules_abort,
    "states-stamped": closing_is_stamped,
}
