"""What must be true of a verified response beyond what the SAML library asks.

The library skips a check when the value is absent, compares addresses by prefix or substring, and
accepts any lifetime. Here every value is demanded and compared exactly (SAML Profiles 2.0, section
4.1.4.2 and 4.1.4.3).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from lxml.etree import _Element as Element

from webui.auth.saml.identity import only_assertion, parsed_time
from webui.auth.saml.names import BEARER, CONFIRMATION_DATA, PREFIXES
from webui.auth.saml.provider import ServiceProvider
from webui.auth.saml.refusal import Reason

# How far the identity provider's clock may differ from ours when the assertion's window is judged.
CLOCK_DRIFT = timedelta(minutes=2)


@dataclass(frozen=True)
class Expected:
    """What the answer must fit: the id of this browser's request, and the time now (aware)."""

    request_id: str
    now: datetime


def check_response(root: Element, expected: Expected, provider: ServiceProvider) -> None:
    """Raises SamlRefused unless the response was made for us, for this request, and for now."""
    assertion = only_assertion(root)
    _check_issuers(root, assertion, provider)
    if not expected.request_id or root.get("InResponseTo") != expected.request_id:
        raise Reason.IN_RESPONSE_TO.refused()
    if root.get("Destination") != provider.acs_url:
        raise Reason.DESTINATION.refused()
    _check_confirmation(assertion, expected, provider)
    _check_audience(assertion, provider)
    _check_conditions(assertion, expected, provider)
    _check_authentication(assertion, expected, provider)


def _check_issuers(root: Element, assertion: Element, provider: ServiceProvider) -> None:
    of_response = [issuer.text for issuer in root.iterfind("saml:Issuer", PREFIXES)]
    of_assertion = [issuer.text for issuer in assertion.iterfind("saml:Issuer", PREFIXES)]
    ours = [provider.idp_entity_id]
    if of_response not in ([], ours) or of_assertion != ours:
        raise Reason.ISSUER.refused()


def _check_confirmation(assertion: Element, expected: Expected, provider: ServiceProvider) -> None:
    confirmations = assertion.findall("saml:Subject/saml:SubjectConfirmation", PREFIXES)
    data = assertion.findall(CONFIRMATION_DATA, PREFIXES)
    if len(confirmations) != 1 or confirmations[0].get("Method") != BEARER or len(data) != 1:
        raise Reason.CONFIRMATION.refused()
    _check_confirmation_data(data[0], expected, provider)


def _check_confirmation_data(data: Element, expected: Expected, provider: ServiceProvider) -> None:
    ends_at = parsed_time(data.get("NotOnOrAfter"))
    if data.get("NotBefore") is not None or ends_at is None:
        raise Reason.CONFIRMATION.refused()
    if data.get("InResponseTo") != expected.request_id:
        raise Reason.IN_RESPONSE_TO.refused()
    if data.get("Recipient") != provider.acs_url:
        raise Reason.RECIPIENT.refused()
    if ends_at <= expected.now:
        raise Reason.EXPIRED.refused()
    if ends_at > expected.now + provider.confirmation_ahead:
        raise Reason.LIFETIME.refused()


def _check_audience(assertion: Element, provider: ServiceProvider) -> None:
    audiences = assertion.findall(
        "saml:Conditions/saml:AudienceRestriction/saml:Audience", PREFIXES
    )
    if [audience.text for audience in audiences] != [provider.entity_id]:
        raise Reason.AUDIENCE.refused()


def _check_conditions(assertion: Element, expected: Expected, provider: ServiceProvider) -> None:
    conditions = assertion.find("saml:Conditions", PREFIXES)
    ends_at = None if conditions is None else parsed_time(conditions.get("NotOnOrAfter"))
    if conditions is None or ends_at is None:
        raise Reason.LIFETIME.refused()
    starts_at = parsed_time(conditions.get("NotBefore") or assertion.get("IssueInstant"))
    if starts_at is None or ends_at - starts_at > provider.conditions_window:
        raise Reason.LIFETIME.refused()
    if starts_at > expected.now + CLOCK_DRIFT:
        raise Reason.NOT_YET_VALID.refused()
    if ends_at + CLOCK_DRIFT <= expected.now:
        raise Reason.EXPIRED.refused()


def _check_authentication(
    assertion: Element, expected: Expected, provider: ServiceProvider
) -> None:
    statement = assertion.find("saml:AuthnStatement", PREFIXES)
    at = None if statement is None else parsed_time(statement.get("AuthnInstant"))
    if at is None:
        raise Reason.SCHEMA.refused()
    if provider.authn_age is not None and expected.now - at > provider.authn_age:
        raise Reason.AUTHN_AGE.refused()
