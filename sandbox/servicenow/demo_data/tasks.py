"""Incidents, problems, changes with their tasks and journals, and the knowledge base."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from sandbox.servicenow.demo_data.assets import items
from sandbox.servicenow.demo_data.groups import group_id, group_names, members_of
from sandbox.servicenow.demo_data.people import DemoUser, active_people
from sandbox.servicenow.demo_data.places import HOME, user_id
from sandbox.servicenow.demo_data.words import Rows, made, moment, sections, table
from sandbox.servicenow.rows import StoredRow
from sandbox.world.model import sys_id

INCIDENTS, PROBLEMS, CHANGES = 75, 24, 66
_ADMIN = user_id("admin")
USUAL = {
    "upon_approval": "proceed", "upon_reject": "cancel", "approval": "not requested",
    "made_sla": "true", "knowledge": "false", "escalation": "0", "reassignment_count": "0",
    "sys_domain": "global", "sys_domain_path": "/",
}  # fmt: skip
_CLOSED = {"incident": "78", "problem": ("107",), "change_request": "34"}


def task_row(kind: str, number: str, opened: str, /, **values: object) -> StoredRow:
    """A row of a table that extends task; its number is its key."""
    usual: dict[str, object] = {"number": number, "task_effective_number": number}
    usual |= {"sys_class_name": kind, "opened_at": opened, **USUAL}
    return made(kind, number, opened, **(usual | values))


def task_id(kind: str, number: str) -> str:
    """The sys_id of a demo task."""
    return sys_id(kind, number)


def task_rows() -> Rows:
    """All of it."""
    yield from _incidents()
    yield from _problems()
    yield from _changes()
    yield from _articles()


def _incidents() -> Rows:
    rng = Random("demo:incidents")
    texts, people = table("tasks", 4, "incidents"), active_people()
    for number in range(1, INCIDENTS + 1):
        text, category, subcategory, kind = texts[(number - 1) % len(texts)]
        state = rng.choices("123678", (14, 16, 8, 10, 24, 3))[0]
        opened, worker = 900 - number * 11 - rng.random() * 9, rng.choice(_itil_people())
        ended = moment(max(opened - 2 - rng.random() * 6, 0.2))
        impact, urgency = rng.choice("1223333"), rng.choice("1223333")
        name = f"INC{number:07}"
        yield (
            "incident",
            task_row(
                "incident", name, moment(opened), short_description=text, description=text + ".",
                category=category, subcategory=subcategory, state=state, incident_state=state,
                impact=impact, urgency=urgency, priority=_priority(impact, urgency), severity="3",
                active=state not in _CLOSED["incident"], caller_id=rng.choice(people).sys_id,
                opened_by=_ADMIN, notify="1", company=HOME, contact_type=rng.choice(_WAYS),
                hold_reason=rng.choice("1345") if state == "3" else "",
                cmdb_ci=rng.choice(items(kind)).sys_id if kind else "",
                assignment_group=group_id(worker[0]), assigned_to=_assigned(worker, state, "1"),
                changed=moment(opened - 1.5), writer="admin", **_ending(rng, state, ended, worker),
                **_counters(number),
            ),
        )  # fmt: skip
        yield from _journal(rng, "incident", name, opened, worker[1])


_WAYS = ("phone", "email", "self-service", "walk-in", "")


def _counters(number: int) -> Mapping[str, str]:
    """The oldest rows are from before there were counters: an integer may be empty."""
    return {"child_incidents": "0", "reopen_count": "0"} if number > INCIDENTS // 3 else {}


def _priority(impact: str, urgency: str) -> int:
    return min(max(int(impact) + int(urgency) - 1, 1), 5)


def _itil_people() -> list[tuple[str, DemoUser]]:
    return [(group, user) for group in group_names("itil") for user in members_of(group)]


def _assigned(worker: tuple[str, DemoUser], state: str, new: str) -> str:
    return "" if state == new else worker[1].sys_id


def _ending(rng: Random, state: str, at: str, worker: tuple[str, DemoUser]) -> Mapping[str, object]:
    if state not in "67":
        return {"closed_at": at, "closed_by": _ADMIN} if state == "8" else {}
    code = rng.choice(("Solution provided", "Workaround provided", "Resolved by caller"))
    found = {"close_code": code, "close_notes": rng.choice(sections("tasks")["close notes"])}
    found |= {"resolved_at": at, "resolved_by": worker[1].sys_id}
    return found | ({"closed_at": at, "closed_by": worker[1].sys_id} if state == "7" else {})


def _journal(rng: Random, kind: str, number: str, opened: float, writer: DemoUser) -> Rows:
    """Some entries of both kinds, oldest first."""
    for place in range(rng.randrange(4)):
        element = rng.choice(("work_notes", "comments"))
        heading = "notes" if element == "work_notes" else "comments"
        text = rng.choice(sections("tasks")[heading])
        at = moment(max(opened - 0.3 - place * 0.4, 0.1))
        yield "sys_journal_field", journal_entry(kind, number, place, element, text, at, writer)


def journal_entry(
    kind: str, number: str, place: int, element: str, text: str, at: str, writer: DemoUser
) -> StoredRow:
    """An entry of the journal of a demo task."""
    row = made(
        "sys_journal_field", f"{number}:{place}", at, name=kind, element_id=task_id(kind, number),
        element=element, value=text, writer=writer.user_name,
    )  # fmt: skip
    return StoredRow({name: value for name, value in row.items() if name not in NOT_IN_JOURNALS})


NOT_IN_JOURNALS = frozenset({"sys_updated_on", "sys_updated_by", "sys_mod_count"})


def _problems() -> Rows:
    rng, texts = Random("demo:problems"), table("tasks", 4, "problems")
    for number in range(1, PROBLEMS + 1):
        text, category, subcategory, kind = texts[(number - 1) % len(texts)]
        state = rng.choices(("101", "102", "103", "104", "106", "107"), (5, 4, 5, 3, 2, 5))[0]
        opened, name = 800 - number * 30 - rng.random() * 20, f"PRB{number:07}"
        worker = ("Problem Solving", rng.choice(members_of("Problem Solving")))
        yield (
            "problem",
            task_row(
                "problem", name, moment(opened), short_description=text, description=text + ".",
                category=category, subcategory=subcategory, state=state, problem_state=state,
                impact="2", urgency="2", priority="3", opened_by=_ADMIN, active=state != "107",
                assignment_group=group_id(worker[0]), assigned_to=_assigned(worker, state, "101"),
                cmdb_ci=rng.choice(items(kind)).sys_id, known_error=number % 5 == 0,
                major_problem=False, workaround_applied=False, related_incidents="0",
                reopen_count="0", writer="admin", **_solved(rng, state, moment(opened - 20)),
            ),
        )  # fmt: skip
        yield from _journal(rng, "problem", name, opened, worker[1])
        yield "problem_task", _problem_task(name, number, opened, state, text)


def _solved(rng: Random, state: str, at: str) -> Mapping[str, str]:
    if state not in ("106", "107"):
        return {}
    found = {"resolution_code": "fix_applied", "resolved_at": at, "resolved_by": _ADMIN}
    found |= {"cause_notes": "Found by comparing two sites.", "fix_notes": "Fixed by a change."}
    found |= {"close_notes": rng.choice(sections("tasks")["close notes"])}
    return found | ({"closed_at": at, "closed_by": _ADMIN} if state == "107" else {})


def _problem_task(problem: str, number: int, opened: float, state: str, text: str) -> StoredRow:
    closed = state in ("106", "107")
    return task_row(
        "problem_task", f"PTASK{number:07}", moment(opened - 1), short_description=text,
        problem=task_id("problem", problem), parent=task_id("problem", problem),
        problem_task_type="rca", state="157" if closed else "151", active=not closed,
        close_code="completed" if closed else "", impact="3", urgency="3", priority="4",
        opened_by=_ADMIN, writer="admin",
    )  # fmt: skip


def _changes() -> Rows:
    yield from _models()
    rng, texts = Random("demo:changes"), table("tasks", 3, "changes")
    states, weights = ("-5", "-4", "-3", "-2", "-1", "0", "3", "4"), (9, 5, 5, 5, 4, 3, 20, 3)
    for number in range(1, CHANGES + 1):
        text, category, kind = texts[(number - 1) % len(texts)]
        state, name = rng.choices(states, weights)[0], f"CHG{number:07}"
        opened, group = 850 - number * 12 - rng.random() * 10, rng.choice(("Network", "Software"))
        worker, type_ = rng.choice(members_of(group)), rng.choice(("normal",) * 3 + ("emergency",))
        yield (
            "change_request",
            task_row(
                "change_request", name, moment(opened), short_description=text, category=category,
                description=text + ".", type=type_, state=state, risk=rng.choice("2334"),
                impact=rng.choice("233"), urgency="3", priority=rng.choice("344"), reason="",
                active=state not in _CLOSED["change_request"], requested_by=worker.sys_id,
                opened_by=_ADMIN, assignment_group=group_id(group), assigned_to=worker.sys_id,
                cmdb_ci=rng.choice(items(kind)).sys_id if kind else "", phase_state="open",
                approval="approved" if state in ("-2", "-1", "0", "3") else "not requested",
                start_date=moment(opened - 7), end_date=moment(opened - 6.9), on_hold=False,
                cab_required=False, production_system=False, unauthorized=False, scope="3",
                outside_maintenance_schedule=False, conflict_status="Not Run", writer="admin",
                chg_model=type_, phase="requested", **_done(rng, state, moment(opened - 6)),
            ),
        )  # fmt: skip
        yield from _journal(rng, "change_request", name, opened, worker)
        for place, step in enumerate(("planning", "implementation", "testing"), start=1):
            task = f"CTASK{(number - 1) * 3 + place:07}"
            yield "change_task", _change_task(task, name, step, opened, state)


def _done(rng: Random, state: str, at: str) -> Mapping[str, str]:
    if state not in _CLOSED["change_request"]:
        return {}
    found = {"closed_at": at, "closed_by": _ADMIN}
    if state == "4":
        return found
    code = rng.choice(("successful",) * 4 + ("successful_issues", "unsuccessful"))
    return found | {"close_code": code, "close_notes": rng.choice(sections("tasks")["close notes"])}


def _change_task(number: str, change: str, step: str, opened: float, state: str) -> StoredRow:
    closed = state in ("0", "3", "4")
    return task_row(
        "change_task", number, moment(opened - 1), short_description=step.capitalize(),
        change_request=task_id("change_request", change), change_task_type=step, on_hold=False,
        parent=task_id("change_request", change), state="3" if closed else "1", active=not closed,
        impact="3", urgency="3", priority="4", opened_by=_ADMIN, writer="admin",
    )  # fmt: skip


def _models() -> Rows:
    """The models of changes, and templates of standard changes."""
    for name in ("normal", "standard", "emergency"):
        title = name.capitalize()
        values = {"name": title, "sys_name": title, "sys_class_name": "chg_model"}
        yield "chg_model", made("chg_model", name, sys_id=name, active=True, **values)
    for name, title, text in table("tasks", 3, "standard changes"):
        producer, version = (sys_id(f"std_change_{kind}", name) for kind in ("record", "version"))
        filled = f"short_description={title}^description={text}^type=standard^EQ"
        yield (
            "std_change_record_producer",
            made(
                "std_change", name, sys_id=producer, name=title, short_description=title,
                template=filled, active=True, current_version=version,
                sys_class_name="std_change_record_producer",
            ),
        )  # fmt: skip
        values = {"sys_id": version, "name": name, "std_change_producer": producer, "version": "1"}
        values |= {"state": "active", "sys_class_name": "std_change_producer_version"}
        yield "std_change_producer_version", made("std_change_version", name, **values)


def _articles() -> Rows:
    base, rng = sys_id("kb_knowledge_base", "IT"), Random("demo:articles")
    values = {"title": "IT", "active": True, "sys_class_name": "kb_knowledge_base"}
    yield "kb_knowledge_base", made("kb_knowledge_base", "IT", sys_id=base, **values)
    for number, title in enumerate(sections("tasks")["articles"], start=1):
        text = f"<p>{title}: ask the service desk, or follow the steps on this page.</p>"
        yield (
            "kb_knowledge",
            made(
                "kb_knowledge", title, moment(700 - number * 9), number=f"KB{number:07}",
                short_description=title, text=text, workflow_state="published", active=True,
                kb_knowledge_base=base, author=rng.choice(active_people()).sys_id, language="en",
                published=moment(690 - number * 9)[:10], sys_class_name="kb_knowledge",
                article_type="text", sys_view_count=rng.randrange(400), topic="General",
            ),
        )  # fmt: skip
