"""One condition of a query as a test of a row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache

from sandbox.servicenow.calendars import as_stored, known_unit
from sandbox.servicenow.paths import Path, resolve
from sandbox.servicenow.queries.dates import DATE_OPERATORS, apart_test, date_test, same_unit
from sandbox.servicenow.queries.language import TEXT_SEARCH, Condition
from sandbox.servicenow.queries.operators import (
    ORDER,
    TIMES,
    Test,
    always,
    converter,
    never,
    value_test,
)
from sandbox.servicenow.queries.scripts import PREFIX, Scripts
from sandbox.servicenow.records import Records, Row
from sandbox.servicenow.schema import Column
from sandbox.servicenow.switches import Switches

Predicate = Callable[[Row], bool]
_BY_VALUE = frozenset({"=", "!=", "IN", "NOT IN", "ISEMPTY", "ISNOTEMPTY", "ANYTHING"})
_FIELDS = {
    "GT_FIELD": ">",
    "LT_FIELD": "<",
    "GT_OR_EQUALS_FIELD": ">=",
    "LT_OR_EQUALS_FIELD": "<=",
}
_CHANGES = frozenset({"CHANGESTO", "CHANGESFROM", "VALCHANGES"})
# Dynamic filter options of every instance, and the script that each stands for.
_ME = "gs.getUserID()"
_DYNAMIC = {
    "90d1921e5f510100a9ad2572f2b477fe": _ME,
    "54635e965f510100a9ad2572f2b4774c": _ME,
}
_MY_GROUPS = "d6435e965f510100a9ad2572f2b47744"
# Along which column a table's rows form a tree.
_PARENTS = {"sys_user": "manager", "sys_user_group": "parent"}


class Conditions:
    """Makes tests for one caller; `before` is the row before a write, where there was one."""

    def __init__(
        self, records: Records, scripts: Scripts, switches: Switches, before: Row | None
    ) -> None:
        self._records = records
        self._scripts = scripts
        self._switches = switches
        self._before = before

    def predicate(self, table: str, condition: Condition) -> Predicate:
        """The test of a condition whose column is known to be there."""
        if condition.path == TEXT_SEARCH:
            return _text_search(condition.value)
        path = resolve(self._records.schema, table, condition.path)
        assert path is not None
        if condition.operator in _CHANGES:
            return self._transition(condition)
        compared = self._of_two_columns(table, path, condition)
        if compared is not None:
            return compared
        test = self._test(path, condition)
        if test is never and not self._switches.bad_values_find_nothing:
            test = always
        return self._reading(path, test)

    def _test(self, path: Path, condition: Condition) -> Test:
        column, operator = path.column, condition.operator
        if operator in DATE_OPERATORS:
            test = date_test(operator, condition.value, self._scripts)
            return self._at_noon(test) if column.kind == "glide_date" else test
        if operator in _SPECIAL:
            return _SPECIAL[operator](self, path, condition.value)
        wanted = self._value(operator, condition.value)
        if wanted is None:
            return never if self._switches.script_guarded else always
        if (
            column.kind == "sys_class_name"
            and operator == "="
            and not self._switches.class_is_exact
        ):
            return self.instance_of(path, wanted)
        test = value_test(column, operator, wanted, self._switches)
        return self._shown(column.reference, test) if self._by_display(column, operator) else test

    def _at_noon(self, test: Test) -> Test:
        """A date without a time is the caller's own day, whatever day that is in UTC."""
        calendar = self._scripts.calendar

        def noon(have: str) -> bool:
            at = calendar.local(f"{have[:10]} 12:00:00")
            return at is not None and test(as_stored(at))

        return never if test is never else noon

    def _by_display(self, column: Column, operator: str) -> bool:
        """A reference is equal by its sys_id, and contains or begins by what people see."""
        shown = self._switches.references_compare_by_display
        return shown and column.kind == "reference" and operator not in _BY_VALUE

    def _value(self, operator: str, value: str) -> str | None:
        if PREFIX not in value.casefold():
            return value
        if operator != "BETWEEN":
            return self._scripts.value(value)
        ends = [self._scripts.value(end) for end in value.split("@")]
        return "@".join(end for end in ends if end is not None) if None not in ends else None

    def _shown(self, table: str, test: Test) -> Test:
        return cache(lambda have: test(self._records.display_of(table, have)))

    def _reading(self, path: Path, test: Test) -> Predicate:
        name = path.hops[0][0] if path.hops else path.column.name
        if path.hops:
            return _by_first(name, lambda row: test(path.value(self._records, row)))
        return lambda row: test(row.get(name, ""))

    def _of_two_columns(self, table: str, path: Path, condition: Condition) -> Predicate | None:
        name, *options = condition.value.split("@")
        test = self._pair_test(path, condition.operator, options)
        if test is None:
            return None
        other = resolve(self._records.schema, table, name)
        if other is None:
            return lambda _: False
        holds, far, records = test, other, self._records
        return lambda row: holds(path.value(records, row), far.value(records, row))

    def _pair_test(
        self, path: Path, operator: str, options: list[str]
    ) -> Callable[[str, str], bool] | None:
        if operator in _FIELDS:
            return _field_test(converter(path.column), _FIELDS[operator])
        if operator in ("MORETHAN", "LESSTHAN"):
            return apart_test(operator, options) or (lambda _one, _other: False)
        if operator not in ("SAMEAS", "NSAMEAS"):
            return None
        same = self._same_test(path, options)
        return same if operator == "SAMEAS" else lambda one, other: not same(one, other)

    def _same_test(self, path: Path, options: list[str]) -> Callable[[str, str], bool]:
        unit = known_unit(options[0]) if options else None
        if unit is None or path.column.kind not in TIMES:
            return lambda one, other: one.casefold() == other.casefold()
        scripts = self._scripts
        return lambda one, other: same_unit(unit, one, other, scripts)

    def _transition(self, condition: Condition) -> Predicate:
        """How a business rule's condition sees a write; a read knows no change."""
        before, name = self._before, condition.path
        if before is None:
            return lambda _: False
        was = before.get(name, "")
        if condition.operator == "CHANGESTO":
            return lambda row: was != row.get(name, "") == condition.value
        if condition.operator == "CHANGESFROM":
            return lambda row: row.get(name, "") != was == condition.value
        return lambda row: was != row.get(name, "")

    def dynamic(self, _: Path, value: str) -> Test:
        """A dynamic filter option: who is asking, or the groups of whoever asks."""
        if value == _MY_GROUPS:
            mine = self._records.where("sys_user_grmember", user=self._dynamic(_ME) or "")
            return _one_of(row.get("group", "") for row in mine)
        caller = self._dynamic(_DYNAMIC.get(value, ""))
        return _one_of([caller]) if caller else never

    def _dynamic(self, script: str) -> str | None:
        return self._scripts.value(PREFIX + script)

    def hierarchy(self, path: Path, value: str) -> Test:
        """Everything at or below a record, along its table's tree; the record comes last."""
        top = value.rpartition("@")[2]
        table = path.column.reference
        parent = _PARENTS.get(table, "parent")
        if self._records.schema.column(table, parent) is None:
            return _one_of([top])
        return _one_of(self._below(table, parent, top))

    def dynamic_hierarchy(self, path: Path, value: str) -> Test:
        """The same, from the record that a dynamic option stands for."""
        caller = self._dynamic(_DYNAMIC.get(value.rpartition("@")[2], ""))
        return self.hierarchy(path, caller) if caller else never

    def _below(self, table: str, parent: str, top: str) -> set[str]:
        found, fresh = {top}, [top]
        while fresh:
            rows = (row for key in fresh for row in self._records.where(table, **{parent: key}))
            fresh = [row["sys_id"] for row in rows if row["sys_id"] not in found]
            found.update(fresh)
        return found

    def instance_of(self, _: Path, value: str) -> Test:
        """A class or one that extends it."""
        schema = self._records.schema
        return _one_of(schema.classes(value)) if value in schema else never


_SPECIAL: dict[str, Callable[[Conditions, Path, str], Test]] = {
    "DYNAMIC": Conditions.dynamic,
    "IN_HIERARCHY": Conditions.hierarchy,
    "IN_HIERARCHY_DYNAMIC": Conditions.dynamic_hierarchy,
    "INSTANCEOF": Conditions.instance_of,
}


def _by_first(name: str, test: Predicate) -> Predicate:
    """The test of a far column, asked once for each value of the reference that leads there."""
    known: dict[str, bool] = {}

    def answer(row: Row) -> bool:
        key = row.get(name, "")
        if key not in known:
            known[key] = test(row)
        return known[key]

    return answer


def _one_of(values: Iterable[str]) -> Test:
    wanted = frozenset(values)
    return lambda have: have in wanted


def _field_test(convert: Callable[[str], object], sign: str) -> Callable[[str, str], bool]:
    holds = ORDER[sign]

    def test(one: str, other: str) -> bool:
        if not one or not other:
            return False
        left, right = convert(one), convert(other)
        return left is not None and right is not None and holds(left, right)

    return test


def _text_search(value: str) -> Predicate:
    """Full text: every word must be a word of the row; `*` stands for the rest of one."""
    words = [re.compile(rf"\b{_pattern(word)}\b") for word in value.casefold().split()]
    if not words:
        return lambda _: False

    def test(row: Row) -> bool:
        text = "\n".join(row.values()).casefold()
        return all(word.search(text) for word in words)

    return test


def _pattern(word: str) -> str:
    return re.escape(word).replace(r"\*", r"\w*")
