"""The steps a request takes by itself: checked, asked about, approved, carried out, ended.

Steps lie on the installation's agenda and are taken once they are due by its clock. Administering
guide, "Managing Workflows": a request for several items or people becomes a parent, approved as a
whole, whose children are made only then and each run their own rule. That an SoD violation sends a
request to one stage of approval more is our own reading; so are the words between the documented
ones.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from sandbox.oim import workflow_route as route
from sandbox.oim.provisioning import carry_out
from sandbox.oim.provisioning_tasks import DONE, TAKING, WAITING
from sandbox.oim.records import Oim, Request, Target, Task
from sandbox.oim.rows import EXPIRED, FINAL
from sandbox.oim.rows import WITHDRAWN as TASK_WITHDRAWN
from sandbox.oim.sod import concerned, violated
from sandbox.oim.workflow_pace import Pace
from sandbox.oim.workflow_words import (
    AWAITING_CHILDREN,
    AWAITING_DATE,
    AWAITING_DEPENDENT,
    CLOSED,
    COMPLETED,
    CREATED,
    FAILED,
    INITIATED,
    PENDING,
    SOD_CHECKED,
    SOD_NOT_INITIATED,
    SOD_PENDING,
    Words,
    spoken,
)
from sandbox.world.writer import request_type

# How long what takes, of the provisioning time: to pass on from a word, and to carry out.
_WORD, _CARRYING_OUT = 1 / 6, 2 / 3


class Life:
    """Takes the steps of the requests of one installation."""

    def __init__(self, oim: Oim) -> None:
        self._oim, self.pace = oim, Pace(oim)
        self._steps: dict[str, Callable[[Request, datetime], None]] = {
            "begin": self._begin,
            "check": self._check,
            "screen": self._screen,
            "enter": self._enter,
            "ask": self._ask_next,
            "initiate": self._initiate,
            "start": self._start,
            "execute": self._execute,
            "complete": self._complete,
            "expire": self._expire,
            "lapse": self._lapse,
        }

    @property
    def words(self) -> Words:
        """Those of this installation's generation."""
        return spoken(self._oim.profile)

    def make(
        self,
        requester: str,
        beneficiaries: tuple[str, ...],
        targets: tuple[Target, ...],
        justification: str,
        operation: str,
    ) -> Request:
        """A request as it was asked for, that nobody knows of yet."""
        at = self._oim.clock.now()
        kinds = tuple((target.item.kind, target.item.name) for target in targets)
        return Request(
            id="", type=operation or request_type(kinds), status=CREATED, requester=requester,
            beneficiaries=beneficiaries, targets=targets, created_at=at, modified_at=at,
            justification=justification, effective_at=self._effective(targets, at),
        )  # fmt: skip

    def _effective(self, targets: tuple[Target, ...], at: datetime) -> datetime | None:
        if len(targets) != 1 or not self._oim.switches.future_dates_waited_for:
            return None
        starts = targets[0].starts_at
        return starts if starts and starts > at else None

    def raise_(self, request: Request, parent: Request | None = None) -> None:
        """Give it an id and set it going."""
        request.id = self._oim.next_id()
        if parent is not None:
            request.parent = parent.id
            parent.children.append(request.id)
        self._oim.requests[request.id] = request
        self.pace.touch(request, request.created_at)
        self.pace.later(request, "begin", request.created_at, self._oim.delays.start)

    def advance(self, by: datetime) -> None:
        """Take every step that is due by then."""
        for request, at in self.pace.due(by):
            self.step(request, at)

    def step(self, request: Request, at: datetime) -> None:
        """The next one, which is due at `at`."""
        if request.passing:
            self.pace.say(request, request.passing, request.then, at, _WORD)
        else:
            self._steps[request.then](request, at)

    def _begin(self, request: Request, at: datetime) -> None:
        if not request.bulk and concerned(self._oim, request):
            self.pace.move(request, SOD_NOT_INITIATED, at)
            self.pace.later(request, "check", at, self._oim.delays.start)
        else:
            self._enter(request, at)

    def _check(self, request: Request, at: datetime) -> None:
        self.pace.move(request, SOD_PENDING, at)
        self.pace.later(request, "screen", at, self._oim.delays.start)

    def _screen(self, request: Request, at: datetime) -> None:
        request.violation = violated(self._oim, request)
        self.pace.move(request, SOD_CHECKED, at)
        self.pace.later(request, "enter", at, self._oim.delays.start)

    def _enter(self, request: Request, at: datetime) -> None:
        case = route.case_of(self._oim, request)
        stages = route.resolved(self._oim, case, route.chosen(self._oim, case))
        if request.violation:
            stages = (*stages, (self._oim.sod_reviewers,))
        request.stages = stages
        if stages:
            self.ask(request, 0, at)
        else:
            words = self.words.unasked(child=bool(request.parent), bulk=request.bulk)
            self.pace.say(request, words, "initiate", at, _WORD)

    def level(self, request: Request, stage: int) -> int:
        """At which level of approval a stage of this request is, stages counted from 0."""
        return self.words.level(stage, child=bool(request.parent), bulk=request.bulk)

    def ask(self, request: Request, stage: int, at: datetime) -> None:
        """Give everybody of that stage, counted from 0, a task."""
        for assignee in self.stages(request)[stage]:
            self.add_task(request, stage + 1, assignee, at)
        self.pace.move(request, self.words.asking[self.level(request, stage)], at)
        self.pace.watch(request)

    def add_task(self, request: Request, stage: int, assignee: str, at: datetime) -> None:
        """Ask one more at that stage, counted from 1."""
        expires = self._oim.delays.expiry(at)
        request.tasks.append(Task(str(uuid4()), stage, assignee, at, expires_at=expires))

    def _lapse(self, request: Request, at: datetime) -> None:
        """Nobody decided in time: it ends as if somebody had refused, by our own reading."""
        ended = request.expires_at
        if ended is None or ended > at:
            self.pace.watch(request)
            return
        for task in request.open_tasks:
            if task.expires_at == ended:
                task.state, task.decided_at = EXPIRED, at
        self.refused(request, at)

    def _ask_next(self, request: Request, at: datetime) -> None:
        self.ask(request, request.tasks[-1].stage, at)

    def stages(self, request: Request) -> route.Stages:
        """Everybody who has to agree, in turn."""
        if request.stages is None:
            request.stages = route.usual_route(self._oim, route.case_of(self._oim, request))
        return request.stages

    def agreed(self, request: Request, at: datetime) -> None:
        """A task was approved, or left out: on to the next stage once its stage is through."""
        if request.open_tasks:
            self.pace.touch(request, at)
            return
        done = request.tasks[-1].stage
        level = self.level(request, done - 1)
        if done >= len(self.stages(request)):
            words = self.words.granted(level, bulk=request.bulk)
            self.pace.say(request, words, "initiate", at, _WORD)
        elif self.level(request, done) != level:
            self.pace.say(request, (self.words.approved[level],), "ask", at, _WORD)
        else:
            self.ask(request, done, at)

    def refused(self, request: Request, at: datetime) -> None:
        """A task was rejected."""
        level = self.level(request, request.tasks[-1].stage - 1)
        self.end(request, self.words.rejected[level], at)

    def _initiate(self, request: Request, at: datetime) -> None:
        if request.bulk:
            self.split(request, at)
        elif request.effective_at is not None and request.effective_at > at:
            self.pace.move(request, AWAITING_DATE, at)
            self.pace.later(request, "start", at, (request.effective_at - at).total_seconds())
        else:
            self._start(request, at)

    def split(self, request: Request, at: datetime) -> None:
        """Make the children of a parent, unless they are there."""
        pairs = itertools.product(request.beneficiaries, request.targets)
        for key, target in () if request.children else pairs:
            operation = request.type if request.type in TAKING else ""
            why = request.justification if self._oim.switches.children_repeat_justification else ""
            own = replace(target, form=dict(target.form))
            child = self.make(request.requester, (key,), (own,), why, operation)
            child.created_at = child.modified_at = at
            self.raise_(child, request)
        self.pace.move(request, AWAITING_CHILDREN, at)

    def _start(self, request: Request, at: datetime) -> None:
        if any(sibling.status not in FINAL for sibling in self._depends_on(request)):
            self.pace.move(request, AWAITING_DEPENDENT, at)
            return
        account = bool(request.targets) and request.targets[0].item.kind == "account"
        self.pace.move(request, self.words.manual if account else INITIATED, at)
        self.pace.later(request, "execute", at, self._oim.delays.provisioning * _CARRYING_OUT)

    def _depends_on(self, request: Request) -> Iterator[Request]:
        """The accounts, of the same parent, without which an entitlement cannot be given."""
        parent = self._oim.requests.get(request.parent or "")
        item = request.targets[0].item if request.targets else None
        if parent is None or item is None or item.kind != "entitlement":
            return
        account = ("account", self._oim.provisioning.application(item))
        for sibling in (self._oim.requests[child] for child in parent.children):
            wanted = sibling.targets[0].item
            same_person = sibling.beneficiaries == request.beneficiaries
            if same_person and (wanted.kind, wanted.key) == account:
                yield sibling

    def _execute(self, request: Request, at: datetime) -> None:
        outcome = carry_out(self._oim, request, at)
        if outcome == WAITING:
            self.pace.move(request, PENDING, at)
        else:
            self.executed(request, outcome.reason if outcome != DONE else "", at)

    def executed(self, request: Request, failure: str, at: datetime) -> None:
        """It was carried out, or could not be, for the reason given."""
        request.failure = failure
        if failure:
            self.end(request, FAILED, at)
        elif self.words.done:
            self.pace.say(request, self.words.done, "complete", at, _WORD)
        else:
            self._complete(request, at)

    def _complete(self, request: Request, at: datetime) -> None:
        self.end(request, COMPLETED, at)
        ends = request.targets[0].ends_at if len(request.targets) == 1 else None
        if ends is not None and ends > at and request.type not in TAKING:
            self.pace.later(request, "expire", at, (ends - at).total_seconds())

    def _expire(self, request: Request, _: datetime) -> None:
        """The day is over until which it was asked for; the request stays as it ended."""
        request.next_at = None
        place = (request.targets[0].item.kind, request.targets[0].item.key)
        for key in request.beneficiaries:
            held = self._oim.holdings.get(key, {})
            if place in held and held[place].request_id == request.id:
                del held[place]
        self._oim.version += 1

    def end(self, request: Request, status: str, at: datetime) -> None:
        """Nothing happens to it any more; what is still asked need not be answered."""
        for task in request.open_tasks:
            task.state, task.decided_at = TASK_WITHDRAWN, at
        self.pace.move(request, status, at)
        if request.parent is not None:
            self._child_ended(self._oim.requests[request.parent], at)

    def _child_ended(self, parent: Request, at: datetime) -> None:
        children = [self._oim.requests[child] for child in parent.children]
        for child in children:
            if child.status == AWAITING_DEPENDENT:
                self._start(child, at)
        ends = {child.status for child in children}
        if ends <= FINAL and parent.status == AWAITING_CHILDREN:
            self.end(parent, self._end_of(ends), at)

    def _end_of(self, ends: set[str]) -> str:
        """Of a parent: what all its children ended with; closed, if some were and none was
        completed.
        """
        if len(ends) == 1:
            return next(iter(ends))
        closed = CLOSED in ends and COMPLETED not in ends
        return CLOSED if closed else self.words.mixed_ends
