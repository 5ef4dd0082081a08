"""An order whose announcement goes through a MID Server: late, twice, or without a reply."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.test_taken_back import Site, site
from tools.servers import Database, wait_until

ANNOUNCEMENTS = "x_rqbrk_access_announcement"
pytestmark = [pytest.mark.slow]


@pytest.fixture
def here(tmp_path: Path, database: Database) -> Iterator[Site]:
    with site(tmp_path / "site", database) as made:
        made.scripts.properties["x_rqbrk_access.mid_server"] = "mid-east"
        made.scripts.properties["x_rqbrk_access.answer_seconds"] = "1"
        yield made


def announced(here: Site) -> list[tuple[str, int]]:
    """What became of each announcement, and how often it was made."""
    rows = here.scripts.records.where(ANNOUNCEMENTS)
    return [(row["state"], int(row["tries"])) for row in rows]


def posted(here: Site) -> int:
    """How many probes the queue holds for orders."""
    rows = here.scripts.records.where("ecc_queue", queue="output")
    return sum(row["source"].endswith("/api/v1/orders") for row in rows)


def test_an_order_delivered_twice_becomes_one_request(here: Site) -> None:
    here.scripts.properties["x_rqbrk_access.answer_seconds"] = "600"
    here.scripts.faults.add("mid-duplicated")
    item = here.approved()
    wait_until(lambda: announced(here) == [("taken", 1)], "the reply", 60)
    here.worked_until(item, "submitted")
    assert posted(here) == 1
    assert len(here.raised(item)) == 1


def test_an_order_without_a_reply_is_announced_again_and_is_one_request(here: Site) -> None:
    here.scripts.faults.add("mid-reply-lost")
    item = here.approved()
    wait_until(lambda: posted(here) > 1, "the announcement made again", 60)
    here.scripts.faults.clear()
    wait_until(lambda: [state for state, _ in announced(here)] == ["taken"], "a reply", 60)
    here.worked_until(item, "submitted")
    assert len(here.raised(item)) == 1
    (note,) = here.notes(item)
    assert here.raised(item)[0] in note


def test_an_order_waits_while_the_mid_server_is_down(here: Site) -> None:
    here.scripts.properties["x_rqbrk_access.answer_seconds"] = "600"
    here.scripts.faults.add("mid-down")
    item = here.approved()
    wait_until(lambda: here.scripts.mid.missed_polls > 1, "polls that are missed", 60)
    assert announced(here) == [("waiting", 1)]
    here.scripts.faults.clear()
    wait_until(lambda: announced(here) == [("taken", 1)], "the reply", 60)
    here.worked_until(item, "submitted")
