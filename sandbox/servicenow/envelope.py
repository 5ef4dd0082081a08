"""The XML that travels through the ECC queue: a probe's parameters, and its reply.

ServiceNow docs, "MID Server ECC Queue"; the reply of a RESTProbe as recorded: the body as text in
`output`, then the probe's parameters with the HTTP status beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element, SubElement

from sandbox.servicenow.calls import Reply, Request

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'


def of_probe(request: Request) -> str:
    """The payload of an output row: what the MID Server is to call."""
    root = Element("parameters")
    for name, value in _parameters(request).items():
        SubElement(root, "parameter", name=name, value=value)
    return _DECLARATION + ET.tostring(root, "unicode")


def of_reply(probe: str, reply: Reply) -> str:
    """The payload of an input row: `<results>` with the answer and the probe's parameters."""
    root = Element("results", probe_time=str(reply.milliseconds))
    if reply.error:
        root.set("error", reply.error)
    SubElement(SubElement(root, "result"), "output").text = _printable(reply.body)
    told = read_parameters(probe) | {
        "http_status_code": str(reply.status),
        "error_string": reply.error,
    }
    parameters = SubElement(root, "parameters")
    for name, value in told.items():
        SubElement(parameters, "parameter", name=name, value=_printable(value))
    return _DECLARATION + ET.tostring(root, "unicode")


def read_parameters(payload: str) -> dict[str, str]:
    """The parameters of a probe or of a reply, by name."""
    root = _parsed(payload)
    return {each.get("name", ""): each.get("value", "") for each in root.iter("parameter")}


def read_reply(payload: str) -> dict[str, str]:
    """A reply's parameters, with its `output` and its `error`."""
    root = _parsed(payload)
    output = root.findtext("result/output") or ""
    return read_parameters(payload) | {"output": output, "error": root.get("error", "")}


def is_xml(payload: str) -> bool:
    """Whether it can be parsed."""
    try:
        _parsed(payload)
    except ET.ParseError:
        return False
    return True


def text_at(payload: str, path: str) -> str | None:
    """XMLDocument2.getNodeText: the text at a path such as `//results/result/output`.

    Of XPath only what probes need: steps by name, and one by `[@name='…']/@value` at the end.
    """
    steps = path.lstrip("/").split("/")
    wanted = steps.pop() if steps[-1].startswith("@") else ""
    root = _parsed(payload)
    found = root if steps == [root.tag] else root.find("/".join(steps[1:]))
    if found is None or steps[0] != root.tag:
        return None
    return found.get(wanted[1:]) if wanted else found.text


def headers_of(told: Mapping[str, str]) -> dict[str, str]:
    """A probe's `message_headers`, which are XML inside the XML."""
    root = _parsed(told.get("message_headers") or "<fields/>")
    return {each.get("name", ""): each.get("value", "") for each in root.iter("field")}


def _parameters(request: Request) -> dict[str, str]:
    return {
        "topic": "RESTProbe",
        "source": request.url,
        "http_method": request.method,
        "content": request.body,
        "message_headers": _fields(request.headers),
        "timeout": str(int(request.timeout_ms)),
        **request.parameters,
    }


def _fields(values: Mapping[str, str]) -> str:
    root = Element("fields")
    for name, value in values.items():
        SubElement(root, "field", name=name, value=value)
    return ET.tostring(root, "unicode")


def _parsed(payload: str) -> Element:
    """What the sandbox itself wrote, or an administrator; nobody else writes the queue."""
    return ET.fromstring(payload)  # noqa: S314 - see above


def _printable(text: str) -> str:
    """XML has no way to say a control character."""
    return "".join(each for each in text if each in "\t\n\r" or each >= " ")
