"""Which of the many things is wrong with a connection, against the sandbox's ServiceNow."""

import json
import socket
from pathlib import Path

import pytest

from broker.connectors.desk.servicenow.checking import APP_VERSION
from broker.domain.errors import Misconfigured, Unavailable
from broker.ports.desk import Desk
from tests.connectors.conftest import DeskSite, servicenow_at

ROOT = Path(__file__).resolve().parents[3]


def reason(desk: Desk) -> str:
    """What the check finds, for an operator."""
    with pytest.raises((Misconfigured, Unavailable)) as caught:
        desk.check()
    return caught.value.reason


def advice(desk: Desk) -> str:
    with pytest.raises(Misconfigured) as caught:
        desk.check()
    return caught.value.advice


def take_roles(desk: DeskSite, *kept: str) -> None:
    """The integration user keeps only these of its roles."""
    records = desk.state.records
    (user,) = records.where("sys_user", user_name="broker")
    for row in records.where("sys_user_has_role", user=user["sys_id"]):
        role = records.find("sys_user_role", row["role"])
        if role is None or role["name"] not in kept:
            records.delete("sys_user_has_role", row["sys_id"], "admin")


def test_a_good_connection_says_so(desk: DeskSite) -> None:
    desk.approved("finance_reporting")
    assert desk.desk.check().says == "servicenow answers, and broker is signed in."


def test_nobody_listens_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
        assert reason(servicenow_at(address)) == "cannot be reached"


def test_a_page_instead_of_data(desk: DeskSite) -> None:
    desk.state.faults.add("hibernating")
    assert reason(desk.desk) == "answered with a page instead of data"


def test_a_wrong_password(desk: DeskSite) -> None:
    found = reason(desk.connect(password="wrong", client_id=""))
    assert found.startswith("answered 401")
    assert found.endswith("it does not take the user broker with this secret")


def test_signed_in_and_blind(desk: DeskSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk.state.access, "may_read", lambda *_: False)
    assert reason(desk.desk) == (
        "answers, but hides the integration user broker: rights are missing"
    )


def test_a_table_that_is_not_shown(desk: DeskSite) -> None:
    desk.approved("finance_reporting")
    take_roles(desk)
    found = reason(desk.desk)
    assert found.startswith("shows broker nothing of ")
    assert "sc_req_item" in found
    assert "give the user broker the roles" in advice(desk.desk)


def test_a_column_that_is_missing(desk: DeskSite) -> None:
    desk.approved("finance_reporting")
    found = reason(desk.connect(correlation_id_field="u_iga_request"))
    assert found == "shows broker no column sc_req_item.u_iga_request: rights are missing"


def test_a_table_that_may_not_be_changed(desk: DeskSite) -> None:
    desk.approved("finance_reporting")
    take_roles(desk, "sn_request_read", "x_rqbrk_access.broker")
    found = reason(desk.desk)
    assert found.startswith("does not let broker change sc_req_item, sc_task")


def test_asking_whether_it_may_change_something_changes_nothing(desk: DeskSite) -> None:
    desk.approved("finance_reporting")
    before = {row["sys_id"]: row for row in desk.state.records.all("task")}
    written = len(desk.state.ledger)
    desk.desk.check()
    assert {row["sys_id"]: row for row in desk.state.records.all("task")} == before
    assert [e.table for e in desk.state.ledger[written:] if e.table.startswith("sc_")] == []


def test_an_instance_without_our_app(desk: DeskSite) -> None:
    other = desk.connect(scope="x_other")
    assert reason(other).startswith("has no application x_other (answered 400 (Requested URI")
    assert advice(other) == "install the broker's app there"


def test_an_app_of_another_version(desk: DeskSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("broker.connectors.desk.servicenow.checking.APP_VERSION", "2.0.0")
    assert reason(desk.desk) == f"has version {APP_VERSION} of the application x_rqbrk_access"
    assert advice(desk.desk) == "this broker was made with version 2.0.0: install that one there"


def test_the_version_we_ask_for_is_the_one_we_ship() -> None:
    shipped = json.loads((ROOT / "servicenow" / "sys_app.json").read_text(encoding="utf-8"))
    assert shipped["version"] == APP_VERSION
