"""What the instance holds in the end, by its own journal and ledger, against what it should."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace

from sqlalchemy import func, select, update

from broker.ports.desk import MirrorRow, OrderRef
from broker.store.requests import MirroredApprovalRow, RequestRow
from broker.sync import mirror
from broker.sync.apply import owe_mirror
from tests.soak.installation import ROLE, Installation
from tests.use_cases.fakes import FakeDesk

INTEGRATION, SCOPE = "broker", "x_rqbrk_access"
_REQUEST_STATES = {"3": "closed_complete", "4": "closed_incomplete"}
_MIRRORS = tuple(f"{SCOPE}_{name}" for name in (mirror.REQUESTS, mirror.APPROVALS))


class Judge:
    """Looks at the records behind the doors of the instance; every verdict is a list of sentences
    on what is wrong.
    """

    def __init__(self, house: Installation) -> None:
        self._house, self._records = house, house.state.records
        own = [e for e in house.state.ledger if e.actor == INTEGRATION]
        self._written = Counter(
            (e.table, e.sys_id, name) for e in own if e.operation == "update" for name in e.values
        )
        self.mirrored = Counter(e.operation for e in own if e.table in _MIRRORS)

    def closed(self, ref: OrderRef) -> list[str]:
        """An order that the IGA has carried out or refused."""
        records, item = self._records, self._records.at("sc_req_item", ref.item_id)
        (task,) = records.where("sc_task", request_item=ref.item_id)
        end = self._house.iga.requests.get(item["correlation_id"])
        state = "3" if end is not None and end.header.state.value == "completed" else "4"
        request = records.at("sc_request", item["request"])
        return _wrong(ref, {
            "its request is named": end is not None
            and ref.item_number in end.header.justification,
            "the IGA is named": item["correlation_display"] == "oim",
            "named once": self._written["sc_req_item", ref.item_id, "correlation_id"] == 1,
            "the item's note": self._said(ref.item_id, "work_notes") == ["was raised in oim"],
            "one comment": self._said(ref.item_id, "comments") == ["Access "],
            "the task's note": self._said(task["sys_id"], "work_notes") == [f"role {ROLE}"],
            "the task is closed": (task["state"], task["active"]) == (state, "false"),
            "closed once": self._written["sc_task", task["sys_id"], "state"] == 1,
            "the item is closed": (item["state"], item["active"]) == (state, "false"),
            "the request is closed": request["request_state"] == _REQUEST_STATES[state],
        })  # fmt: skip

    def rejected(self, ref: OrderRef) -> list[str]:
        """An order that its approver rejected at the desk."""
        item = self._records.at("sc_req_item", ref.item_id)
        return _wrong(ref, {
            "one note": self._said(ref.item_id, "work_notes") == ["Nothing was submitted"],
            "no comment": self._said(ref.item_id, "comments") == [],
            "no reference": (item["correlation_id"], item["correlation_display"]) == ("", ""),
            "its state is not ours": not self._written["sc_req_item", ref.item_id, "state"],
        })  # fmt: skip

    def mirror(self) -> list[str]:
        """Rows that are missing, left over, or not what the broker would write now."""
        unsure = _unsure(self._house)
        wanted = {row.id: row.fields for row in broker_rows(self._house)}
        held = {row["sys_id"]: row for table in _MIRRORS for row in self._records.all(table)}
        odd = wanted.keys() ^ held.keys()
        wrong = [f"row {key} is {'missing' if key in wanted else 'left over'}" for key in odd]
        wrong += [f"the broker does not know of {unsure} rows that they are right"] * bool(unsure)
        for key in wanted.keys() & held.keys():
            wrong += [
                f"row {key} is wrong in {name}" for name in _differing(wanted[key], held[key])
            ]
        return wrong

    def rows(self) -> int:
        """How many rows the mirror has."""
        return sum(len(self._records.all(table)) for table in _MIRRORS)

    def _said(self, key: str, element: str) -> list[str]:
        """By which of the broker's sentences we know each entry of a journal."""
        entries = [row["value"] for row in self._records.journal(key, element)]
        return [next((w for w in _SENTENCES if w in entry), entry) for entry in entries]


# One for each entry that the broker makes.
_SENTENCES = ("was raised in oim", "Nothing was submitted", "Access ", f"role {ROLE}")


def _wrong(ref: OrderRef, found: Mapping[str, bool]) -> list[str]:
    return [f"{ref.item_number}: {what}" for what, right in found.items() if not right]


def broker_rows(house: Installation) -> Collection[MirrorRow]:
    """Every row as the broker would write it now: it forgets what it has written, and writes all
    of it again, to a desk that only listens.
    """
    listener = FakeDesk()
    deaf = replace(house.broker, desks={"servicenow": listener})
    with deaf.sessions.begin() as session:
        session.execute(update(RequestRow).values(mirror_due=True, mirrored_fingerprint=""))
        session.execute(update(MirroredApprovalRow).values(fingerprint=""))
        owe_mirror(session, deaf, deaf.clock.now())
    replace(house, broker=deaf).work()
    return listener.mirrored.values()


def _unsure(house: Installation) -> int:
    """How many of its requests the broker does not know to be mirrored as they are."""
    unknown = RequestRow.mirror_due | (RequestRow.mirrored_fingerprint == "")
    with house.broker.sessions() as session:
        return session.scalar(select(func.count()).select_from(RequestRow).where(unknown)) or 0


def _differing(wanted: Mapping[str, str], held: Mapping[str, str]) -> list[str]:
    return [name for name, value in wanted.items() if held[name] != value]
