"""The judge of the soaks sees what it is there to see."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.world import World
from tests.soak.installation import Installation, installed
from tests.soak.judging import Judge
from tests.soak.test_writing import Soak

REQUESTS = "x_rqbrk_access_request"


def written(house: Installation, table: str, key: str, **values: str) -> None:
    """Somebody with the broker's own account writes once more."""
    house.state.records.update(table, key, values, "broker")


def test_whatever_is_doubled_or_missing_is_told(database_url: str, world: World) -> None:
    with installed(database_url, world) as house:
        soak = Soak(house)
        soak.order(1)
        soak.request(1)
        (closed,), (rejected,) = soak.closed, soak.rejected
        assert soak.wrong() == []
        (task,) = house.state.records.where("sc_task", request_item=closed.item_id)
        spoilt: dict[str, Callable[[], None]] = {
            "the item's note": lambda: written(
                house, "sc_req_item", closed.item_id, work_notes="was raised in oim"
            ),
            "one comment": lambda: written(
                house, "sc_req_item", closed.item_id, comments="Access granted"
            ),
            "the task's note": lambda: written(
                house, "sc_task", task["sys_id"], work_notes="role Finance Reporting"
            ),
            "named once": lambda: written(
                house, "sc_req_item", closed.item_id, correlation_id="another"
            ),
            "closed once": lambda: written(house, "sc_task", task["sys_id"], state="1"),
            "one note": lambda: written(
                house, "sc_req_item", rejected.item_id, work_notes="Nothing was submitted"
            ),
        }
        for about, spoil in spoilt.items():
            spoil()
            told = Judge(house).closed(closed) + Judge(house).rejected(rejected)
            assert [line for line in told if line.endswith(f": {about}")], (about, told)


def test_every_difference_of_a_mirrored_row_is_told(database_url: str, world: World) -> None:
    with installed(database_url, world) as house:
        Soak(house).request(2)
        assert Judge(house).mirror() == []
        first, second = (row["sys_id"] for row in house.state.records.all(REQUESTS))
        written(house, REQUESTS, first, state="lost")
        house.state.records.delete(REQUESTS, second, "broker")
        house.state.records.insert(REQUESTS, {"sys_id": "f" * 32}, "broker")
        assert sorted(Judge(house).mirror()) == sorted(
            [
                f"row {first} is wrong in state",
                f"row {second} is missing",
                f"row {'f' * 32} is left over",
            ]
        )
