"""Who sees what, and how the rest is kept from them."""

from __future__ import annotations

from tests.sandbox.servicenow.desks import Desk
from tests.sandbox.servicenow.proofs import Proof

INSUFFICIENT = "Insufficient rights to query records"


def denial_is_an_empty_list(desk: Desk) -> None:
    """A table that is not for the caller looks empty."""
    desk.as_("admin").post("incident", short_description="not for ada")
    answer = desk.as_("ada").table("incident")
    assert (answer.status_code, answer.json()) == (200, {"result": []})


def platform_tables_say_no(desk: Desk) -> None:
    """A few tables of the platform answer 403."""
    answer = desk.as_("broker").table("sys_db_object")
    assert answer.status_code == 403
    assert answer.json()["error"]["message"] == INSUFFICIENT
    assert desk.as_("admin").table("sys_db_object").status_code == 200


def choices_have_labels_only(desk: Desk) -> None:
    """Whoever is no administrator gets the label of a choice, and nothing beside it."""
    choice = {"name": "task", "element": "state", "value": "1", "label": "Open"}
    desk.as_("admin").post("sys_choice", **choice)
    rows = desk.as_("broker").table("sys_choice", limit="1").json()["result"]
    assert [list(row) for row in rows] == [["label"]]


def people_see_no_work_notes(desk: Desk) -> None:
    """Who ordered reads the request without its internal notes."""
    key = desk.ordered("ada")["sys_id"]
    ada = desk.as_("ada").table(f"sc_req_item/{key}").json()["result"]
    broker = desk.as_("broker").table(f"sc_req_item/{key}").json()["result"]
    assert ("work_notes" in ada, "work_notes" in broker) == (False, True)


def hidden_columns_cannot_be_asked_for(desk: Desk) -> None:
    """A query by a column that the caller may not read is refused."""
    answer = desk.as_("broker").table("sys_choice", query="element=state")
    assert answer.status_code == 403
    assert answer.json()["error"] == {
        "message": INSUFFICIENT,
        "detail": "Field(s) present in the query do not have permission to be read",
    }


def the_apis_demand_no_role(desk: Desk) -> None:
    """People without any role call the Table API."""
    assert desk.as_("ada").table("sc_cat_item", limit="1").status_code == 200


def closed_tables_are_refused(desk: Desk) -> None:
    """A table without access by web services answers 403, to administrators too."""
    admin = desk.as_("admin")
    found = admin.rows("sys_db_object", "name=problem")
    if found:
        admin.patch("sys_db_object", found[0]["sys_id"], ws_access="false")
    else:
        admin.post("sys_db_object", name="problem", ws_access="false")
    answer = admin.table("problem", limit="1")
    assert answer.status_code == 403
    assert answer.json()["error"] == {
        "message": "User Not Authorized",
        "detail": "Failed API level ACL Validation",
    }


PROOFS: dict[str, Proof] = {
    "denial-is-silent": denial_is_an_empty_list,
    "platform-tables-refused": platform_tables_say_no,
    "choices-show-labels-only": choices_have_labels_only,
    "work-notes-for-fulfillers": people_see_no_work_notes,
    "hidden-columns-refused": hidden_columns_cannot_be_asked_for,
    "rest-rules-inactive": the_apis_demand_no_role,
    "ws-access-honoured": closed_tables_are_refused,
}
