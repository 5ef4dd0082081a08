"""The suite about itself: every capability has its cases, and the last lines tell the truth."""

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import pytest

from broker.connectors.registry import iga_products
from broker.domain.access_requests import RequestHeader
from broker.domain.people import Person
from tests.contract import test_iga_capabilities
from tests.contract.capable import ADA, Capable, subject
from tests.contract.needs import CAPABILITIES, declared, fits
from tests.contract.subject import capabilities_of
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
        (LEAVES_OUT, ["oim", {"holdings": 2, "delta reads": 1}]),
        (LEAVES_OUT, ["other", {}]),
    ]
    assert lines(told) == [
        "oim: 2 cases run; left out for what it has not: delta reads (1), holdings (2)",
        "other: 1 cases run; nothing left out",
    ]


@pytest.mark.slow
def test_pytest_ends_with_what_each_connector_was_put_to_and_spared() -> None:
    """Told by another process than the one that writes the lines."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "1"]
    cases = Path(test_iga_capabilities.__file__)
    done = subprocess.run(
        [*command, str(cases), "-k", "can_be_searched_for"],
        cwd=cases.parents[2], capture_output=True, text=True, check=True, timeout=100,
    )  # fmt: skip
    for product in iga_products():
        (told,) = re.findall(rf"^{product}: 1 cases run; (.*)$", done.stdout, re.MULTILINE)
        spared = set(re.findall(r"([a-z ]+) \(\d+\)", told.partition(": ")[2]))
        assert {each.strip() for each in spared} == CAPABILITIES - declared(
            capabilities_of(product)
        )


class Forgetful(Capable):
    """Tells of no request that has ended, and everybody of everything that waits."""

    def changes(self, since: datetime) -> Iterator[RequestHeader]:
        return (head for head in super().changes(since) if not head.state.final)

    def pending_for(self, _person: Person) -> Sequence[str]:
        return list(self.requests)


def test_the_case_of_deltas_passes_who_tells_all_and_catches_who_forgets() -> None:
    case = test_iga_capabilities.test_changes_name_all_that_changed_since_then_final_ones_too
    case(subject(Capable()))
    with pytest.raises(AssertionError):
        case(subject(Forgetful()))


def test_the_case_of_acting_as_a_user_catches_who_shows_everybody_everything() -> None:
    case = test_iga_capabilities.test_what_waits_for_somebody_is_told_by_the_system_itself
    case(subject(Capable()), ADA)
    with pytest.raises(AssertionError):
        case(subject(Forgetful()), ADA)


def test_who_can_do_more_than_declared_is_caught_too() -> None:
    able = subject(Capable())
    with pytest.raises(pytest.fail.Exception):
        test_iga_capabilities.test_who_cannot_tell_what_changed_says_so(able)
    with pytest.raises(pytest.fail.Exception):
        test_iga_capabilities.test_who_cannot_look_as_somebody_else_says_so(able, ADA)
