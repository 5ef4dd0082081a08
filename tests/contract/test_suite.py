"""The suite about itself: every capability has its cases, and the last lines tell the truth."""

from collections.abc import Iterator

import pytest

from tests.contract import test_iga_capabilities
from tests.contract.needs import CAPABILITIES, fits
from tests.contract.telling import LEAVES_OUT, RUN, lines


def marked(name: str) -> Iterator[str]:
    """The capabilities of all marks of this name, those of parameters too."""
    for case in vars(test_iga_capabilities).values():
        for mark in getattr(case, "pytestmark", ()):
            inner = [m for each in mark.args for m in _of_parameters(each)]
            yield from (m.args[0] for m in [mark, *inner] if m.name == name)


def _of_parameters(argument: object) -> list[pytest.Mark]:
    listed = argument if isinstance(argument, list) else []
    return [mark.mark for each in listed for mark in getattr(each, "marks", ())]


def test_each_capability_has_a_case_for_those_who_have_it_and_one_for_those_who_have_not() -> None:
    assert set(marked("needs")) == set(marked("lacks")) == CAPABILITIES


def test_a_case_fits_who_can_do_what_it_needs_and_cannot_what_it_proves_absent() -> None:
    assert fits([], [], frozenset())
    assert fits(["a"], ["b"], frozenset({"a", "c"}))
    assert not fits(["a"], [], frozenset({"c"}))
    assert not fits([], ["a"], frozenset({"a"}))


def test_the_last_lines_tell_cases_run_and_left_out_for_each_connector() -> None:
    told: list[tuple[str, object]] = [
        (RUN, "oim"),
        ("figure", "something else"),
        (RUN, "other"),
        (RUN, "oim"),
        (LEAVES_OUT, ["oim", "holdings", 2]),
        (LEAVES_OUT, ["oim", "delta reads", 1]),
    ]
    assert lines(told) == [
        "oim: 2 cases run; left out, and proved absent: delta reads (1), holdings (2)",
        "other: 1 cases run; nothing left out",
    ]
