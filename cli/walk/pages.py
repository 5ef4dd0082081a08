"""What a page says: its forms, its links, its marked elements, its words."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "wbr")
)
_SILENT = frozenset(("script", "style", "template"))


@dataclass
class Element:
    """An element with its attributes, its children and the words directly in it."""

    tag: str
    attributes: Mapping[str, str]
    children: list["Element | str"] = field(default_factory=list)

    def walk(self) -> Iterator["Element"]:
        """This element and all below it, in the order of the page."""
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.walk()

    def find(self, tag: str = "", **attributes: str) -> Iterator["Element"]:
        """Elements of this tag with these attributes; `data_x` stands for `data-x`."""
        wanted = {name.replace("_", "-"): value for name, value in attributes.items()}
        for element in self.walk():
            if tag in ("", element.tag) and wanted.items() <= dict(element.attributes).items():
                yield element

    def having(self, attribute: str) -> list["Element"]:
        """Elements that have this attribute."""
        return [element for element in self.walk() if attribute in element.attributes]

    @property
    def text(self) -> str:
        """All words in it, spaces made single."""
        return " ".join(" ".join(self.words()).split())

    def words(self) -> Iterator[str]:
        """The words in it, piece by piece."""
        for child in self.children:
            if isinstance(child, str):
                yield child
            elif child.tag not in _SILENT:
                yield from child.words()


@dataclass(frozen=True)
class Form:
    """A form as a browser would send it: where to, how, and what is filled in."""

    action: str
    method: str
    fields: Mapping[str, str]
    element: Element

    def choices(self, name: str) -> list[str]:
        """What can be chosen in a list, or with radio buttons, of this name."""
        selects = [e for select in self.element.find("select", name=name)
                   for e in select.find("option")]  # fmt: skip
        radios = [
            e for e in self.element.find("input", name=name) if e.attributes.get("type") == "radio"
        ]
        buttons = list(self.element.find("button", name=name))
        values = [e.attributes.get("value", e.text) for e in selects + radios + buttons]
        return [value for value in values if value]


class Page:
    """One answer that is a page."""

    def __init__(self, url: str, status: int, html: str) -> None:
        self.url, self.status, self.html = url, status, html
        self.root = _parse(html)

    @property
    def text(self) -> str:
        """All words of the page."""
        return self.root.text

    def forms(self) -> list[Form]:
        """Every form of the page."""
        return [_form(element, self.url) for element in self.root.find("form")]

    def form(self, *fields: str, action: str = "") -> Form | None:
        """The first form that has all these fields, and these words in its address."""
        for form in self.forms():
            if action in form.action and all(_has(form, name) for name in fields):
                return form
        return None

    def links(self, words: str) -> list[str]:
        """Addresses of links that contain these words in their address."""
        hrefs = [urljoin(self.url, a.attributes.get("href", "")) for a in self.root.find("a")]
        return [href for href in hrefs if words in href]

    def section(self, name: str) -> Element | None:
        """The element with this id."""
        return next(self.root.find(id=name), None)


def _has(form: Form, name: str) -> bool:
    return any(element.attributes.get("name") == name for element in form.element.walk())


def _form(element: Element, url: str) -> Form:
    action = urljoin(url, element.attributes.get("action") or url)
    fields = dict(_filled_in(element))
    return Form(action, element.attributes.get("method", "get").lower(), fields, element)


def _filled_in(form: Element) -> Iterator[tuple[str, str]]:
    for element in form.walk():
        name, kind = element.attributes.get("name"), element.attributes.get("type", "text")
        if name and element.tag == "input" and kind not in ("submit", "button"):
            if kind not in ("radio", "checkbox") or "checked" in element.attributes:
                yield name, element.attributes.get("value", "")
        elif name and element.tag == "textarea":
            yield name, element.text
        elif name and element.tag == "select":
            yield name, _chosen(element)


def _chosen(select: Element) -> str:
    options: Sequence[Element] = list(select.find("option"))
    marked = [option for option in options if "selected" in option.attributes] or options
    return marked[0].attributes.get("value", marked[0].text) if marked else ""


class _Builder(HTMLParser):
    """Builds elements; forgives what browsers forgive."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Element("html", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        for depth in range(len(self._open) - 1, 0, -1):
            if self._open[depth].tag == tag:
                del self._open[depth:]
                return

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def _parse(html: str) -> Element:
    builder = _Builder()
    builder.feed(re.sub(r"^\s*<!doctype[^>]*>", "", html, flags=re.IGNORECASE))
    builder.close()
    return builder.root
