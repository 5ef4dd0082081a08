"""The operator's guide says what the code says."""

import re
from pathlib import Path

from pydantic.fields import FieldInfo

from broker.settings import PREFIX, Settings
from broker.store.pruning import RULES

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def rows(title: str) -> dict[str, list[str]]:
    """The rows of the tables in one section, by their first cell."""
    section = GUIDE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    lines = [line.strip("|").replace("\\|", "/").split("|") for line in section.splitlines()
             if line.startswith("|")]  # fmt: skip
    return {cells[0].strip().strip("`"): [cell.strip() for cell in cells[1:]] for cells in lines}


def written(field: FieldInfo) -> str:
    """A default as the guide writes it."""
    default = field.default
    if field.is_required():
        return "required"
    if default in (None, ()):
        return "–"
    words = ",".join(default) if isinstance(default, tuple) else str(default)
    return f"`{words.lower() if isinstance(default, bool) else words}`"


def test_every_setting_is_told_with_its_default() -> None:
    told = {name: cells[0] for name, cells in rows("Settings").items() if name.startswith(PREFIX)}
    fields = Settings.model_fields.items()
    assert told == {f"{PREFIX}{name.upper()}": written(field) for name, field in fields}


def test_every_metric_has_its_threshold() -> None:
    names = rows("What to watch")
    told = {name.removesuffix("_total") for name in names if name.startswith("broker_")}
    source = (ROOT / "webui" / "api" / "metrics.py").read_text(encoding="utf-8")
    assert told == set(re.findall(r'"(broker_\w+)"', source))


def test_what_is_removed_is_told_with_its_time() -> None:
    told = {name: cells[0] for name, cells in rows("What is removed").items()}
    assert {rule.what: str(rule.days) for rule in RULES}.items() <= told.items()
    assert len(told) == len(RULES) + 2, "and no other but the table's head"


def test_every_link_leads_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]*)(?:#[^)]*)?\)", GUIDE):
        assert not target or (ROOT / "docs" / target).exists(), target


def test_every_link_inside_has_its_heading() -> None:
    headings = {
        re.sub(r"[^\w -]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in GUIDE.splitlines()
        if line.startswith("#")
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", GUIDE)) <= headings


def test_every_command_that_is_told_exists() -> None:
    from cli.main import parser

    for words in re.findall(r"request-broker ((?:[a-z]+ ?){1,2})", GUIDE):
        first = words.split()[0]
        if first in {"web", "worker", "clock", "doctor", "db", "sync", "orders", "audit", "health"}:
            assert first in parser().format_help()
