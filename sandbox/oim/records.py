"""What this OIM keeps in memory: users, requests with their tasks, and what people hold."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from sandbox.fault_plan import FaultPlan
from sandbox.oim.archive import Requests
from sandbox.oim.attachments import Attachments
from sandbox.oim.clock import Agenda, Clock
from sandbox.oim.delays import Delays
from sandbox.oim.organizations import Organizations
from sandbox.oim.provisioning_tasks import Provisioning
from sandbox.oim.proxies import Proxies
from sandbox.oim.query import Grammar
from sandbox.oim.rows import (
    FINAL,
    QUEUE,
    Holding,
    Pairs,
    Place,
    Remedy,
    Request,
    Target,
    Task,
    User,
)
from sandbox.oim.rules import DEFAULT, Rule
from sandbox.oim.switches import Switches
from sandbox.oim.tokens import Tokens
from sandbox.oim.waits import Waits
from sandbox.world import IT_SECURITY, World, WorldItem, WorldPerson, WorldRequest, WorldTask
from sandbox.world.holdings import Ledger

__all__ = ["QUEUE", "Delays", "Holding", "Oim", "Request", "Target", "Task", "User"]
ADMINISTRATOR_KEY, BROKER_KEY = "1", "2"


class Oim:
    """The whole state of one installation. `lock` guards it; `version` grows with each change."""

    def __init__(self, world: World, delays: Delays) -> None:
        self.world = world
        self.delays = delays
        self.clock = Clock()
        self.tokens = Tokens(self.clock)
        self.lock = threading.RLock()
        self.version = 0
        self.switches = Switches()
        self.faults: set[str] = set()
        self.plan: FaultPlan | None = None
        self.happened: Counter[str] = Counter()
        self.waits = Waits()
        self.ledger: list[str] = []
        self.attachments = Attachments()
        self.callers_ids: dict[tuple[str, str], str] = {}
        self.users = _users(world)
        self.by_login = {user.login.upper(): user for user in self.users.values()}
        self.keys_by = _keys_by(self.users.values())
        self.items = {(i.kind, i.key): i for i in world.items.values()}
        self._role_places = {i.name.upper(): (i.kind, i.key) for i in self.items.values()
                             if i.kind == "role"}  # fmt: skip
        self.organizations = Organizations(person.department for person in world.people.values())
        self.provisioning = Provisioning(world.items.values())
        self.requests = Requests(world.items.values())
        self.agenda = Agenda()
        self.rules: list[Rule] = list(DEFAULT)
        self.sod: Pairs = {}
        self.hidden: set[Place] = set()
        self.sod_reviewers = f"{QUEUE}{IT_SECURITY}"
        self.holdings: dict[str, dict[tuple[str, str], Holding]] = {}
        self.kept_queries: dict[tuple[str, str], tuple[int, list[int]]] = {}
        self.remedies: dict[str, Remedy] = {}
        self._reports: dict[str | None, dict[str, None]] = {}
        for user in self.users.values():
            self._reports.setdefault(user.manager_key, {})[user.key] = None
        keys = {user.person.key: user.key for user in self.users.values() if user.person}
        self.proxies = Proxies(world, keys)
        self._last_holding = 1200
        _Import(self, world).run()
        self._last_id = max(self.requests.numbers(), default=1000)

    @property
    def profile(self) -> str:
        """Which generation of the product this is: `12c` or `11g`."""
        return "12c" if self.switches.profile_12c else "11g"

    @property
    def grammar(self) -> Grammar:
        """How filters are read."""
        told = self.switches
        return Grammar(told.colons_are_spaces, told.case_ignored, told.unsearchable_refused)

    def next_id(self) -> str:
        """A request id, larger than all before."""
        self._last_id += 1
        return str(self._last_id)

    def hold(self, user: str, item: WorldItem, since: datetime, request_id: str | None) -> None:
        """Give the access; who has it already keeps what they have."""
        held = self.holdings.setdefault(user, {})
        if (item.kind, item.key) not in held:
            self._last_holding += 1
            held[item.kind, item.key] = Holding(str(self._last_holding), item, since, request_id)

    def requestable(self, item: WorldItem) -> bool:
        """Whether the catalogue offers it."""
        return (item.kind, item.key) not in self.hidden

    def user_of(self, key: str) -> User | None:
        """The OIM user of a person of the world, if there is one."""
        person = self.world.people.get(key)
        return self.users.get(person.usr_key or "") if person else None

    def members(self, role: str) -> set[str]:
        """The usr_keys behind a role's name: of one that only approves, or of the catalogue's (in
        any case). Administrators are those of the product, and act for names that nobody has.
        """
        place = self._role_places.get(role.upper())
        if place is not None and role not in self.world.queues:
            return {key for key, held in self.holdings.items() if place in held}
        listed = self.world.queues.get(role, ())
        named = {user.key for key in listed if (user := self.user_of(key))}
        return named or {user.key for user in self.users.values() if user.admin}

    def is_member(self, user: User, role: str) -> bool:
        """Whether the user is one of them."""
        place = self._role_places.get(role.upper())
        if place is not None and role not in self.world.queues:
            return place in self.holdings.get(user.key, {})
        return user.key in self.members(role)

    def stands_in_for(self, user: User) -> set[str]:
        """The usr_keys of those whose proxy this user is, and the user's own."""
        return self.proxies.bosses(user.key, self.clock.now()) | {user.key}

    def reports(self, user: User) -> list[User]:
        """Who reports to this user."""
        return [self.users[key] for key in self._reports.get(user.key, ())]

    def put_user(self, user: User) -> None:
        """Take over a known user with other values."""
        with self.lock:
            before = self.users[user.key]
            self.users[user.key] = user
            del self.by_login[before.login.upper()]
            self.by_login[user.login.upper()] = user
            del self._reports[before.manager_key][user.key]
            self._reports.setdefault(user.manager_key, {})[user.key] = None
            for name, found in _keys_by([user]).items():
                for value, keys in found.items():
                    self.keys_by.setdefault(name, {}).setdefault(value, []).extend(keys)
            self.version += 1

    def acts_for(self, user: User) -> set[str]:
        """Assignees whose tasks this user may act on: people and queues."""
        queues = {f"{QUEUE}{name}" for name in self.world.queues if user.key in self.members(name)}
        return self.stands_in_for(user) | queues

    def may_act(self, user: User, task: Task) -> bool:
        """Whether the task is in this user's inbox: own, as a proxy, of a queue of theirs, or
        sent to them for information.
        """
        if task.asked is not None:
            return self._is_for(user, task.asked)
        if task.acquired_by is not None:
            return task.acquired_by == user.key
        return any(self._is_for(user, name) for name in task.assignees)

    def _is_for(self, user: User, assignee: str) -> bool:
        if assignee.startswith(QUEUE):
            return self.is_member(user, assignee.removeprefix(QUEUE))
        return assignee == user.key or assignee in self.stands_in_for(user)

    def may_see(self, user: User, request: Request) -> bool:
        """Own, of a direct report, or one to decide on; an administrator sees all."""
        concerned = (request.requester, *request.beneficiaries)
        if self.sees_all(user) or user.key in concerned:
            return True
        reports = any(self.users[key].manager_key == user.key for key in concerned)
        return (reports and self.switches.reports_seen) or self.is_approver(user, request)

    def sees_all(self, user: User) -> bool:
        """Whether everybody's requests are shown to this user."""
        return user.admin and self.switches.administrators_see_all

    def is_approver(self, user: User, request: Request) -> bool:
        """Whether the user decides, or decided, on this request."""
        return any(self._concerns(user, task) for task in request.tasks)

    def _concerns(self, user: User, task: Task) -> bool:
        if task.decided_by == user.key or self.may_act(user, task):
            return True
        return any(self._is_for(user, name) for name in task.assignees)


def _users(world: World) -> dict[str, User]:
    service = (
        User(ADMINISTRATOR_KEY, "XELSYSADM", "System Administrator", "", active=True, admin=True),
        User(BROKER_KEY, "BROKER", "Request Broker", "broker", active=True, admin=True),
    )
    people = (_user(world, person) for person in world.people.values() if person.usr_key)
    return {user.key: user for user in (*service, *people)}


def _user(world: World, person: WorldPerson) -> User:
    boss = world.people.get(person.manager or "")
    return User(
        key=person.usr_key or "",
        login=person.iga_login or "",
        display_name=person.display_name,
        password=person.password,
        active=person.iga_active,
        manager_key=boss.usr_key if boss else None,
        person=person,
    )


def _keys_by(users: Iterable[User]) -> dict[str, dict[str, list[str]]]:
    """By attribute and its value, both in lower case: the keys of those who have it."""
    found: dict[str, dict[str, list[str]]] = {}
    for user in users:
        person = user.person
        values = {"user login": user.login, "usr_key": user.key}
        if person is not None:
            values |= {"email": person.email, "employee number": person.employee_number}
        for name, value in values.items():
            found.setdefault(name, {}).setdefault(value.lower(), []).append(user.key)
    return found


class _Import:
    """Takes over what happened before this installation was started."""

    def __init__(self, oim: Oim, world: World) -> None:
        self._oim, self._world = oim, world

    def run(self) -> None:
        ledger = Ledger(self._world)
        for past in self._world.history:
            request = self._request(past)
            self._oim.requests.keep(request, final=past.status in FINAL and not request.open_tasks)
            ledger.take(past)
        for held in ledger.holdings():
            item = self._world.items[held.kind, held.name]
            self._oim.hold(self._key(held.person), item, held.since, held.request_id)

    def _key(self, person: str) -> str:
        return self._world.people[person].usr_key or ADMINISTRATOR_KEY

    def _request(self, past: WorldRequest) -> Request:
        return Request(
            id=past.request_id,
            type=past.request_type,
            status=past.status,
            requester=self._key(past.requester),
            beneficiaries=(self._key(past.beneficiary),),
            targets=tuple(
                Target(self._world.items[name], None, str(past.ends_on) if past.ends_on else None)
                for name in past.items
            ),
            created_at=past.created_at,
            modified_at=past.modified_at,
            justification=past.justification,
            parent=past.parent,
            children=list(past.children),
            tasks=[self._task(task) for task in past.tasks],
        )

    def _task(self, past: WorldTask) -> Task:
        queue = past.assignee.startswith(QUEUE)
        return Task(
            task_id=past.task_id,
            stage=past.stage,
            assignee=past.assignee if queue else self._key(past.assignee),
            assigned_at=past.assigned_at,
            state=past.state,
            outcome=past.outcome,
            decided_at=past.decided_at,
            decided_by=self._key(past.decided_by) if past.decided_by else None,
            comment=past.comment,
        )
