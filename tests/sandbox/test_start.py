"""`python -m sandbox`: a long start says how far it is, on standard error."""

import pytest

from sandbox import __main__ as program
from sandbox.world import build_world


def test_a_long_history_is_told_with_its_progress(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(program, "_STEP", 10)
    history = program._Told(build_world(people=30, requests=250).history)
    assert len(list(history)) == len(history) == 250
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "sandbox: 100 of 250 requests\nsandbox: 200 of 250 requests\n"


def test_on_a_terminal_it_stays_on_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(program, "_STEP", 100)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert len(list(program._Told(build_world(people=30, requests=250).history))) == 250
    said = capsys.readouterr().err
    assert said == "sandbox: 100 of 250 requests\rsandbox: 200 of 250 requests\n"
