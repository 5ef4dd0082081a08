"""An instance with 100,000 records: what is asked of it comes out right, and how long it takes."""

from __future__ import annotations

import resource
import time
from typing import Any

import requests

from sandbox.servicenow import create_app
from sandbox.servicenow.instance import ServiceNow
from sandbox.servicenow.records import Records, StoredRow, stored_row
from sandbox.web import serve
from sandbox.world import World
from tests.soak.conftest import Figures, scaled

RECORDS, PEOPLE, PAGE = 100_000, 500, 1_000


def incidents(records: Records, count: int) -> list[StoredRow]:
    """So many incidents, shared out evenly among some hundred callers."""
    model = dict(records.insert("incident", {"impact": "2"}, "admin"))
    return [
        stored_row(
            {
                **model,
                "sys_id": f"{number:032x}",
                "number": f"INC{number:07d}",
                "short_description": f"This is incident {number}",
                "caller_id": f"{number % PEOPLE:032x}",
                "correlation_id": f"SOAK-{number}",
            }
        )
        for number in range(count)
    ]


class Reader:
    """Reads incidents as the administrator, and adds up how long that takes."""

    def __init__(self, url: str, http: requests.Session) -> None:
        self.url = f"{url}/api/now/table/incident"
        self.http = http
        self.http.auth = ("admin", "admin")
        self.seconds = 0.0

    def rows(self, query: str, limit: int = 10_000) -> list[dict[str, Any]]:
        """The rows of a query, with little of each."""
        asked = {"sysparm_query": query, "sysparm_limit": str(limit)}
        begun = time.perf_counter()
        answer = self.http.get(self.url, params={**asked, "sysparm_fields": "sys_id,number"})
        self.seconds += time.perf_counter() - begun
        rows: list[dict[str, Any]] = answer.json()["result"]
        return rows

    def timed(self) -> float:
        """The milliseconds since the last time."""
        spent, self.seconds = self.seconds * 1000, 0.0
        return spent


def test_many_records_are_read_and_written_without_strain(world: World, figures: Figures) -> None:
    count, begun = scaled(RECORDS), time.perf_counter()
    app = create_app(world)
    state: ServiceNow = app.extensions["servicenow"]
    state.records.load("incident", incidents(state.records, count))
    figures(f"{count} incidents: there after {time.perf_counter() - begun:.1f} s")
    with serve(app) as server, requests.Session() as http:
        reader = Reader(server.url, http)
        look_up(reader, count, figures)
        page_through(reader, count, figures)
        write(reader, count)
    state.close()
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures(f"{count} incidents: {megabytes:.0f} MB at most in the whole process")


def look_up(reader: Reader, count: int, figures: Figures) -> None:
    """Equalities find what they name, and nothing beside it."""
    reader.rows("correlation_id=SOAK-0"), reader.timed()
    for number in range(0, count, max(count // 50, 1)):
        (row,) = reader.rows(f"correlation_id=soak-{number}^active=true")
        assert row["sys_id"] == f"{number:032x}"
    figures(f"{count} incidents: an equality takes {reader.timed() / 50:.1f} ms")
    own = reader.rows(f"caller_id={7:032x}^ORDERBYsys_id")
    assert [int(row["sys_id"], 16) for row in own] == list(range(7, count, PEOPLE))


def page_through(reader: Reader, count: int, figures: Figures) -> None:
    """Following the sys_ids meets each record once."""
    seen: list[str] = []
    while page := reader.rows(f"numberSTARTSWITHINC^sys_id>{last(seen)}^ORDERBYsys_id", PAGE):
        seen += [row["sys_id"] for row in page]
    assert seen == sorted(set(seen))
    assert {f"{number:032x}" for number in range(count)} <= set(seen)
    pages = max(len(seen) // PAGE, 1)
    figures(f"{count} incidents: a page of {PAGE} takes {reader.timed() / pages:.0f} ms")


def last(seen: list[str]) -> str:
    """Where the next page begins."""
    return seen[-1] if seen else "/"


def write(reader: Reader, count: int) -> None:
    """A change is found by its new value only, and new numbers pass by the loaded ones."""
    key = f"{count // 2:032x}"
    reader.http.patch(f"{reader.url}/{key}", json={"correlation_id": "SOAK-CHANGED"})
    assert reader.rows(f"correlation_id=SOAK-{count // 2}") == []
    assert [row["sys_id"] for row in reader.rows("correlation_id=SOAK-CHANGED")] == [key]
    made = reader.http.post(reader.url, json={"short_description": "one more"}).json()["result"]
    assert len(reader.rows(f"number={made['number']}")) == 1
