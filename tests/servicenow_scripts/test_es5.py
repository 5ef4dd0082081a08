"""The check that keeps newer JavaScript out of the ServiceNow scripts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import es5
from tools.servers import NotInstalled, program


@pytest.fixture
def acorn() -> Path:
    """acorn's program; skips where nothing can run or fetch it."""
    try:
        program("Node", "node")
        return es5.unpacked(es5.tarball())
    except (NotInstalled, es5.Unproved) as missing:
        pytest.skip(f"{missing} is not installed")


def test_every_script_is_es5(acorn: Path) -> None:
    assert len(es5.scripts()) >= 4
    assert [es5.refusal(acorn, script) for script in es5.scripts()] == [""] * len(es5.scripts())


@pytest.mark.parametrize("newer", ["let a = 1;", "var f = () => 1;", "var t = `x`;"])
def test_newer_syntax_is_refused_by_name(acorn: Path, tmp_path: Path, newer: str) -> None:
    script = tmp_path / "newer.js"
    script.write_text(newer)
    assert es5.refusal(acorn, script).startswith(f"{script}: ")


def test_without_node_one_line_says_that_it_was_skipped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("CI", raising=False)
    assert es5.main() == 0
    assert capsys.readouterr().out == (
        "ES5 check of the ServiceNow scripts skipped: there is no Node here\n"
    )
    monkeypatch.setenv("CI", "true")
    assert es5.main() == 1


def test_a_tarball_with_another_digest_never_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(es5, "CACHE", tmp_path)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    (tmp_path / f"acorn-{es5.VERSION}.tgz").write_bytes(b"something else")
    with pytest.raises(SystemExit, match="another digest"):
        es5.main()
