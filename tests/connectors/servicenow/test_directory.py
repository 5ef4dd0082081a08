"""Users, signing in and paging, against the sandbox's ServiceNow."""

import pytest
from pydantic import ValidationError

from broker.domain.errors import Misconfigured, Unavailable
from sandbox.servicenow.accounts import Account
from sandbox.servicenow.records import Row
from tests.connectors.conftest import DeskSite


def test_an_account_is_found_by_id_and_by_name(desk: DeskSite) -> None:
    ada = desk.world.people["ada"]
    by_id, by_name = desk.desk.account(ada.sys_id), desk.desk.account_named("Ada")
    assert by_id == by_name
    assert by_id is not None
    assert (by_id.system, by_id.login, by_id.email) == ("servicenow", "ada", ada.email)
    assert (by_id.display_name, by_id.employee_number) == (ada.display_name, ada.employee_number)


@pytest.mark.parametrize(
    "login", ["nobody", "", "ada^ORuser_name=ben", "javascript:gs.getUserID()"]
)
def test_a_name_nobody_has_is_none(desk: DeskSite, login: str) -> None:
    assert desk.desk.account_named(login) is None


@pytest.mark.parametrize("key", ["", "ada", "f" * 32, "x^active=true"])
def test_an_id_nobody_has_is_none(desk: DeskSite, key: str) -> None:
    assert desk.desk.account(key) is None


def test_everybody_is_listed_once_whatever_the_page_size(desk: DeskSite) -> None:
    wanted = sorted(row["sys_id"] for row in desk.state.records.all("sys_user"))
    for page_size in (1000, 7, len(wanted)):
        accounts = list(desk.connect(page_size=page_size).accounts())
        assert sorted(account.key for account in accounts) == wanted


def test_only_the_users_of_one_company_are_people_where_one_is_named(desk: DeskSite) -> None:
    ours = {row["sys_id"] for row in desk.state.records.all("sys_user") if row["employee_number"]}
    listed = list(desk.connect(people_company="Marlow & Hythe LOGISTICS").accounts())
    assert ours <= {account.key for account in listed}
    assert {"admin", "broker", "employee"}.isdisjoint(account.login for account in listed)


def test_a_company_whose_name_is_syntax_is_refused_at_the_start(desk: DeskSite) -> None:
    with pytest.raises(ValidationError):
        desk.connect(people_company="Ours^ORactive=true")


def test_pages_that_hide_rows_do_not_end_the_list(
    desk: DeskSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = sorted(row["sys_id"] for row in desk.state.records.all("sys_user"))
    hidden = set(ids[3:12])
    monkeypatch.setattr(
        desk.state.access, "may_read", lambda _who, _table, row: row["sys_id"] not in hidden
    )
    seen = [account.key for account in desk.connect(page_size=3).accounts()]
    assert seen == [key for key in ids if key not in hidden]


def test_inactive_people_are_listed_as_such(desk: DeskSite) -> None:
    lena = desk.desk.account_named("lena")
    assert lena is not None
    assert not lena.active


@pytest.mark.parametrize(
    "settings",
    [{}, {"client_id": ""}, {"grant": "client_credentials", "password": ""}],
)
def test_every_way_of_signing_in_works(desk: DeskSite, settings: dict[str, str]) -> None:
    assert desk.connect(**settings).check().says == "servicenow answers, and broker is signed in."


@pytest.mark.parametrize("settings", [{"password": "wrong"}, {"client_secret": "wrong"}])
def test_wrong_credentials_are_for_the_operator(desk: DeskSite, settings: dict[str, str]) -> None:
    with pytest.raises(Misconfigured, match="the OAuth client broker with the user broker"):
        desk.connect(**settings).check()


def test_an_account_that_sees_nothing_is_told_from_one_that_works(
    desk: DeskSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk.state.access, "may_read", lambda *_: False)
    with pytest.raises(Misconfigured, match="hides the integration user broker"):
        desk.desk.check()


def test_a_table_of_which_the_account_sees_nothing_is_named(
    desk: DeskSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_read = desk.state.access.may_read
    desk.order("standard_laptop")

    def some(account: Account, table: str, row: Row) -> bool:
        return table != "sc_req_item" and may_read(account, table, row)

    monkeypatch.setattr(desk.state.access, "may_read", some)
    with pytest.raises(Misconfigured, match="shows broker nothing of sc_req_item: rights"):
        desk.desk.check()


def test_an_instance_without_our_app_does_not_pass_the_check(desk: DeskSite) -> None:
    with pytest.raises(Misconfigured, match="has no application x_other"):
        desk.connect(scope="x_other").check()


def test_a_check_tells_the_time_of_the_instance(desk: DeskSite) -> None:
    ahead = desk.desk.check().clock_ahead
    assert ahead is not None
    assert abs(ahead.total_seconds()) < 60


@pytest.mark.parametrize(
    "fault", ["down", "hibernating", "busy", "session-overflow", "drop-before"]
)
def test_an_instance_in_trouble_is_unavailable(desk: DeskSite, fault: str) -> None:
    desk.state.faults.add(fault)
    with pytest.raises(Unavailable):
        desk.desk.account_named("ada")


def test_a_token_that_was_revoked_is_renewed(desk: DeskSite) -> None:
    assert desk.desk.account_named("ada")
    desk.state.tokens.revoke_all()
    assert desk.desk.account_named("ada")
