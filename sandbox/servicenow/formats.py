"""Answers and bodies in XML, which the REST APIs take as well as JSON.

ServiceNow docs, "REST API": an answer is `<response>`, each entry of a list a `<result>` of its
own; a body is any element whose entry's children are the columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

XML_TYPES = ("application/xml", "text/xml")


def as_xml(body: dict[str, Any]) -> bytes:
    """An answer's body as XML."""
    root = ET.Element("response")
    for name, value in body.items():
        root.extend(_elements(name, value))
    made: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return made


def _elements(name: str, value: object) -> Iterator[ET.Element]:
    if isinstance(value, list):
        for each in value:
            yield from _elements(name, each)
        return
    made = ET.Element(name)
    if isinstance(value, dict):
        for key, inner in value.items():
            made.extend(_elements(key, inner))
    elif value is not None:
        made.text = str(value)
    yield made


def from_xml(body: bytes) -> dict[str, str]:
    """The columns and values of a body. Raises ValueError."""
    try:
        root = ET.fromstring(body)  # noqa: S314 - a sandbox reads what its tests send
    except ET.ParseError as error:
        raise ValueError(str(error)) from error
    entry = root.find("entry")
    return {each.tag: each.text or "" for each in (root if entry is None else entry)}
