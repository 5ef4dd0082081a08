"""Addresses in the console: documented ones, or those of the site."""

import pytest
from pydantic import ValidationError

from broker.ports.iga import Iga
from tests.connectors.oim.wire import connector

CONSOLE = "https://access.example.com"
HOME = f"{CONSOLE}/identity/faces/home?tf="


def linked(**settings: object) -> Iga:
    return connector(**{"console_url": CONSOLE, **settings})


def test_links_are_the_documented_ones_unless_the_site_says_otherwise() -> None:
    iga = linked(console_url=f"{CONSOLE}/")
    assert iga.request_link("7041") == f"{HOME}request_details&requestId=7041"
    assert iga.inbox_link() == f"{HOME}approval_details"
    assert iga.access_link() == f"{HOME}my_access_roles"


def test_a_site_may_say_where_its_pages_are() -> None:
    iga = linked(
        request_link="https://portal.example.com/r/{request_id}/view?from=broker",
        inbox_link="/portal/inbox",
        access_link="https://portal.example.com/mine",
    )
    assert iga.request_link("7041") == "https://portal.example.com/r/7041/view?from=broker"
    assert iga.inbox_link() == f"{CONSOLE}/portal/inbox"
    assert iga.access_link() == "https://portal.example.com/mine"


@pytest.mark.parametrize(
    ("request_id", "written"),
    [
        ("70/41", "70%2F41"),
        ("7041&tf=home", "7041%26tf%3Dhome"),
        ("../x?y#z", "..%2Fx%3Fy%23z"),
        ("{request_id}", "%7Brequest_id%7D"),
        ("é 1", "%C3%A9%201"),
        ("", ""),
    ],
)
def test_an_id_cannot_leave_its_place_in_the_address(request_id: str, written: str) -> None:
    assert linked().request_link(request_id) == f"{HOME}request_details&requestId={written}"


def test_braces_in_an_address_may_be_meant() -> None:
    iga = linked(request_link="/r/{{x}}/{request_id}", inbox_link="/{{x}}")
    assert iga.request_link("1") == f"{CONSOLE}/r/{{x}}/1"
    assert iga.inbox_link() == f"{CONSOLE}/{{x}}"


BROKEN = [
    ("request_link", "/identity/faces/home", "have {request_id}, once"),
    ("request_link", "/r/{request_id}/{request_id}", "have {request_id}, once"),
    ("request_link", "/r/{request_id}/{task_id}", "have {request_id}, once"),
    ("request_link", "/r/{request_id!r}", "have {request_id}, once"),
    ("request_link", "/r/{request_id:>9}", "have {request_id}, once"),
    ("request_link", "/r/{request_id", "have {request_id}, once"),
    ("request_link", "/r/{}", "have {request_id}, once"),
    ("request_link", "/r/{request_id.__class__}", "have {request_id}, once"),
    ("inbox_link", "/inbox/{request_id}", "have no placeholder"),
    ("inbox_link", "inbox", "begin with /"),
    ("inbox_link", "", "begin with /"),
    ("inbox_link", "//elsewhere.example.com/inbox", "begin with /"),
    ("access_link", "javascript:alert(1)", "begin with /"),
    ("access_link", "/my access", "leave out spaces"),
    ("access_link", "/my\naccess", "leave out spaces"),
    ("inbox_link", "/identity/faces/home?_afrLoop=1", "belongs to a session"),
    ("inbox_link", "/identity/faces/home?_adf.ctrl-state=x_3", "belongs to a session"),
    ("request_link", "/w?bpmWorklistContext=a&id={request_id}", "belongs to a session"),
    ("access_link", "/identity;JSESSIONID=a", "belongs to a session"),
]


@pytest.mark.parametrize(("name", "template", "says"), BROKEN)
def test_an_address_that_could_not_work_is_refused_as_a_setting(
    name: str, template: str, says: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        linked(**{name: template})
    (fault,) = refused.value.errors()
    assert fault["loc"] == (name,)
    assert says in fault["msg"]
