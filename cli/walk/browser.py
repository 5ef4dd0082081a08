"""A person's browser: cookies, forms, sign-in pages, and no more trust than a browser has."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import requests

from cli.walk.pages import Form, Page

_SECONDS = 30.0
_HOPS = 8
_PASSWORD = "demo"  # noqa: S105 - published on the demo's own sign-in page


class Failed(Exception):
    """A step of the walk did not have its effect; the message says what was seen instead."""


class Browser:
    """One person at one machine. `passwords` counts the password forms they had to fill in."""

    def __init__(self, person: str) -> None:
        self.person, self.passwords = person, 0
        self._session = requests.Session()
        self._session.headers["Accept"] = "text/html,application/xhtml+xml"
        self._session.trust_env = False

    def open(self, url: str) -> Page:
        """The page at this address, after whatever sign-in stands before it."""
        return self._through_sign_in(self._page(self._session.get(url, timeout=_SECONDS)))

    def submit(self, page: Page, form: Form, **values: str) -> Page:
        """The page that follows when the form is sent, filled in with `values`."""
        return self._through_sign_in(self._send(page, form, values))

    def _through_sign_in(self, page: Page) -> Page:
        for _ in range(_HOPS):
            if form := page.form("SAMLResponse"):
                page = self._send(page, form, {})
            elif form := page.form("username", "password"):
                page = self._log_in(page, form)
            else:
                return page
        raise Failed(f"{self.person} is sent in circles by the sign-in, at {page.url}")

    def _log_in(self, page: Page, form: Form) -> Page:
        self.passwords += 1
        after = self._send(page, form, {"username": self.person, "password": _PASSWORD})
        if after.form("username", "password"):
            raise Failed(f"the identity provider does not take {self.person}'s password")
        return after

    def _send(self, page: Page, form: Form, values: Mapping[str, str]) -> Page:
        data, at = {**form.fields, **values}, {"Origin": _origin(page.url), "Referer": page.url}
        if form.method == "get":
            return self._page(self._session.get(form.action, params=data, timeout=_SECONDS))
        if urlsplit(form.action).hostname != urlsplit(page.url).hostname:
            return self._across_sites(form, data)
        answer = self._session.post(form.action, data=data, headers=at, timeout=_SECONDS)
        return self._page(answer)

    def _across_sites(self, form: Form, data: Mapping[str, str]) -> Page:
        """A POST from another site carries no SameSite=Lax cookies; the GET it leads to does."""
        request = requests.Request("POST", form.action, data=dict(data))
        bare = self._session.prepare_request(request)
        bare.headers.pop("Cookie", None)
        return self._page(self._session.send(bare, timeout=_SECONDS, allow_redirects=True))

    def _page(self, answer: requests.Response) -> Page:
        if answer.status_code >= requests.codes.server_error:
            raise Failed(f"{answer.url} answers {answer.status_code}")
        return Page(answer.url, answer.status_code, answer.text)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
