"""The README's pictures: they are there, small, and one command takes them again."""

import re
import struct
from pathlib import Path

import pytest

from tools import screenshots

ROOT = Path(__file__).resolve().parents[2]
_MOST_BYTES = 200_000


def pictures_of_the_readme() -> list[Path]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return [ROOT / name for name in re.findall(r"\((docs/pictures/[^)]+)\)", text)]


def is_a_picture(path: Path) -> bool:
    """A PNG of some size that a page can afford to load."""
    content = path.read_bytes()
    width, height = struct.unpack(">II", content[16:24])
    return content.startswith(b"\x89PNG") and min(width, height) > 300 < _MOST_BYTES > len(content)


def test_the_readme_shows_the_pictures_that_the_command_takes() -> None:
    shown = pictures_of_the_readme()
    assert {path.name for path in shown} == {"dashboard.png", "order.png"}
    assert all(is_a_picture(path) for path in shown)
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 120


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_one_command_takes_them_again(chromium: str, tmp_path: Path) -> None:
    before = set((ROOT / "var").glob("screenshots-*"))
    assert screenshots.main(["--into", str(tmp_path)]) == 0
    taken = sorted(tmp_path.iterdir())
    assert [path.name for path in taken] == ["dashboard.png", "order.png"]
    assert all(is_a_picture(path) for path in taken)
    assert set((ROOT / "var").glob("screenshots-*")) <= before


def test_without_chromium_one_line_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert screenshots.main(["--into", str(tmp_path)]) == 1
    assert "Chromium is missing" in capsys.readouterr().err
