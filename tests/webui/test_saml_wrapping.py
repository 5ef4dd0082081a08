"""Signature wrapping: a signed assertion moved aside, an altered one put where it will be read.

The eight classical permutations (Somorovsky et al., "On Breaking SAML", 2012), each in several
spellings. None may give an identity.
"""

from collections.abc import Callable
from copy import deepcopy

import pytest
from lxml import etree
from lxml.etree import _Element as Element

from tests.webui.saml_idp import DS, SAMLP, Style, only, provider, refusal, signed

STYLES = {
    "usual": Style(),
    "default namespace": Style(saml="", samlp=""),
    "renamed": Style(saml="a", samlp="p", ds="sig"),
    "pretty": Style(pretty=True),
}
SIGNATURE, ASSERTION = "ds:Signature", "saml:Assertion"


def evil(element: Element, new_id: str | None = "_evil1") -> Element:
    """A copy that names somebody else."""
    copy = deepcopy(element)
    next(copy.iter("{*}NameID")).text = "mallory"
    if new_id:
        copy.set("ID", new_id)
    return copy


def without_signature(element: Element) -> Element:
    copy = deepcopy(element)
    copy.remove(only(copy, SIGNATURE))
    return copy


def replaced(root: Element, old: Element, *new: Element) -> Element:
    at = root.index(old)
    root.remove(old)
    for offset, element in enumerate(new):
        root.insert(at + offset, element)
    return root


def xsw1(root: Element) -> Element:
    wrapped = evil(root)
    only(wrapped, SIGNATURE).append(without_signature(root))
    return wrapped


def xsw2(root: Element) -> Element:
    wrapped = evil(root)
    only(wrapped, SIGNATURE).addprevious(without_signature(root))
    return wrapped


def xsw3(root: Element) -> Element:
    assertion = only(root, ASSERTION)
    assertion.addprevious(evil(without_signature(assertion)))
    return root


def xsw4(root: Element) -> Element:
    assertion = only(root, ASSERTION)
    around = evil(without_signature(assertion))
    replaced(root, assertion, around)
    around.append(assertion)
    return root


def xsw5(root: Element) -> Element:
    assertion = only(root, ASSERTION)
    replaced(root, assertion, evil(assertion))
    root.append(without_signature(assertion))
    return root


def xsw6(root: Element) -> Element:
    assertion = only(root, ASSERTION)
    altered = evil(assertion)
    only(altered, SIGNATURE).append(without_signature(assertion))
    return replaced(root, assertion, altered)


def xsw7(tag: str, new_id: str | None) -> Callable[[Element], Element]:
    def wrap(root: Element) -> Element:
        assertion = only(root, ASSERTION)
        extensions = etree.Element(tag)
        extensions.append(evil(without_signature(assertion), new_id))
        assertion.addprevious(extensions)
        return root

    return wrap


def xsw8(tag: str, new_id: str | None) -> Callable[[Element], Element]:
    def wrap(root: Element) -> Element:
        assertion = only(root, ASSERTION)
        altered = evil(assertion, new_id)
        holder = etree.SubElement(only(altered, SIGNATURE), tag)
        holder.append(without_signature(assertion))
        return replaced(root, assertion, altered)

    return wrap


WRAPPINGS: dict[str, tuple[Callable[[Element], Element], str]] = {
    "1": (xsw1, "assertion_count"),
    "2": (xsw2, "assertion_count"),
    "3": (xsw3, "assertion_count"),
    "4": (xsw4, "assertion_count"),
    "5": (xsw5, "assertion_count"),
    "6": (xsw6, "assertion_count"),
    "7 same id": (xsw7("Extensions", None), "duplicate_id"),
    "7 new id": (xsw7("Extensions", "_evil1"), "assertion_count"),
    "7 namespace": (xsw7(f"{{{SAMLP}}}Extensions", "_evil1"), "assertion_count"),
    "8 same id": (xsw8("Object", None), "duplicate_id"),
    "8 new id": (xsw8("Object", "_evil1"), "assertion_count"),
    "8 namespace": (xsw8(f"{{{DS}}}Object", "_evil1"), "assertion_count"),
}


@pytest.mark.parametrize("parts", ["single", "both"])
@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES.keys())
@pytest.mark.parametrize(("wrap", "code"), WRAPPINGS.values(), ids=WRAPPINGS.keys())
def test_a_wrapped_answer_gives_nobody(
    wrap: Callable[[Element], Element], code: str, style: Style, parts: str
) -> None:
    single = "response" if wrap in (xsw1, xsw2) else "assertion"
    root = wrap(signed(style=style, parts=single if parts == "single" else "both"))
    settings = provider(require_message_signature=parts == "both")
    assert refusal(root, settings) in {code, "duplicate_id"}


@pytest.mark.parametrize("before", [True, False])
def test_two_assertions_with_one_id_give_nobody(before: bool) -> None:
    root = signed(parts="assertion")
    assertion = only(root, ASSERTION)
    place = assertion.addprevious if before else assertion.addnext
    place(evil(without_signature(assertion), None))
    assert refusal(root, provider(require_message_signature=False)) == "duplicate_id"


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("{urn:example:foreign}Box", "assertion_position"),
        (f"{{{SAMLP}}}Extensions", "assertion_position"),
        ("{urn:oasis:names:tc:SAML:2.0:assertion}Advice", "assertion_position"),
        (f"{{{DS}}}Object", "assertion_position"),
    ],
)
def test_an_assertion_inside_another_element_gives_nobody(tag: str, code: str) -> None:
    root = signed(parts="assertion")
    assertion = only(root, ASSERTION)
    box = etree.Element(tag)
    replaced(root, assertion, box)
    box.append(assertion)
    assert refusal(root, provider(require_message_signature=False)) == code


def test_a_signed_error_with_a_decoy_assertion_gives_nobody() -> None:
    root = signed()
    only(root, "samlp:Status/samlp:StatusCode").set(
        "Value", "urn:oasis:names:tc:SAML:2.0:status:Requester"
    )
    assert refusal(root) == "status"
