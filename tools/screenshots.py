"""Renews the pictures of the README: runs the demo, walks the main job, and looks at two pages.

Needs Debian's Chromium, as the tests of the pages do.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect, sync_playwright

from cli.demo import Addresses, free_ports, product, walk_command
from cli.terminal import Fault, complain, say
from tools.servers import NotInstalled, program

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
_VIEW: "ViewportSize" = {"width": 1200, "height": 560}
_PATIENCE_MS = 60_000.0
_QUIET = ("--no-sandbox", "--disable-background-networking", "--disable-component-update")


def main(words: list[str]) -> int:
    """Exit code 0 when every picture is there."""
    parser = argparse.ArgumentParser(prog="make screenshots", description=__doc__)
    parser.add_argument("--into", type=Path, default=PICTURES, help="the folder (docs/pictures)")
    folder: Path = parser.parse_args(words).into
    try:
        take(folder)
    except Fault as fault:
        complain(str(fault))
        return 1
    return 0


def take(folder: Path) -> None:
    """Write every picture into the folder. Raises Fault when the demo or Chromium is missing."""
    try:
        chromium = program("Chromium", "chromium", "chromium-browser")
    except NotInstalled as missing:
        raise Fault("Chromium is missing: install Debian's package chromium.") from missing
    at = Addresses(free_ports())
    world = ROOT / "var" / f"screenshots-{at.port}"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with product(at, world):
            walk(at)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=[*_QUIET])
                photograph(browser, at, folder)
                browser.close()
    finally:
        shutil.rmtree(world, ignore_errors=True)


def walk(at: Addresses) -> None:
    """Let people work: requests, decisions, and an order that has become access."""
    say("Walking the main job …")
    done = subprocess.run(
        walk_command(at), cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        raise Fault(f"The main job does not work:\n{done.stdout}{done.stderr}")


def photograph(browser: "Browser", at: Addresses, folder: Path) -> None:
    """The overview of a manager, who has requests of his own, and an employee's order."""
    ben = sign_in(browser, at.broker, "ben")
    keep(ben, folder / "dashboard.png")
    ada = sign_in(browser, f"{at.broker}/orders", "ada")
    ada.locator("#orders a.row-title").first.click()
    keep(ada, folder / "order.png")


def sign_in(browser: "Browser", url: str, person: str) -> "Page":
    """The page, after the identity provider's form, in a browser without a past."""
    page = browser.new_page(
        viewport=_VIEW, color_scheme="light", locale="en-GB", timezone_id="Europe/Berlin"
    )
    page.set_default_timeout(_PATIENCE_MS)
    page.goto(url)
    page.get_by_label("User name").fill(person)
    page.get_by_label("Password").fill("demo")
    page.keyboard.press("Enter")
    return page


def keep(page: "Page", path: Path) -> None:
    """The picture of a page that shows all it has read, as high as the page is."""
    expect(page.locator("#live")).to_be_visible(timeout=_PATIENCE_MS)
    expect(page.locator(".busy")).to_have_count(0, timeout=_PATIENCE_MS)
    page.screenshot(path=path, full_page=True, animations="disabled")
    say(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
