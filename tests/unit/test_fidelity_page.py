"""The pages that say what proves a sandbox name only what is there, and all that is there."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.sandbox.oim import proofs as oim_proofs
from tests.sandbox.servicenow import proofs as servicenow_proofs

ROOT = Path(__file__).parents[2]
ITEM = re.compile(r"^\| (\d+) \|", re.MULTILINE)
WORD = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Page:
    """A page of docs/: in which folders its tests lie, its items, and what its switches are."""

    name: str
    folders: tuple[str, ...]
    items: tuple[int, ...]
    switches: Collection[str]
    least: int

    @property
    def text(self) -> str:
        return (ROOT / "docs" / self.name).read_text(encoding="utf-8")

    @property
    def words(self) -> list[str]:
        return WORD.findall(self.text)

    def has(self, named: str) -> bool:
        """Whether a file, or a test of a file, is where the page says."""
        name, _, test = named.partition("::")
        found = [path for path in (ROOT / f / name for f in (*self.folders, "")) if path.is_file()]
        return any(f"def {test}" in path.read_text(encoding="utf-8") for path in found)


PAGES = (
    Page(
        "servicenow-fidelity.md",
        ("tests/sandbox/servicenow", "tests/connectors/servicenow"),
        (*range(1, 16), *range(1, 11)),
        servicenow_proofs.collect().keys(),
        least=100,
    ),
    Page(
        "oim-fidelity.md",
        ("tests/sandbox/oim", "tests/connectors/oim"),
        tuple(range(1, 17)),
        oim_proofs.collect().keys(),
        least=50,
    ),
)
each = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@each
def test_every_test_that_the_page_names_is_there(page: Page) -> None:
    named = [word for word in page.words if "::" in word]
    assert len(named) > page.least
    assert [word for word in named if not page.has(f"{word}(")] == []


@each
def test_every_file_that_the_page_names_is_there(page: Page) -> None:
    named = [word for word in page.words if re.fullmatch(r"[a-z_/]+\.py", word)]
    assert [word for word in named if not page.has(word)] == []


@each
def test_the_lists_are_whole(page: Page) -> None:
    assert tuple(int(number) for number in ITEM.findall(page.text)) == page.items


@each
def test_every_switch_and_fault_stands_in_the_table_of_the_sandbox(page: Page) -> None:
    table = page.text.partition("## The sandbox")[2].partition("Beyond the list")[0]
    named = {word for word in WORD.findall(table) if re.fullmatch(r"[a-z0-9-]+", word)}
    assert named == set(page.switches)
