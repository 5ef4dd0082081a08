"""The demo for people: it says what to try, stops altogether, and survives nobody's kill."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from cli.demo import Addresses, free_ports
from cli.walk.browser import Browser
from tools.servers import wait_until

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


class Demo:
    """A started demo, with what it says in a file."""

    def __init__(self, said: Path) -> None:
        self.at, self._said = Addresses(free_ports()), said
        small = ["--people", "120", "--requests", "400"]
        command = [sys.executable, "-m", "cli.main", "demo", "--port", str(self.at.port), *small]
        with said.open("wb") as out:
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        wait_until(lambda: "Ctrl-C" in self.said() or self.process.poll() is not None, "start", 60)

    def said(self) -> str:
        return self._said.read_text()

    def answers(self) -> list[str]:
        """Which of the four addresses still answer."""
        urls = [self.at.broker, self.at.servicenow, self.at.oim, self.at.idp]
        return [url for url in urls if self._answers(url)]

    def _answers(self, url: str) -> bool:
        try:
            requests.get(url, timeout=5, allow_redirects=False)
        except requests.ReadTimeout:
            return True  # somebody took the call
        except requests.ConnectionError:
            return False
        return True


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    made = Demo(tmp_path / "said")
    yield made
    if made.process.poll() is None:
        made.process.send_signal(signal.SIGTERM)
    made.process.wait(20)
    shutil.rmtree(ROOT / "var" / f"demo-{made.at.port}", ignore_errors=True)


def test_the_demo_says_where_to_go_and_whom_to_be(demo: Demo) -> None:
    said = demo.said()

    for url in (demo.at.broker, demo.at.servicenow, demo.at.oim, demo.at.idp):
        assert url in said
    for person in ("ada", "ben", "cho", "dee", "eve", "finn"):
        assert f"{person} " in said
    assert "password is demo" in said


def test_everybody_can_sign_in_and_the_links_lead_somewhere(demo: Demo) -> None:
    for person in ("ada", "ben", "cho", "dee", "eve", "finn"):
        assert Browser(person).open(f"{demo.at.broker}/").status == 200
    assert Browser("cho").open(f"{demo.at.broker}/operations").status == 200
    assert Browser("ada").open(f"{demo.at.broker}/operations").status == 403


def test_ctrl_c_stops_all_of_it(demo: Demo) -> None:
    demo.process.send_signal(signal.SIGINT)

    assert demo.process.wait(20) == 0
    assert demo.answers() == []
    assert "Traceback" not in demo.said()


def test_a_killed_demo_leaves_nothing_running(demo: Demo) -> None:
    demo.process.kill()
    demo.process.wait()

    wait_until(lambda: demo.answers() == [], "the end of the children", 20)


def test_a_second_demo_says_which_port_is_taken(demo: Demo) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "demo", "--port", str(demo.at.port)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip

    assert done.returncode == 1
    assert done.stderr.startswith(f"Port {demo.at.port} is taken:")
    assert len(demo.answers()) == 4
