"""Signatures that are refused for their shape, before the SAML library sees them."""

import time
from collections.abc import Callable
from copy import deepcopy

import pytest
from lxml import etree
from lxml.etree import _Element as Element

from tests.webui.saml_idp import (
    DS,
    Answer,
    document,
    only,
    posted,
    refusal,
    refusal_of,
    signed,
)
from webui.auth.saml import verify as door
from webui.auth.saml.precheck import precheck

OF_ASSERTION = "saml:Assertion/ds:Signature"
SIGNED_INFO = f"{OF_ASSERTION}/ds:SignedInfo"
REFERENCE = f"{SIGNED_INFO}/ds:Reference"
TRANSFORMS = f"{REFERENCE}/ds:Transforms"
XSLT = "http://www.w3.org/1999/XSL/Transform"


@pytest.fixture(autouse=True)
def library_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is refused here is refused without the SAML library's help."""

    def reached(*_: object) -> None:
        raise AssertionError("the library saw a document of a shape that is refused")

    monkeypatch.setattr(door, "_verified", reached)


Change = Callable[[Element], object]
METHOD = f"{SIGNED_INFO}/ds:SignatureMethod"
CANONICALISATION = f"{SIGNED_INFO}/ds:CanonicalizationMethod"
TRANSFORM = f"{TRANSFORMS}/ds:Transform"
KEY_INFO = f"{OF_ASSERTION}/ds:KeyInfo"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
INCLUSIVE_C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
HMAC = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
KEY_INFO_REFERENCE = "{http://www.w3.org/2009/xmldsig11#}KeyInfoReference"


def setting(path: str, name: str, value: str) -> Change:
    return lambda root: only(root, path).set(name, value)


def adding(path: str, tag: str) -> Change:
    return lambda root: etree.SubElement(only(root, path), tag)


def repeating(path: str) -> Change:
    return lambda root: only(root, path).addnext(deepcopy(only(root, path)))


def removing(path: str) -> Change:
    def remove(root: Element) -> None:
        element = only(root, path)
        element.getparent().remove(element)  # type: ignore[union-attr]  # never the root

    return remove


def second_reference(uri: str) -> Change:
    def add(root: Element) -> None:
        copy = deepcopy(only(root, REFERENCE))
        copy.set("URI", uri)
        only(root, REFERENCE).addnext(copy)

    return add


def stylesheet(root: Element) -> None:
    """Only the structure: an empty stylesheet, which must never be looked at."""
    transform = only(root, f"{TRANSFORMS}/ds:Transform")
    transform.set("Algorithm", "http://www.w3.org/TR/1999/REC-xslt-19991116")
    etree.SubElement(transform, f"{{{XSLT}}}stylesheet", version="1.0")


def stylesheet_in_canonicalisation(root: Element) -> None:
    last = only(root, TRANSFORMS)[-1]
    etree.SubElement(last, f"{{{XSLT}}}stylesheet", version="1.0")


def many_transforms(root: Element) -> None:
    transforms = only(root, TRANSFORMS)
    for _ in range(1500):
        etree.SubElement(transforms, f"{{{DS}}}Transform", Algorithm=f"{DS}enveloped-signature")


def moved_signature(root: Element) -> None:
    only(root, "saml:Assertion/saml:Subject").append(only(root, OF_ASSERTION))


def two_signed_infos(root: Element) -> None:
    only(root, OF_ASSERTION).insert(0, deepcopy(only(root, SIGNED_INFO)))


def nameless(root: Element) -> None:
    del only(root, "saml:Assertion").attrib["ID"]


SHA1 = f"{DS}sha1"
SIGNATURES: dict[str, tuple[Change, str]] = {
    "second reference, same": (second_reference("#_assertion1"), "reference_count"),
    "second reference, response": (second_reference("#_response1"), "reference_count"),
    "second reference, empty": (second_reference(""), "reference_count"),
    "second reference, file": (second_reference("file:///dev/null"), "reference_count"),
    "second reference, http": (second_reference("http://127.0.0.1:9/"), "reference_count"),
    "no reference": (removing(REFERENCE), "reference_count"),
    "reference to nothing": (setting(REFERENCE, "URI", ""), "reference_target"),
    "reference to the other": (setting(REFERENCE, "URI", "#_response1"), "reference_target"),
    "reference to a file": (setting(REFERENCE, "URI", "file:///dev/null"), "reference_target"),
    "reference by xpointer": (setting(REFERENCE, "URI", "#xpointer(/)"), "reference_target"),
    "no ID": (nameless, "reference_target"),
    "stylesheet": (stylesheet, "transforms"),
    "stylesheet in c14n": (stylesheet_in_canonicalisation, "element"),
    "xpath": (setting(TRANSFORM, "Algorithm", XPATH), "transforms"),
    "base64": (setting(TRANSFORM, "Algorithm", f"{DS}base64"), "transforms"),
    "many transforms": (many_transforms, "transforms"),
    "one transform": (removing(TRANSFORM), "transforms"),
    "no transforms": (removing(TRANSFORMS), "signature_shape"),
    "inclusive c14n": (
        setting(CANONICALISATION, "Algorithm", INCLUSIVE_C14N),
        "transforms",
    ),
    "rsa-sha1": (setting(METHOD, "Algorithm", f"{DS}rsa-sha1"), "algorithm"),
    "hmac": (
        setting(METHOD, "Algorithm", HMAC),
        "algorithm",
    ),
    "hmac length": (adding(METHOD, f"{{{DS}}}HMACOutputLength"), "algorithm"),
    "sha1 digest": (setting(f"{REFERENCE}/ds:DigestMethod", "Algorithm", SHA1), "algorithm"),
    "digest with children": (adding(f"{REFERENCE}/ds:DigestMethod", "x"), "algorithm"),
    "digest value with children": (adding(f"{REFERENCE}/ds:DigestValue", "x"), "element"),
    "retrieval method": (adding(KEY_INFO, f"{{{DS}}}RetrievalMethod"), "key_info"),
    "retrieval in x509": (
        adding(f"{KEY_INFO}/ds:X509Data", f"{{{DS}}}RetrievalMethod"),
        "key_info",
    ),
    "key info reference": (
        adding(KEY_INFO, KEY_INFO_REFERENCE),
        "key_info",
    ),
    "object": (adding(OF_ASSERTION, f"{{{DS}}}Object"), "signature_shape"),
    "manifest": (adding(SIGNED_INFO, f"{{{DS}}}Manifest"), "signature_shape"),
    "two signed infos": (two_signed_infos, "signature_shape"),
    "no signature value": (removing(f"{OF_ASSERTION}/ds:SignatureValue"), "signature_shape"),
    "moved signature": (moved_signature, "signature_position"),
    "two signatures": (repeating(OF_ASSERTION), "signature_count"),
}


@pytest.mark.parametrize(("change", "code"), SIGNATURES.values(), ids=SIGNATURES.keys())
def test_a_signature_of_another_shape_is_refused_at_once(change: Change, code: str) -> None:
    root = signed()
    change(root)
    raw = posted(root)
    started = time.perf_counter()
    assert refusal_of(raw) == code
    assert time.perf_counter() - started < 0.05


def test_no_signature_is_refused() -> None:
    assert refusal(document(Answer())) == "signature_missing"


def test_inclusive_namespaces_of_the_canonicalisation_are_allowed() -> None:
    root = signed()
    c14n = "http://www.w3.org/2001/10/xml-exc-c14n#"
    for parent in (
        only(root, TRANSFORMS)[-1],
        only(root, CANONICALISATION),
    ):
        etree.SubElement(parent, f"{{{c14n}}}InclusiveNamespaces", PrefixList="xs")
    assert precheck(posted(root))


def test_the_usual_descriptions_of_a_key_are_allowed() -> None:
    root = signed(key_name="idp")
    data = only(root, f"{KEY_INFO}/ds:X509Data")
    for name in ("X509SubjectName", "X509SKI"):
        etree.SubElement(data, f"{{{DS}}}{name}").text = "x"
    assert precheck(posted(root))
