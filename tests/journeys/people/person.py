"""Somebody at a browser, in words in which a journey reads like a story.

At each step a screenshot is kept, axe reads the page, and whatever the browser has complained
about since the last step fails the journey.
"""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    Response,
    expect,
)

from cli.demo import Addresses
from tools.servers import wait_until

PASSWORD = "demo"
_BAD_STATUS, _SECONDS = 400, 60
_LONGEST_TAB_WALK = 80
_GRAVE = {"serious", "critical"}

# What a browser may complain about in every journey, and why.
HARMLESS = {
    r"404 http://\S+/favicon\.ico": "the stand-ins have no icon; our own pages name theirs",
    r"net::ERR_ABORTED \S+": "a page was left while it was still asking for its live part",
}


class Album:
    """The pictures of one journey, numbered in the order in which they were taken."""

    def __init__(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.folder, self._taken = folder, 0

    def add(self, page: Page, title: str) -> None:
        """Keep the whole page under this title."""
        self._taken += 1
        name = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
        page.screenshot(path=self.folder / f"{self._taken:02}-{name}.png", full_page=True)


class Complaints:
    """What a browser complained about: errors on its console, requests that failed."""

    def __init__(self, context: BrowserContext) -> None:
        self.expected = dict(HARMLESS)
        self._heard: list[str] = []
        context.on("console", self._console)
        context.on("weberror", lambda error: self._heard.append(f"script: {error.error}"))
        context.on("requestfailed", self._failed)
        context.on("response", self._answered)

    def _console(self, message: ConsoleMessage) -> None:
        # A bad answer is told twice, and on the console without its address.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self._heard.append(f"console: {message.text}")

    def _failed(self, request: Request) -> None:
        self._heard.append(f"{request.failure} {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= _BAD_STATUS:
            self._heard.append(f"{response.status} {response.url}")

    def unexpected(self) -> list[str]:
        """Everything that nobody foresaw, since this was last asked."""
        heard, self._heard = self._heard, []
        return [word for word in heard if not self._foreseen(word)]

    def _foreseen(self, word: str) -> bool:
        return any(re.fullmatch(pattern, word) for pattern in self.expected)


class Person:
    """One of the demo's people, with a browser of their own."""

    def __init__(self, name: str, context: BrowserContext, at: Addresses, album: Album) -> None:
        self.name, self.context, self.at, self._album = name, context, at, album
        self.complaints = Complaints(context)
        self.page = context.new_page()
        self.passwords = 0

    # ---- doing -------------------------------------------------------------------------------

    def opens(self, address: str) -> None:
        """Type an address, or a path of the broker's, into the browser."""
        self.page.goto(address if "://" in address else self.at.broker + address)

    def signs_in(self, path: str = "/") -> None:
        """Ask for a page of the broker's and give name and password when asked."""
        self.opens(path)
        self.gives_the_password()

    def gives_the_password(self) -> None:
        """Fill in the form of the identity provider."""
        expect(self.page.get_by_label("Password")).to_be_visible()
        assert self.page.url.startswith(self.at.idp), self.page.url
        self.fills_in_name_and_password()
        self.page.wait_for_url(lambda url: not url.startswith(self.at.idp))

    def signs_in_to_servicenow(self) -> None:
        """ServiceNow has a sign-in of its own; it raises the login event."""
        self.opens(f"{self.at.servicenow}/login.do")
        expect(self.page.get_by_label("Password")).to_be_visible()
        self.step("is asked for a password by ServiceNow")
        self.fills_in_name_and_password()
        expect(self.page.get_by_role("heading", name="Hello")).to_be_visible()

    def fills_in_name_and_password(self) -> None:
        """Whatever form it is that asks for them."""
        self.fills_in("User name", self.name)
        self.fills_in("Password", PASSWORD)
        self.passwords += 1
        self.page.keyboard.press("Enter")

    def fills_in(self, label: str, text: str, within: Locator | None = None) -> None:
        """Type into the field with this label."""
        (within or self.page).get_by_label(label).fill(text)

    def chooses(self, label: str, option: str) -> None:
        """Pick from the list with this label."""
        self.page.get_by_label(label).select_option(label=option)

    def presses(self, button: str, within: Locator | None = None) -> None:
        """Press a button."""
        (within or self.page).get_by_role("button", name=button, exact=True).click()

    def types(self, *keys: str) -> None:
        """Press keys by their names, and type whatever else is given."""
        for key in keys:
            named = key in ("Tab", "Shift+Tab", "Enter")
            self.page.keyboard.press(key) if named else self.page.keyboard.type(key)

    def tabs_to(self, words: str, backwards: bool = False) -> None:
        """Press Tab until what has the focus is called so."""
        for _ in range(_LONGEST_TAB_WALK):
            self.types("Shift+Tab" if backwards else "Tab")
            if words in self.focused():
                return
        raise AssertionError(f"no Tab leads to “{words}” on {self.page.url}")

    def focused(self) -> str:
        """The words of what has the focus."""
        words = self.page.evaluate("document.activeElement.innerText || ''")
        return str(words).strip()

    def lets_time_pass(self) -> None:
        """Long enough for a page to ask for its news; wants `context.clock.install()` before."""
        self.context.clock.fast_forward("00:16")

    def follows(self, link: str, within: Locator | None = None) -> None:
        """Click a link; a new tab becomes the one that is looked at."""
        found = (within or self.page).get_by_role("link", name=link).first
        if found.get_attribute("target") != "_blank":
            return found.click()
        with self.context.expect_page() as opened:
            found.click()
        self.page = opened.value
        return None

    def takes_another_tab(self) -> Page:
        """Open an empty tab beside the others."""
        self.page = self.context.new_page()
        return self.page

    def goes_back_to_the_first_tab(self) -> None:
        """Close this tab; the first one is looked at again."""
        self.page.close()
        self.page = self.context.pages[0]

    def asks_in_oim_for(self, role: tuple[str, str], why: str) -> str:
        """Ask for a role (name and key) in OIM's catalogue; the number of the request."""
        name, key = role
        self.opens(f"{self.at.oim}/identity/faces/catalog")
        self.fills_in("Search", name)
        self.presses("Search")
        offer = self.page.locator(f"[data-item='role:{key}']")
        self.fills_in("Justification", why, within=offer)
        self.step(f"finds {name} in the catalogue of OIM")
        self.presses("Request", within=offer)
        self.sees("Requested items", why)
        return self.page.get_by_role("heading", level=1).inner_text().removeprefix("Request ")

    # ---- seeing ------------------------------------------------------------------------------

    def sees(self, *words: str, within: Locator | None = None) -> None:
        """The page shows these words, now or before long."""
        place = within or self.page.locator("main")
        for word in words:
            expect(place.get_by_text(word).first).to_be_visible()

    def does_not_see(self, *words: str) -> None:
        """The page shows none of these words anywhere."""
        for word in words:
            expect(self.page.get_by_text(word)).to_have_count(0)

    def reloads_until_it_sees(self, words: str, within: Locator | None = None) -> None:
        """Reload the page until it shows these words: not every page moves by itself."""
        self.reloads_until_there_is((within or self.page.locator("main")).get_by_text(words))

    def reloads_until_there_is(self, wanted: Locator) -> None:
        """Reload the page until this is on it."""

        def seen() -> bool:
            self.page.reload()
            return any(one.is_visible() for one in wanted.all())

        wait_until(seen, f"{wanted} on {self.page.url}", _SECONDS)

    def part(self, name: str) -> Locator:
        """The part of the page under this heading."""
        return self.page.get_by_role("region", name=name, exact=True)

    def request(self, request_id: str, part: str = "") -> Locator:
        """The row or card of a request, by its number in OIM."""
        place = self.part(part) if part else self.page.locator("main")
        return place.locator(f"[data-request-id='{request_id}']")

    def is_at(self, start: str) -> None:
        """The address begins with this, or with this path of the broker's."""
        wanted = start if "://" in start else self.at.broker + start
        expect(self.page).to_have_url(re.compile(re.escape(wanted)))

    # ---- looking closely ---------------------------------------------------------------------

    def step(self, title: str) -> None:
        """One step is done: picture, accessibility, and nothing that the browser minds."""
        self._album.add(self.page, f"{self.name} {title}")
        self._demand_accessible(title)
        self.minds_nothing(title)

    def _demand_accessible(self, title: str) -> None:
        found = Axe().run(self.page).response["violations"]
        grave = [
            f"{one['id']} ({one['impact']}): {one['help']}; {node['html'][:160]}"
            for one in found
            if one["impact"] in _GRAVE
            for node in one["nodes"]
        ]
        assert not grave, f"{title}: {self.page.url} breaks " + "\n".join(grave)

    def minds_nothing(self, title: str) -> None:
        """The browser complained about nothing that is not listed, with a reason, as expected."""
        unexpected = self.complaints.unexpected()
        assert not unexpected, f"{title}: {self.name}'s browser complains: {unexpected}"

    def expects(self, complaint: str, because: str) -> None:
        """From now on the browser may complain in this way; `complaint` is a regular expression."""
        assert because
        self.complaints.expected[complaint] = because


Cast = Callable[..., Person]
