"""What changes in OIM reaches the broker's pages: spoken to over HTTP, as it is in life."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from broker.connectors.registry import iga_products
from broker.domain.visibility import Viewer
from broker.ports.iga import Iga
from broker.store import people, requests
from broker.store.requests import RequestRow
from broker.store.views import approvals
from broker.store.views.request_page import request_page
from broker.sync import engine, wanted
from sandbox.oim.rules import Rule
from sandbox.oim.workflow import Workflow
from sandbox.world import World, build_world
from tests.sandbox.oim.sites import Api, Site, served
from tests.sandbox.oim.sites import wanted as entry_for
from tests.use_cases.conftest import House, house_on
from tests.use_cases.fakes import FakeClock, FakeDesk


def connector(url: str) -> Iga:
    """As installed, but what it has read of names is asked for again at once."""
    product = iga_products()["oim"]
    given = {"url": url, "console_url": url, "username": "broker", "password": "broker"}
    return product.build("oim", product.settings(**given, names_kept_seconds=0))


@dataclass
class Pair:
    """The broker and an OIM; what is asked of OIM here comes from people."""

    house: House
    site: Site
    apis: dict[str, Api] = field(default_factory=dict)

    def as_(self, login: str) -> Api:
        if login not in self.apis:
            self.apis[login] = self.site.as_(login)
        return self.apis[login]

    def key(self, login: str) -> str:
        return self.as_("broker").user(login)

    def ask(self, login: str, role: str = "14") -> str:
        """Ada asks for a role for this person; the request's id, once it waits or has gone on."""
        made = self.as_("ada").order(entry_for(self.key(login), role))
        request_id = str(made["id"])
        self.site.state.clock.forward(60)
        self.as_("broker").status(request_id)
        return request_id

    def interval(self) -> None:
        """Half an hour later."""
        self.house.clock.forward(minutes=30)
        engine.sync_changes(self.house.broker)

    def sign_in(self, login: str) -> None:
        """At the desk, some minutes later; whatever follows is done."""
        self.house.clock.forward(minutes=5)
        wanted.refresh_person(self.house.broker, self.viewer(login).person_id or "")
        self.house.work()

    def viewer(self, login: str) -> Viewer:
        with self.house.broker.sessions() as session:
            (row,) = people.find(session, "oim", "login", login)
            return Viewer(row.id, row.key, row.login, iga="oim")

    def pending(self, login: str) -> set[str]:
        """Which requests wait for this person's decision, by the page of approvals."""
        viewer = self.viewer(login)
        with self.house.broker.sessions() as session:
            return {each.request.request_id for each in approvals.pending(session, viewer)}

    def row(self, request_id: str) -> RequestRow:
        with self.house.broker.sessions() as session:
            found = requests.by_request_id(session, "oim", request_id)
            assert found is not None
            return found

    def act(self, login: str, request_id: str, action: str, **more: object) -> None:
        body = {"id": request_id, "action": action, **more}
        answer = self.as_(login).call("PUT", f"/requests/{request_id}", json=body)
        assert answer.status_code == 200, answer.text


@pytest.fixture(scope="session")
def world() -> World:
    """Without a past: what is asked for here is all there is."""
    return replace(build_world(requests=0), history=())


@pytest.fixture
def pair(world: World, database_url: str) -> Iterator[Pair]:
    with served(world) as site:
        iga = connector(site.url)
        with house_on(database_url, iga, FakeDesk(), FakeClock()) as house:  # type: ignore[arg-type]  # not a fake one
            made = Pair(house, site)
            engine.sync_people(house.broker)
            yield made
        for api in made.apis.values():
            api.http.close()


def rule(pair: Pair, *stages: str) -> None:
    """From now on, ada's requests are decided so."""
    pair.site.state.rules.insert(0, Rule(stages, requester="ADA"))


def test_a_change_in_the_list_is_known_after_the_next_run(pair: Pair) -> None:
    rule(pair, "manager")
    request_id = pair.ask("ada")
    pair.interval()
    assert (pair.pending("ben"), pair.pending("eve")) == ({request_id}, set())
    pair.act("ben", request_id, "REJECT", actionComment="not now")
    pair.interval()
    row = pair.row(request_id)
    assert (row.is_open, pair.pending("ben")) == (False, set())
    assert "not now" in row.tasks[0].comment


def test_another_approver_is_known_within_one_interval(pair: Pair) -> None:
    rule(pair, "manager")
    request_id = pair.ask("ada")
    pair.interval()
    pair.act("ben", request_id, "REASSIGN", assignees=["EVE"])
    assert pair.as_("broker").status(request_id) == pair.row(request_id).raw_status
    pair.interval()
    assert (pair.pending("ben"), pair.pending("eve")) == (set(), {request_id})


def test_another_approver_sees_it_at_their_sign_in(pair: Pair) -> None:
    rule(pair, "manager")
    request_id = pair.ask("ada")
    pair.interval()
    pair.act("ben", request_id, "REASSIGN", assignees=["EVE"])
    pair.sign_in("eve")
    assert pair.pending("eve") == {request_id}


@pytest.mark.parametrize("seen_by", ["the timer", "ada", "ben"])
def test_a_comment_is_known_within_one_interval_and_at_a_sign_in(pair: Pair, seen_by: str) -> None:
    rule(pair, "manager")
    request_id = pair.ask("ada")
    pair.interval()
    oim, raw_status = pair.site.state, pair.row(request_id).raw_status
    ben, request = oim.by_login["BEN"], oim.requests[request_id]
    Workflow(oim).comment(ben, request, "which month?")
    assert pair.as_("broker").status(request_id) == raw_status
    if seen_by == "the timer":
        pair.interval()
    else:
        pair.sign_in(seen_by)
    (task,) = pair.row(request_id).tasks
    assert "which month?" in task.comment


def test_the_stand_in_sees_what_waits_and_eve_does_not(pair: Pair) -> None:
    rule(pair, "manager")
    request_id = pair.ask("ada")
    pair.sign_in("finn")
    assert [pair.pending(who) for who in ("ben", "finn", "eve", "ada")] == [
        {request_id}, {request_id}, set(), set(),
    ]  # fmt: skip
    pair.act("finn", request_id, "APPROVE")
    pair.sign_in("finn")
    assert (pair.pending("finn"), pair.pending("ben")) == (set(), set())


def test_the_members_of_a_role_see_its_tasks_until_one_claims_it(pair: Pair) -> None:
    rule(pair, "role:IT SECURITY")
    request_id = pair.ask("ada")
    pair.sign_in("cho")
    members = [pair.site.world.people[key] for key in pair.site.world.queues["IT SECURITY"]]
    others = [str(person.iga_login) for person in members if person.iga_login and person.iga_active]
    assert len(others) > 1
    for login in others:
        assert pair.pending(login) == {request_id}
    assert (pair.pending("ben"), pair.pending("eve")) == (set(), set())
    pair.act("cho", request_id, "CLAIM")
    pair.sign_in("cho")
    assert pair.pending("cho") == {request_id}
    others.remove(next(login for login in others if login.lower() == "cho"))
    assert [pair.pending(login) for login in others] == [set()] * len(others)


def test_a_request_for_two_people_leads_to_its_parts(pair: Pair) -> None:
    rule(pair, "manager")
    entry = entry_for(pair.key("ada"))
    entry["reqBeneficiaryList"] = [{"id": pair.key(login)} for login in ("ada", "eve")]
    whole = str(pair.as_("ada").order(entry)["id"])
    pair.site.state.clock.forward(60)
    pair.interval()
    for _ in range(3):  # children may come after the parent's approval
        for each in pair.row(whole).waiting:
            pair.act(each.assignee, whole, "APPROVE")
        pair.site.state.clock.forward(60)
        pair.interval()
    with pair.house.broker.sessions() as session:
        page = request_page(session, pair.viewer("ada"), pair.row(whole).id)
    assert page is not None
    assert len(page.children) == 2
    with pair.house.broker.sessions() as session:
        part = request_page(session, pair.viewer("ada"), page.children[0].id)
    assert part is not None
    assert [line.request_id for line in part.parents] == [whole]


def test_an_idle_run_asks_for_pages_and_details_and_nobody(pair: Pair) -> None:
    rule(pair, "manager")
    for _ in range(3):
        pair.ask("ada")
    pair.interval()
    asked: list[str] = []
    pair.site.server.app.before_request_funcs.setdefault(None, []).append(
        lambda: asked.append(_path())
    )
    pair.interval()
    details = [path for path in asked if path.startswith("/requests/")]
    assert len(details) == 3
    assert {path for path in asked if path not in details} == {"/requests"}


def _path() -> str:
    from flask import request

    return request.path.partition("/api/v1")[2]


def test_a_new_name_of_a_thing_is_known_on_the_next_day(pair: Pair) -> None:
    rule(pair, "manager")
    request_id = pair.ask("ada")
    pair.interval()
    item = pair.site.state.items["role", "14"]
    pair.site.state.items["role", "14"] = replace(item, display_name="Called Otherwise")
    pair.interval()
    before = [each.name for each in pair.row(request_id).items]
    pair.house.clock.forward(days=1)
    pair.interval()
    assert before == [item.display_name]
    assert [each.name for each in pair.row(request_id).items] == ["Called Otherwise"]
