"""`make bench` at a fiftieth: everything runs, and the counts are as they should be.

How long things take is not judged here: it says more about the other test processes.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench.measuring import Line

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(600)
def test_a_small_bench_keeps_the_calls_few() -> None:
    command = [sys.executable, "-m", "bench", "--scale", "0.02"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=590
    )
    assert done.returncode == 0, done.stdout + done.stderr
    calls = re.findall(
        r"^calls of the (\w+) .* kept .* (\d+) calls for 200 rows", done.stdout, re.MULTILINE
    )
    assert {name for name, _ in calls} == {"connector", "broker"}
    assert all(int(number) * 40 <= 200 for _, number in calls)
    idle = re.findall(r"^idle (calls|memory).* at most \d.\d\d +kept ", done.stdout, re.MULTILINE)
    assert idle == ["calls", "calls", "memory", "memory"]
    rates = re.findall(r"^row rate of the (\w+), (\d+) ms ", done.stdout, re.MULTILINE)
    assert set(rates) == {(n, ms) for n in ("connector", "broker") for ms in ("0", "50")}


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        (Line("rate", "", 0.70, least=0.70), True),
        (Line("rate", "", 0.69, least=0.70), False),
        (Line("calls", "", 1 / 40, most=1 / 40), True),
        (Line("calls", "", 1 / 39, most=1 / 40), False),
        (Line("memory", "", 1.2, most=1.2), True),
        (Line("memory", "", 1.21, most=1.2), False),
        (Line("for information", "", 0.1), True),
    ],
)
def test_a_line_knows_whether_its_target_is_met(line: Line, kept: bool) -> None:
    assert line.kept is kept
    assert ("MISSED" in str(line)) is not kept


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (Line("calls", "", 1 / 60, most=1 / 40), "1/60  at most 1/40"),
        (Line("memory", "", 1.131, most=1.2), "1.13  at most 1.20"),
        (Line("memory", "", 0.998, most=1.2), "1.00  at most 1.20"),
    ],
)
def test_a_line_tells_parts_as_parts_and_multiples_as_multiples(line: Line, told: str) -> None:
    assert told in str(line)


def test_a_target_that_is_missed_fails_a_full_run_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from bench import __main__ as command

    slow = Line("rate", "too slow", 0.5, least=0.7)
    monkeypatch.setattr(command, "BENCHES", {"mirroring": lambda _scale: iter([slow])})
    assert command.main(["--scale", "0.5"]) == 0
    assert command.main([]) == 1
    assert capsys.readouterr().out.count("too slow") == 2
