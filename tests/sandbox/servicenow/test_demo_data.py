"""What a fresh developer instance holds, as generic clients expect it, asked for over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.servicenow import create_app
from sandbox.servicenow.instance import ServiceNow
from sandbox.world import World, build_world
from tests.sandbox.servicenow.desks import Client, Desk, served

ADMIN = "6816f79cc0a8016401c5a33be04be441"
ADMIN_ROLE = "2831a114c611228501d4ea6c309d626d"
FINANCE = "a581ab703710200044e0bfc8bcbe5de8"
HEAD_OF_FINANCE = "46c5bf6ca9fe1981010713e3ac7d3384"
CATALOG = "e0d08b13c3330100c8b837659bba8fb4"


@pytest.fixture(scope="module")
def instance(world: World) -> Iterator[Desk]:
    """One instance for all of these: they only read."""
    with served(world) as made:
        yield made


@pytest.fixture(scope="module")
def admin(instance: Desk) -> Client:
    return instance.as_("admin")


def count(admin: Client, table: str, query: str = "") -> int:
    answer = admin.table(table, query=query, limit="1", fields="sys_id")
    assert answer.status_code == 200, answer.text
    return int(answer.headers["X-Total-Count"])


def shown(admin: Client, path: str, fields: str = "") -> dict[str, Any]:
    answer = admin.table(path, fields=fields, display_value="all", exclude_reference_link="true")
    found: dict[str, Any] = answer.json()["result"]
    return found


def test_the_administrator_is_who_clients_expect(admin: Client) -> None:
    fields = "user_name,name,email,active,department,department.name,department.dept_head.email"
    me = shown(admin, f"sys_user/{ADMIN}", fields)
    assert {name: cell["value"] for name, cell in me.items()} == {
        "user_name": "admin",
        "name": "System Administrator",
        "email": "admin@example.com",
        "active": "true",
        "department": FINANCE,
        "department.name": "Finance",
        "department.dept_head.email": "natasha.ingram@example.com",
    }


def test_a_password_is_eight_stars(admin: Client) -> None:
    me = shown(admin, f"sys_user/{ADMIN}", "user_password")
    assert me["user_password"]["display_value"] == "********"


def test_passwords_of_programs_are_stars_too(admin: Client) -> None:
    answer = admin.table(
        "oauth_entity", query="client_id=broker", fields="client_secret", display_value="true"
    )
    (secret,) = admin.rows("sys_properties", "name=x_rqbrk_access.orders_secret", "value,type")
    assert answer.json()["result"] == [{"client_secret": "********"}]
    assert secret == {"value": "********", "type": "password2"}


@pytest.mark.parametrize(
    ("table", "least", "most"),
    [
        ("sys_user", 500, 1500), ("sys_user_group", 40, 80), ("sys_user_role", 60, 200),
        ("sys_user_grmember", 150, 600), ("incident", 61, 200), ("problem", 20, 100),
        ("problem_task", 10, 100), ("change_request", 50, 200), ("change_task", 100, 400),
        ("cmdb_ci", 200, 800), ("cmdb_rel_ci", 50, 500), ("alm_asset", 200, 800),
        ("kb_knowledge", 10, 100), ("syslog", 601, 5000), ("sys_metadata", 501, 20000),
        ("sys_db_object", 150, 2000), ("sys_dictionary", 1000, 20000), ("sys_choice", 200, 5000),
        ("sys_properties", 30, 500), ("sys_number", 10, 100), ("sc_cat_item", 40, 200),
        ("sys_journal_field", 100, 2000), ("sys_script", 5, 100), ("sysauto_script", 5, 100),
        ("cmn_location", 20, 100), ("core_company", 10, 50),
    ],
)  # fmt: skip
def test_there_is_as_much_of_everything_as_demo_data_has(
    admin: Client, table: str, least: int, most: int
) -> None:
    assert least <= count(admin, table) <= most


def test_people_have_a_name_and_hardly_ever_a_mobile_telephone(admin: Client) -> None:
    assert count(admin, "sys_user", "nameISEMPTY") == 0
    assert 0 < count(admin, "sys_user", "mobile_phoneISNOTEMPTY") < 20


def test_the_first_user_in_the_order_of_ids_is_active(admin: Client) -> None:
    first = admin.table("sys_user", query="ORDERBYsys_id", limit="1", fields="active").json()
    assert first["result"] == [{"active": "true"}]


def test_no_two_users_share_a_name_for_signing_in_or_an_address(instance: Desk) -> None:
    users = instance.state.records.all("sys_user")
    names = [row["user_name"].casefold() for row in users]
    odd = {"infodesk@example.com"}  # two of our people share it on purpose
    mails = [row["email"].casefold() for row in users if row["email"] not in {"", *odd}]
    assert len(names) == len(set(names))
    assert len(mails) == len(set(mails))
    assert all(mail.endswith("@example.com") for mail in mails)


def test_nobody_of_the_demo_data_is_called_like_one_of_five_thousand_of_our_people(
    instance: Desk,
) -> None:
    people = build_world(people=5000, requests=0).people.values()
    ours = {person.sys_id for person in instance.world.people.values()}
    stock = [row for row in instance.state.records.all("sys_user") if row["sys_id"] not in ours]
    assert {person.display_name for person in people}.isdisjoint(row["name"] for row in stock)
    assert {person.email for person in people}.isdisjoint(row["email"] for row in stock)
    assert {p.desk_user_name for p in people}.isdisjoint(row["user_name"] for row in stock)


def test_a_dozen_people_are_administrators(admin: Client) -> None:
    query = f"JOINsys_user.sys_id=sys_user_has_role.user!role={ADMIN_ROLE}"
    assert 10 < count(admin, "sys_user", query) < 25


def test_a_few_groups_have_an_administrators_role(admin: Client) -> None:
    query = "RLQUERYsys_group_has_role.group,>0,m2m^role.nameLIKEadmin^ENDRLQUERY"
    assert 2 < count(admin, "sys_user_group", query) < 8


def test_people_manage_groups(admin: Client) -> None:
    assert count(admin, "sys_user", "JOINsys_user.sys_id=sys_user_group.manager!active=true") > 1


def test_members_of_a_group_have_its_roles(admin: Client) -> None:
    role, member = "group.name=Service Desk", "user,granted_by"
    members = admin.rows("sys_user_grmember", role, "user")
    having = admin.rows("sys_user_has_role", "role.name=itil^granted_by.name=Service Desk", member)
    assert {row["user"] for row in members} == {row["user"] for row in having} != set()


@pytest.mark.parametrize(
    "name", ["Network", "software", "Hardware", "Help Desk", "Openspace", "Problem Solving",
             "LDAP Admins", "IT Securities", "IT Securities CAB", "IT Finance CAB",
             "Network CAB Managers", "Service Desk"],
)  # fmt: skip
def test_groups_that_clients_name_are_there(admin: Client, name: str) -> None:
    assert count(admin, "sys_user_group", f"name={name}") == 1


@pytest.mark.parametrize(
    "user_name", ["employee", "itil", "problem.admin", "problem.manager", "abraham.lincoln"]
)
def test_accounts_that_clients_name_are_there(admin: Client, user_name: str) -> None:
    assert count(admin, "sys_user", f"user_name={user_name}^active=true") == 1


def test_the_broker_has_the_roles_of_an_integration_user(admin: Client) -> None:
    rows = admin.rows("sys_user_has_role", "user.user_name=broker", "role.name")
    assert {row["role.name"] for row in rows} == {
        "sn_request_write", "sn_request_read", "snc_platform_rest_api_access",
    }  # fmt: skip


def test_incidents_stand_in_every_state_and_carry_labels(admin: Client) -> None:
    answer = admin.table("incident", fields="state,number,priority", display_value="all")
    rows = answer.json()["result"]
    assert {row["state"]["display_value"] for row in rows} == {
        "New", "In Progress", "On Hold", "Resolved", "Closed", "Canceled",
    }  # fmt: skip
    assert {row["number"]["value"] for row in rows} >= {"INC0000001", "INC0000060"}


def test_the_oldest_incidents_have_empty_counters(admin: Client) -> None:
    assert 0 < count(admin, "incident", "reopen_countISEMPTY") < count(admin, "incident")


def test_what_is_closed_is_not_active(admin: Client) -> None:
    for table, closed in (("incident", "7,8"), ("problem", "107"), ("change_request", "3,4")):
        assert count(admin, table, f"stateIN{closed}^active=true") == 0
        assert count(admin, table, f"stateNOT IN{closed}^active=false") == 0


def test_every_reference_of_a_demo_task_leads_somewhere(instance: Desk) -> None:
    records = instance.state.records
    for table in ("incident", "problem", "change_request", "change_task", "problem_task"):
        columns = [c for c in records.schema.table(table).columns.values() if c.reference]
        for row in records.all(table):
            for column in columns:
                value = row[column.name]
                if value and column.kind == "reference" and value != "global":
                    assert records.find(column.reference, value), (table, column.name, value)


def test_a_standard_change_has_its_template(admin: Client) -> None:
    name = "name=Clear BGP sessions on a Cisco router - 1"
    (version,) = admin.rows("std_change_producer_version", name, "std_change_producer.template")
    assert "Resend the complete BGP table" in version["std_change_producer.template"]


def test_configuration_items_are_of_their_own_classes(admin: Client) -> None:
    rows = admin.rows("cmdb_ci", "", "sys_class_name")
    assert {row["sys_class_name"] for row in rows} >= {
        "cmdb_ci_computer", "cmdb_ci_linux_server", "cmdb_ci_win_server", "cmdb_ci_service",
    }  # fmt: skip
    assert count(admin, "cmdb_rel_type", "name=Cools::Cooled By") == 1


def test_the_stock_catalogue_stands_beside_the_companys(admin: Client) -> None:
    assert shown(admin, f"sc_catalog/{CATALOG}")["title"]["value"] == "Service Catalog"
    for name in ("New Email Account", "iPad"):
        assert count(admin, "sc_cat_item", f"nameLIKE{name}^sc_catalogsLIKE{CATALOG}") > 0
    (item,) = admin.rows("sc_cat_item", "name=Business cards", "category.title,category.sc_catalog")
    assert item["category.title"] == "Office"
    assert item["category.sc_catalog"] != CATALOG


def test_no_item_is_called_like_one_of_the_companys(instance: Desk) -> None:
    names = [row["name"].casefold() for row in instance.state.records.all("sc_cat_item")]
    assert len(names) == len(set(names))


def test_the_portal_shows_the_companys_catalogue_only(instance: Desk) -> None:
    ada = instance.as_("ada").http
    ada.post(f"{instance.url}/login.do", data={"user_name": "ada", "user_password": "demo"})
    page = ada.get(f"{instance.url}/sp?id=sc_home&search=mail").text
    assert "New shared mailbox" in page
    assert "New Email Account" not in page


def test_the_time_zone_is_not_utc(admin: Client) -> None:
    (zone,) = admin.rows("sys_properties", "name=glide.sys.default.tz", "value")
    me = shown(admin, f"sys_user/{ADMIN}", "sys_created_on")["sys_created_on"]
    assert zone["value"] == "America/Los_Angeles"
    assert me["value"] != me["display_value"]


def test_the_demo_data_is_the_same_in_every_instance(instance: Desk, world: World) -> None:
    app = create_app(world)
    other: ServiceNow = app.extensions["servicenow"]
    for table in ("sys_user_group", "incident", "cmdb_ci", "sys_user_has_role"):
        mine = {row["sys_id"]: row for row in instance.state.records.all(table)}
        assert {row["sys_id"]: row for row in other.records.all(table)} == mine
    head = other.records.find("sys_user", HEAD_OF_FINANCE)
    assert head is instance.state.records.find("sys_user", HEAD_OF_FINANCE)
    other.close()


def test_a_property_is_read_and_written_as_a_row(desk: Desk) -> None:
    admin, name = desk.as_("admin"), "glide.invalid_query.returns_no_rows"
    (row,) = admin.rows("sys_properties", f"name={name}", "sys_id,value")
    assert row["value"] == "false"
    assert admin.patch("sys_properties", row["sys_id"], value="true").status_code == 200
    assert desk.state.properties[name] == "true"
    assert admin.rows("sys_user", "nonsense=1") == []


def test_a_property_that_is_deleted_is_gone(desk: Desk) -> None:
    admin = desk.as_("admin")
    made = admin.post("sys_properties", name="our.own", value="7").json()["result"]["sys_id"]
    assert desk.state.properties["our.own"] == "7"
    admin.http.delete(f"{desk.url}/api/now/table/sys_properties/{made}")
    assert "our.own" not in desk.state.properties
