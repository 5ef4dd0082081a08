"""How commands speak: lines for people, JSON for programs, one line for what went wrong."""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime

Record = Mapping[str, object]


class Fault(Exception):
    """A command cannot do what was asked; the message is one line for people."""

    def __init__(self, sentence: str, code: int = 1) -> None:
        super().__init__(sentence)
        self.code = code


def say(line: str) -> None:
    """One line for people, at once even when nobody looks at a terminal."""
    print(line, flush=True)


def complain(line: str) -> None:
    """One line about what went wrong."""
    print(line, file=sys.stderr, flush=True)


def show(records: Sequence[Record], as_json: bool, nothing: str) -> None:
    """Records as JSON, or as a table; the sentence `nothing` if there are none."""
    if as_json:
        say(json.dumps(list(records), indent=2, default=_plain, ensure_ascii=False))
    elif records:
        _table([{name: _cell(value) for name, value in record.items()} for record in records])
    else:
        say(nothing)


def show_one(record: Record, as_json: bool) -> None:
    """One record as JSON, or a line for each of its fields."""
    if as_json:
        say(json.dumps(record, indent=2, default=_plain, ensure_ascii=False))
        return
    width = max(map(len, record))
    for name, value in record.items():
        say(f"{name:<{width}}  {_cell(value)}")


def _table(rows: Sequence[Mapping[str, str]]) -> None:
    names = list(rows[0])
    widths = {name: max(len(name), *(len(row[name]) for row in rows)) for name in names}
    for row in [{name: name.upper() for name in names}, *rows]:
        say("  ".join(f"{row[name]:<{widths[name]}}" for name in names).rstrip())


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return str(value)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
