"""Every visible row once, whatever the table does while it is read."""

import random
from collections.abc import Callable, Sequence

import pytest

from broker.connectors.desk.servicenow.paging import OutOfOrder, Page, by_key
from broker.connectors.desk.servicenow.values import Row


class Table:
    """Rows by id; a page looks at `limit` rows and shows those that are not hidden."""

    def __init__(self, keys: Sequence[str], hidden: Sequence[str] = (), limit: int = 4) -> None:
        self.keys, self.hidden, self.limit = set(keys), set(hidden), limit
        self.calls = 0
        self.between: Callable[[], None] = lambda: None

    def fetch(self, conditions: Sequence[str]) -> Page:
        self.calls += 1
        self.between()
        found = sorted(key for key in self.keys if all(_holds(key, c) for c in conditions))
        shown = [{"sys_id": key} for key in found[: self.limit] if key not in self.hidden]
        return Page(shown, len(found), self.limit)

    def read(self) -> list[str]:
        return [row["sys_id"] for row in by_key(self.fetch)]


def _holds(key: str, condition: str) -> bool:
    if condition.startswith("sys_id<="):
        return key <= condition.removeprefix("sys_id<=")
    return key > condition.removeprefix("sys_id>")


def ids(count: int, seed: int = 1) -> list[str]:
    chance = random.Random(seed)
    return sorted(f"{chance.getrandbits(128):032x}" for _ in range(count))


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 8, 9, 41])
def test_every_row_comes_once(count: int) -> None:
    assert Table(ids(count)).read() == ids(count)


@pytest.mark.parametrize("hidden", [slice(0, 9), slice(9, 30), slice(30, None), slice(0, None)])
def test_pages_of_hidden_rows_are_passed(hidden: slice) -> None:
    keys = ids(41)
    table = Table(keys, keys[hidden])
    assert table.read() == [key for key in keys if key not in table.hidden]


@pytest.mark.parametrize("seed", range(5))
def test_a_total_that_leaves_out_hidden_rows_ends_nothing_early(seed: int) -> None:
    keys = ids(41)
    table = Table(keys, random.Random(seed).sample(keys, 12))

    def modest(conditions: Sequence[str]) -> Page:
        found = [key for key in table.keys if all(_holds(key, c) for c in conditions)]
        page = table.fetch(conditions)
        return Page(page.rows, len(set(found) - table.hidden), page.limit)

    assert [row["sys_id"] for row in by_key(modest)] == sorted(table.keys - table.hidden)


def test_a_row_that_came_between_counting_and_looking_pushes_none_out() -> None:
    keys = ids(4)
    table = Table(keys)

    def raced(conditions: Sequence[str]) -> Page:
        counted = table.fetch(conditions).total
        table.keys.add("0" * 31 + "1")
        return Page(table.fetch(conditions).rows, counted, 4)

    assert {row["sys_id"] for row in by_key(raced)} >= set(keys)


def test_hidden_rows_beside_an_id_of_another_form_are_passed() -> None:
    keys = [*ids(9), "global"]
    assert sorted(Table(keys, keys[7:9]).read()) == sorted([*keys[:7], "global"])


def test_passing_hidden_rows_costs_little_more_than_reading_them() -> None:
    keys = ids(4000)
    table = Table(keys, keys, limit=100)
    assert table.read() == []
    assert table.calls < 4 * 40


def test_ids_that_stand_close_together_are_passed_too() -> None:
    keys = [f"{number:032x}" for number in range(40)]
    assert Table(keys, keys[:39]).read() == keys[39:]


def test_what_stays_is_neither_lost_nor_repeated_while_others_come_and_go() -> None:
    chance = random.Random(7)
    keys = ids(300)
    staying, passing = keys[::3], [key for key in keys if key not in set(keys[::3])]
    table = Table(keys, [key for key in passing if chance.random() < 0.5])

    def stir() -> None:
        for key in chance.sample(passing, 40):
            chance.choice([table.keys.discard, table.keys.add, table.hidden.add])(key)

    table.between = stir
    seen = table.read()
    assert len(seen) == len(set(seen))
    assert set(staying) <= set(seen)


def test_rows_under_ids_of_another_form_come_once() -> None:
    keys = [*ids(9), "global"]
    assert sorted(Table(keys).read()) == sorted(keys)


def test_without_a_total_an_empty_page_is_the_end() -> None:
    keys = ids(9)
    table = Table(keys)

    def silent(conditions: Sequence[str]) -> Page:
        return Page(table.fetch(conditions).rows, None, 4)

    assert [row["sys_id"] for row in by_key(silent)] == keys


@pytest.mark.parametrize("mangle", [lambda rows: rows[::-1], lambda _rows: [{"sys_id": "0" * 32}]])
def test_a_range_or_an_order_that_is_ignored_is_noticed(
    mangle: Callable[[Sequence[Row]], Sequence[Row]],
) -> None:
    table = Table(ids(9))

    def other(conditions: Sequence[str]) -> Page:
        page = table.fetch(conditions)
        return Page(mangle(page.rows), page.total, page.limit)

    with pytest.raises(OutOfOrder):
        list(by_key(other))
