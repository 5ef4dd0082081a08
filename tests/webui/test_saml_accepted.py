"""Sign-in answers that are let in, and what is read from them."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.webui.saml_idp import (
    IDP,
    Answer,
    Style,
    accepted,
    attributes,
    default_attributes,
    document,
    expected,
    expired_key,
    foreign_key,
    idp_key,
    minutes,
    posted,
    provider,
    refusal,
    sign,
    signed,
)
from webui.auth.saml.verify import verify

SIMPLESAMLPHP = Style()
KEYCLOAK = Style(ds="dsig")


def test_an_answer_signed_both_ways_gives_the_whole_identity() -> None:
    until, session = minutes(5), minutes(480)
    answer = Answer(confirmed_until=until, valid_until=minutes(4), session_until=session)
    identity = accepted(signed(answer))
    assert (identity.idp, identity.subject) == (IDP, "b1946ac92492d2347c6235b4d2611184")
    assert (identity.login, identity.email) == ("ada", "ada@example.com")
    assert (identity.employee_number, identity.display_name) == ("1001", "Ada Lindqvist")
    assert identity.groups == ("broker-operators", "broker-auditors")
    assert (identity.session_index, identity.assertion_id) == ("_session1", "_assertion1")
    assert identity.session_not_on_or_after == datetime.fromisoformat(session)
    assert identity.assertion_not_on_or_after == datetime.fromisoformat(until)


def test_times_read_are_aware_and_utc() -> None:
    identity = accepted(signed())
    assert identity.assertion_not_on_or_after.tzinfo is UTC


def test_only_the_assertion_signed_is_enough_where_configured() -> None:
    settings = provider(require_message_signature=False)
    assert accepted(signed(parts="assertion"), settings).login == "ada"


@pytest.mark.parametrize("pretty", [False, True])
@pytest.mark.parametrize("saml", ["saml", "saml2", ""])
@pytest.mark.parametrize("ds", ["ds", "dsig", None])
def test_prefixes_and_line_breaks_are_the_senders_business(
    ds: str, saml: str, pretty: bool
) -> None:
    style = Style(saml=saml, samlp="saml2p", ds=ds, pretty=pretty)
    assert accepted(signed(style=style)).login == "ada"


def test_a_keycloak_answer_is_accepted() -> None:
    """dsig: prefix, KeyName, milliseconds, a window of one minute, no session qualifier."""
    answer = Answer(
        issued_at=minutes(0).replace("Z", ".417Z"),
        valid_from=minutes(-0.03).replace("Z", ".417Z"),
        valid_until=minutes(1).replace("Z", ".417Z"),
        session_index="a1::b2",
    )
    identity = accepted(
        signed(answer, KEYCLOAK, key_name="FJ86GcF3jTbNLOco4NvZkUCIUmfYCqoqtOQeMfbhNlE")
    )
    assert identity.session_index == "a1::b2"


def test_a_simplesamlphp_answer_is_accepted() -> None:
    """The NameID is qualified with our own entity id."""
    answer = Answer(name_id_qualifier=provider().entity_id)
    assert accepted(signed(answer, SIMPLESAMLPHP)).login == "ada"


def test_the_second_of_two_certificates_may_have_signed() -> None:
    settings = provider(idp_certificates=(foreign_key().certificate, idp_key().certificate))
    assert accepted(signed(), settings).login == "ada"


def test_a_rotated_out_certificate_no_longer_signs() -> None:
    settings = provider(idp_certificates=(foreign_key().certificate,))
    assert refusal(signed(), settings) == "signature_invalid"


def test_a_pinned_certificate_past_its_end_date_still_signs() -> None:
    """Certificates are pinned; their end dates are for an alarm, not for locking everybody out."""
    settings = provider(idp_certificates=(expired_key().certificate,))
    assert accepted(signed(pair=expired_key()), settings).login == "ada"


def test_line_breaks_in_the_base64_are_accepted() -> None:
    raw = posted(signed())
    broken = "\r\n".join(raw[i : i + 64] for i in range(0, len(raw), 64))
    assert verify(broken, expected(), provider()).login == "ada"


def test_no_attributes_are_needed_when_the_name_id_is_the_login() -> None:
    settings = provider(login_attribute="")
    identity = accepted(signed(Answer(attributes={})), settings)
    assert identity.login == identity.subject
    assert (identity.email, identity.display_name, identity.groups) == ("", "", ())


def test_missing_optional_attributes_are_empty() -> None:
    identity = accepted(signed(Answer(attributes={"uid": ("ada",)})))
    assert (identity.email, identity.employee_number, identity.groups) == ("", "", ())


def test_configured_attribute_names_are_used() -> None:
    name = "urn:oid:0.9.2342.19200300.100.1.1"
    answer = Answer(attributes={name: ("ada",), "roles": ("one", "two", "one")})
    identity = accepted(signed(answer), provider(login_attribute=name, group_attribute="roles"))
    assert (identity.login, identity.groups) == ("ada", ("one", "two"))


def test_texts_are_trimmed_and_folded_but_keep_inner_spaces() -> None:
    values = default_attributes() | {"displayName": ("\n  Ad\uff41 Lindqvist ",)}
    assert accepted(signed(Answer(attributes=values))).display_name == "Ada Lindqvist"


def test_case_of_name_id_and_login_is_kept() -> None:
    answer = Answer(name_id="AdA", attributes=default_attributes() | {"uid": ("ADA",)})
    identity = accepted(signed(answer))
    assert (identity.subject, identity.login) == ("AdA", "ADA")


def test_a_decomposed_login_is_composed() -> None:
    answer = Answer(attributes=default_attributes() | {"uid": ("rene\u0301",)})
    assert accepted(signed(answer)).login == "ren\u00e9"


def test_an_issuer_on_the_response_is_optional() -> None:
    assert accepted(signed(Answer(response_issuer=None))).login == "ada"


def test_a_vendor_attribute_on_a_saml_attribute_is_accepted() -> None:
    """AD FS names the original issuer that way."""
    root = document(Answer())
    first = root.iter("{*}Attribute").__next__()
    first.set("{http://schemas.xmlsoap.org/ws/2009/09/identity/claims}OriginalIssuer", "x")
    sign(root.find("{*}Assertion"), idp_key())  # type: ignore[arg-type]  # it is there
    sign(root, idp_key())
    assert accepted(root).login == "ada"


def test_a_small_clock_difference_is_forgiven() -> None:
    assert accepted(signed(Answer(valid_from=minutes(1.5)))).login == "ada"
    assert accepted(signed(Answer(valid_until=minutes(-1.5)))).login == "ada"


def test_an_answer_may_be_checked_a_little_later() -> None:
    later = datetime.now(UTC) + timedelta(minutes=4)
    assert verify(posted(signed()), expected(now=later), provider()).login == "ada"


def test_the_builder_leaves_out_what_is_none() -> None:
    assert attributes(A=None, B="1") == ' B="1"'
