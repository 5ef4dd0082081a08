"""Twenty orders, placed and approved in ServiceNow, and what became of them elsewhere.

Everything is asked of OIM and ServiceNow themselves, through their own APIs; the broker is
asked for nothing.
"""

import re
from collections import Counter
from collections.abc import Iterator

from cli.demo import Addresses
from cli.walk.systems import Oim, Row, ServiceNow

ITEM = "Access to a business role"
CLOSED_COMPLETE = "3"


class Twenty:
    """Orders of ada's, approved by ben."""

    def __init__(self, at: Addresses) -> None:
        self._ada, self._ben = (ServiceNow(at.servicenow, name, "demo") for name in ("ada", "ben"))
        self._desk, self._oim = ServiceNow(at.servicenow, "broker", "broker"), Oim(at.oim)
        self._before, self._roles = self._oim.count(), sorted(self._oim.simple_roles())
        self.items: dict[str, Row] = {}

    def place(self, count: int) -> None:
        """So many more, each posted by ServiceNow's own script."""
        for number in range(count):
            item = self._ada.order(ITEM, role=self._roles[number % len(self._roles)])
            approval = self._ben.row(
                "sysapproval_approver", f"sysapproval={item['sys_id']}^state=requested"
            )
            self._ben.change("sysapproval_approver", approval["sys_id"], state="approved")
            self.items[item["number"]] = item

    def under_way(self) -> bool:
        """Whether OIM has heard of one of them."""
        return bool(self._counts())

    def closed(self) -> bool:
        """Whether every item is closed as carried out."""
        return all(row["state"] == CLOSED_COMPLETE for row in self._rows("sc_req_item"))

    def judge(self) -> None:
        """AssertionError unless each was carried out once, and said so once."""
        assert self._counts() == dict.fromkeys(self.items, 1)
        assert self._oim.count() - self._before == len(self.items)
        notes = list(self._notes())
        assert [note for note, times in Counter(notes).items() if times > 1] == []
        granted = Counter(key for key, element, text in notes if "ccess granted" in text)
        assert granted == Counter({item["sys_id"]: 1 for item in self.items.values()})

    def _counts(self) -> dict[str, int]:
        """How many requests in OIM name each item; those that none names are left out."""
        reasons = [str(row.get("reqJustification")) for row in self._oim.requests_of("ada")]
        found = Counter(word for text in reasons for word in re.findall(r"RITM\d+", text))
        return {number: found[number] for number in self.items if found[number]}

    def _rows(self, table: str) -> list[Row]:
        keys = ",".join(item["sys_id"] for item in self.items.values())
        return self._desk.rows(table, f"sys_idIN{keys}")

    def _notes(self) -> Iterator[tuple[str, str, str]]:
        """Every note and comment on the items and their tasks."""
        for item in self.items.values():
            task = self._desk.row("sc_task", f"request_item={item['sys_id']}")
            query = f"element_idIN{item['sys_id']},{task['sys_id']}"
            for note in self._desk.rows("sys_journal_field", query):
                yield note["element_id"], note["element"], note["value"]
