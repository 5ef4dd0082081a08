"""What happened, in words for people: orders' histories, readings, the audit trail."""

import re
from collections.abc import Iterable
from datetime import datetime

from flask import Flask
from markupsafe import Markup

from broker.domain.approvals import stage_words
from broker.domain.orders import Action
from webui.ui.words import system_name

_LONGEST = 48
_HEX = re.compile(r"[0-9a-f]{20,}")
_REFERENCE = re.compile(r"(?:[A-Z]+\d+ ){1,2}RB-[0-9a-f]+\s*")
_RUNS = {
    "changes": "What changed",
    "everything": "Everything, anew",
    "people": "People and their accounts",
    "awaiting": "What awaits decisions",
    "person": "One person",
    "orders": "Approved orders that nobody announced",
}
_COUNTS = {"read": "read", "new": "new", "changed": "changed", "gone": "gone", "same": "unchanged"}
_ACTIONS: dict[str, str] = {
    Action.GRANT: "Give access",
    Action.REVOKE: "Take access away",
}
_STEP_TONES = {
    "fulfil": "good", "close": "good", "completed": "good", "approved": "good",
    "reject": "bad", "rejected": "bad", "refuse": "bad", "fail": "bad", "failed": "bad",
    "ask for help": "bad", "lose sight": "wait", "assigned": "wait",
}  # fmt: skip


def in_their_words(sentence: str, iga: str, desk: str) -> str:
    """A sentence of an order's history, with the products' names as people know them."""
    named = re.sub(r"\b[Tt]he IGA\b", system_name(iga), sentence)
    named = re.sub(r"\bat the desk\b", f"in {system_name(desk)}", named)
    named = re.sub(r"\b[Tt]he desk\b", system_name(desk), named)
    return re.sub(rf"\b{re.escape(desk)}\b", system_name(desk), named)


def without_reference(justification: str) -> tuple[str, str]:
    """The numbers by which an order's request is found again, and what people wrote."""
    found = _REFERENCE.match(justification)
    reference = found[0].strip() if found else ""
    return reference, justification[len(found[0]) :] if found else justification


def step_tone(event: str) -> str:
    """The colour family of a step: how it went, or plain."""
    return _STEP_TONES.get(event, "plain")


def action_words(action: str) -> str:
    """What an order asks for."""
    return _ACTIONS.get(action, action)


def run_words(kind: str) -> str:
    """What a run has read."""
    return _RUNS.get(kind, kind)


def count_words(counts: Iterable[tuple[str, int]]) -> str:
    """ "43 new, 2 unchanged": what came of a run, without what did not happen."""
    told = dict(counts)
    known = [f"{told[name]} {word}" for name, word in _COUNTS.items() if told.get(name)]
    others = [f"{number} {name}" for name, number in told.items() if number and name not in _COUNTS]
    return ", ".join(known + others) or "nothing new"


def to_the_second(at: datetime) -> Markup:
    """A time element as auditors need it: to the second, and always in UTC."""
    moment = f"{at:%Y-%m-%d %H:%M:%S}"
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(timespec="seconds"), moment)


def shortened(text: str) -> str:
    """Ids and hashes by their first characters, long texts by their beginning."""
    short = _HEX.sub(lambda found: f"{found[0][:12]}…", text)
    return short if len(short) <= _LONGEST else f"{short[:_LONGEST]}…"


def register(app: Flask) -> None:
    """Make the words known to the templates."""
    for function in (in_their_words, without_reference, stage_words, step_tone, action_words,
                     run_words, count_words, to_the_second, shortened):  # fmt: skip
        app.add_template_filter(function)
