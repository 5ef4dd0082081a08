"""The console as a person's browser uses it, without scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from html.parser import HTMLParser
from typing import Any, Self
from urllib.parse import parse_qs, urljoin, urlsplit

import requests

HOME = "/identity/faces/home"
_PATIENCE_SECONDS = 30


class Forms(HTMLParser):
    """The forms of a page: where each goes and what it holds."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append((values.get("action", ""), {}))
        if tag == "input" and self.found:
            self.found[-1][1][values.get("name", "")] = values.get("value", "")


class Browser:
    """Follows redirects and the identity provider's forms, keeps cookies, has no scripts."""

    def __init__(self, url: str, name: str) -> None:
        self.url, self.name = url, name
        self.http = requests.Session()
        self.page: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def open(self, path: str) -> str:
        """Go to a page, signing in with the password where that is asked for; its text."""
        self.page = self.http.get(urljoin(self.url, path), timeout=_PATIENCE_SECONDS)
        while (forms := Forms(self.page.text).found) and self._is_sign_in(forms[0][1]):
            action, fields = forms[0]
            if "password" in fields:
                fields |= {"username": self.name, "password": "demo"}
            self.page = self.http.post(
                urljoin(self.page.url, action), fields, timeout=_PATIENCE_SECONDS
            )
        return str(self.page.text)

    def _is_sign_in(self, fields: dict[str, str]) -> bool:
        return "SAMLResponse" in fields or "SAMLRequest" in fields

    def request(self, request_id: str) -> str:
        """Go to the page of a request."""
        return self.open(f"{HOME}?tf=request_details&requestId={request_id}")

    def submit(self, *having: str, **given: str) -> str:
        """Send the first form of the page each of these words is in: in where it leads to, or in
        a field. What a field holds can be given in its place.
        """
        for action, fields in Forms(self.page.text).found:
            if all(word in action or word in fields.values() for word in having):
                url = urljoin(self.page.url, action)
                sent = {**fields, **given}
                self.page = self.http.post(url, sent, timeout=_PATIENCE_SECONDS)
                return str(self.page.text)
        raise AssertionError(f"no form with {having}")

    @property
    def request_id(self) -> str:
        """Of which request the page is."""
        return str(parse_qs(urlsplit(self.page.url).query)["requestId"][0])


Browse = Callable[[str], Browser]


@contextmanager
def browsers(url: str) -> Iterator[Browse]:
    """Opens a browser for whoever is named; all are closed in the end."""
    with ExitStack() as opened:
        yield lambda name: opened.enter_context(Browser(url, name))
