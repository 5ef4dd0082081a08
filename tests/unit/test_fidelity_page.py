"""The page that says what proves the sandbox names only what is there, and all that is there."""

import re
from pathlib import Path

from tests.sandbox.servicenow.proofs import collect

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "servicenow-fidelity.md").read_text(encoding="utf-8")
FOLDERS = [ROOT / "tests/sandbox/servicenow", ROOT / "tests/connectors/servicenow", ROOT]
ITEM = re.compile(r"^\| (\d+) \|", re.MULTILINE)
WORD = re.compile(r"`([^`]+)`")


def place(named: str) -> bool:
    """Whether a file, or a test of a file, is where the page says."""
    name, _, test = named.partition("::")
    found = [folder / name for folder in FOLDERS if (folder / name).is_file()]
    return any(f"def {test}(" in path.read_text(encoding="utf-8") for path in found)


def test_every_test_that_the_page_names_is_there() -> None:
    named = [word for word in WORD.findall(PAGE) if "::" in word]
    assert len(named) > 100
    assert [each for each in named if not place(each)] == []


def test_every_file_that_the_page_names_is_there() -> None:
    named = [word for word in WORD.findall(PAGE) if re.fullmatch(r"[a-z_/]+\.py", word)]
    assert [each for each in named if not any((f / each).is_file() for f in FOLDERS)] == []


def test_both_lists_are_whole() -> None:
    numbers = [int(number) for number in ITEM.findall(PAGE)]
    assert numbers == [*range(1, 16), *range(1, 11)]


def test_every_switch_and_fault_stands_in_the_table_of_the_sandbox() -> None:
    table = PAGE.partition("## The sandbox")[2].partition("Beyond the list")[0]
    named = {word for word in WORD.findall(table) if re.fullmatch(r"[a-z0-9-]+", word)}
    assert named == set(collect())
