"""Documents that are refused for their shape, before the SAML library sees them."""

import base64
import time

import pytest
from lxml import etree

from tests.webui.saml_idp import (
    SAML,
    SUCCESS,
    Answer,
    document,
    idp_key,
    only,
    posted,
    posted_text,
    provider,
    refusal,
    refusal_of,
    sign,
    signed,
)
from webui.auth.saml import verify as door
from webui.auth.saml.precheck import MAX_BYTES, precheck
from webui.auth.saml.refusal import Reason

OF_ASSERTION = "saml:Assertion/ds:Signature"


def text() -> str:
    return etree.tostring(signed(), encoding="unicode")


@pytest.fixture(autouse=True)
def library_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is refused here is refused without the SAML library's help."""

    def reached(*_: object) -> None:
        raise AssertionError("the library saw a document of a shape that is refused")

    monkeypatch.setattr(door, "_verified", reached)


# ---- how it arrives ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw", ["%%%", "abc", "PHNhbWw+=", "PHNh bWw+", "PHNhbWw+\t", "Pé", "====", "-_-_"]
)
def test_what_is_not_base64_is_refused(raw: str) -> None:
    assert refusal_of(raw) == "not_base64"


def test_nothing_at_all_is_refused() -> None:
    assert refusal_of("") == "missing"


@pytest.mark.parametrize("size", [MAX_BYTES + 1, 10_000_000])
def test_an_oversized_answer_is_refused_at_once(size: int) -> None:
    raw = base64.b64encode(b"<" + b"a" * size).decode()
    started = time.thread_time()  # of our own work, whatever else the machine does
    assert refusal_of(raw) == "too_large"
    assert time.thread_time() - started < 2


@pytest.mark.parametrize("content", ["", " ", "no xml", "<a>", "<a/><b/>", "{}", '<a b="&c;"/>'])
def test_what_is_not_xml_is_refused(content: str) -> None:
    assert refusal_of(posted_text(content)) in {"not_xml", "missing"}


@pytest.mark.parametrize(
    "declaration",
    [
        "<!DOCTYPE Response>",
        '<!DOCTYPE r SYSTEM "http://127.0.0.1:9/x.dtd">',
        '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/hostname">]>',
    ],
)
def test_a_document_type_is_refused(declaration: str) -> None:
    assert refusal_of(posted_text(declaration + text())) == "dtd"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-16-le"])
def test_a_document_type_in_another_encoding_is_refused(encoding: str) -> None:
    hidden = ("<!DOCTYPE r []>" + text()).encode(encoding)
    assert refusal_of(base64.b64encode(hidden).decode()) == "encoding"


@pytest.mark.parametrize("encoding", ["ISO-8859-1", "UTF-7", "UTF-16"])
def test_another_declared_encoding_is_refused(encoding: str) -> None:
    declared = f'<?xml version="1.0" encoding="{encoding}"?>' + text()
    assert refusal_of(posted_text(declared)) in {"encoding", "not_xml"}


@pytest.mark.parametrize("markup", ["<!-- -->", "<?php echo ?>", "<![CDATA[x]]>"])
@pytest.mark.parametrize("place", ["<saml:NameID", "b1946ac9", "</samlp:Response>", "ada@"])
def test_comments_instructions_and_cdata_are_refused(markup: str, place: str) -> None:
    if place.startswith("<"):
        changed = text().replace(place, markup + place, 1)
    else:
        changed = text().replace(place, place + markup, 1)
    assert changed != text()
    assert refusal_of(posted_text(changed)) == "markup"


def test_a_comment_inside_a_digest_is_refused() -> None:
    changed = text().replace("DigestValue>", "DigestValue><!--x-->", 1)
    assert refusal_of(posted_text(changed)) == "markup"


def test_an_xml_declaration_is_no_instruction() -> None:
    declared = '<?xml version="1.0" encoding="utf-8"?>\n' + text()
    assert precheck(posted_text(declared)).startswith(b"<?xml")


# ---- elements ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tag",
    [
        "Response",
        "{urn:x}Response",
        f"{{{SAML}}}Assertion",
        "{urn:oasis:names:tc:SAML:2.0:protocol}LogoutResponse",
    ],
)
def test_another_root_is_refused(tag: str) -> None:
    assert refusal(etree.Element(tag)) == "not_a_response"


def status(*values: str) -> str:
    """Status codes, each inside the one before."""
    opened = "".join(f'<samlp:StatusCode Value="{value}">' for value in values)
    return opened + "</samlp:StatusCode>" * len(values)


OUTCOME = "urn:oasis:names:tc:SAML:2.0:status:"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (status(f"{OUTCOME}Responder"), "status"),
        (status(SUCCESS, SUCCESS), "status"),
        (status("Success"), "status"),
        (status(), "status"),
        (status(f"{OUTCOME}Requester", f"{OUTCOME}InvalidNameIDPolicy"), "name_id_policy"),
    ],
)
def test_anything_but_success_is_refused(status: str, code: str) -> None:
    assert refusal(signed(Answer(status=status))) == code


def test_no_assertion_is_refused() -> None:
    root = document(Answer())
    root.remove(only(root, "saml:Assertion"))
    assert refusal(root) == "assertion_count"


def test_an_encrypted_assertion_is_refused() -> None:
    root = signed()
    etree.SubElement(root, f"{{{SAML}}}EncryptedAssertion")
    assert refusal(root) == "encrypted"


@pytest.mark.parametrize(
    "name", ["EncryptedID", "EncryptedData", "CipherReference", "EncryptedKey"]
)
def test_encrypted_parts_are_refused(name: str) -> None:
    root = signed()
    etree.SubElement(
        only(root, "saml:Assertion/saml:Subject"), f"{{http://www.w3.org/2001/04/xmlenc#}}{name}"
    )
    assert refusal(root) == "encrypted"


@pytest.mark.parametrize(
    "tag", [f"{{{SAML}}}Advice", "{urn:x}Anything", "Anything", f"{{{SAML}}}AuthzDecisionStatement"]
)
@pytest.mark.parametrize("path", [".", "saml:Assertion", "saml:Assertion/saml:Conditions"])
def test_an_unknown_element_is_refused(path: str, tag: str) -> None:
    root = signed()
    etree.SubElement(only(root, path), tag)
    assert refusal(root) == "element"


@pytest.mark.parametrize(
    "path",
    [
        "saml:Assertion/saml:Subject/saml:NameID",
        "saml:Assertion/saml:AttributeStatement/saml:Attribute/saml:AttributeValue",
    ],
)
def test_markup_inside_a_value_is_refused(path: str) -> None:
    root = document(Answer())
    etree.SubElement(only(root, path), "b").text = "x"
    sign(only(root, "saml:Assertion"), idp_key())
    sign(root, idp_key())
    assert refusal(root) == "value_markup"


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [
        (OF_ASSERTION, "Id", "_assertion1"),
        ("saml:Assertion", "{urn:x}ID", "_other"),
        ("saml:Assertion", "{http://www.w3.org/XML/1998/namespace}id", "_other"),
        (".", "ID", "_assertion1"),
        ("saml:Assertion/saml:Subject", "id", "_response1"),
    ],
)
def test_a_repeated_or_disguised_id_is_refused(path: str, name: str, value: str) -> None:
    root = signed()
    only(root, path).set(name, value)
    assert refusal(root) == "duplicate_id"


@pytest.mark.parametrize(
    "name",
    [
        "{http://www.w3.org/XML/1998/namespace}base",
        "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation",
    ],
)
def test_attributes_that_change_the_reading_are_refused(name: str) -> None:
    root = signed()
    root.set(name, "urn:x")
    assert refusal(root) == "namespace"


def test_a_relative_namespace_is_refused() -> None:
    changed = text().replace("<samlp:Response ", '<samlp:Response xmlns:r="1" ', 1)
    assert refusal_of(posted_text(changed)) in {"namespace", "not_xml"}


def test_many_groups_are_checked_quickly() -> None:
    values = {"uid": ("ada",), "groups": tuple(f"group-{n}" for n in range(1200))}
    raw = posted(signed(Answer(attributes=values)))
    started = time.thread_time()  # of our own work, whatever else the machine does
    assert precheck(raw)
    assert time.thread_time() - started < 2


def test_every_reason_has_its_own_code_and_a_sentence() -> None:
    codes = [reason.value[0] for reason in Reason]
    assert len(set(codes)) == len(codes)
    assert all(reason.refused().sentence.endswith(".") for reason in Reason)


def test_provider_settings_do_not_reach_the_shape() -> None:
    assert (
        refusal(document(Answer()), provider(require_message_signature=False))
        == "signature_missing"
    )
