"""Who signed in, read from an assertion that has already been verified."""

import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime

from lxml.etree import _Element as Element

from webui.auth.saml.names import CONFIRMATION_DATA, FORMAT_PERSISTENT, FORMAT_TRANSIENT, PREFIXES
from webui.auth.saml.provider import ServiceProvider
from webui.auth.saml.refusal import Reason

MAX_NAME = 256
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


@dataclass(frozen=True)
class Identity:
    """A person as one identity provider describes them.

    (`idp`, `subject`) is the key: case is significant in it, and two identity providers never name
    the same person. `login` is the configured attribute as it was sent, case included. Texts that
    were not sent are empty. `assertion_id` must be stored with a unique constraint together with
    `idp`, at least until `assertion_not_on_or_after`, so that an answer cannot be used twice.
    Times are aware and UTC.
    """

    idp: str
    subject: str
    login: str
    email: str
    employee_number: str
    display_name: str
    groups: tuple[str, ...]
    session_index: str | None
    session_not_on_or_after: datetime | None
    assertion_id: str
    assertion_not_on_or_after: datetime


def read_identity(root: Element, provider: ServiceProvider) -> Identity:
    """The identity in a verified response. Raises SamlRefused when a value is unfit as a name."""
    assertion = only_assertion(root)
    subject = _subject(assertion, provider)
    texts = _attributes(assertion)
    session = assertion.find("saml:AuthnStatement", PREFIXES)
    return Identity(
        idp=provider.idp_entity_id,
        subject=subject,
        login=_login(texts, provider) if provider.login_attribute else subject,
        email=_text(_single(texts, provider.email_attribute)),
        employee_number=_text(_single(texts, provider.employee_number_attribute)),
        display_name=_text(_single(texts, provider.display_name_attribute)),
        groups=tuple(dict.fromkeys(map(_text, texts.get(provider.group_attribute, ())))),
        session_index=None if session is None else session.get("SessionIndex"),
        session_not_on_or_after=_session_end(session),
        assertion_id=assertion.get("ID", ""),
        assertion_not_on_or_after=_usable_until(assertion),
    )


def only_assertion(root: Element) -> Element:
    """The assertion of a response. Raises SamlRefused when there is not exactly one."""
    assertions = root.findall("saml:Assertion", PREFIXES)
    if len(assertions) != 1:
        raise Reason.ASSERTION_COUNT.refused()
    return assertions[0]


def parsed_time(text: str | None) -> datetime | None:
    """An xs:dateTime as aware UTC; None when absent. Raises SamlRefused when it names no zone."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise Reason.SCHEMA.refused() from error
    if moment.tzinfo is None:
        raise Reason.SCHEMA.refused()
    return moment.astimezone(UTC)


def _subject(assertion: Element, provider: ServiceProvider) -> str:
    name_id = assertion.find("saml:Subject/saml:NameID", PREFIXES)
    if name_id is None:
        raise Reason.NAME_ID.refused()
    if name_id.get("SPNameQualifier", provider.entity_id) != provider.entity_id:
        raise Reason.NAME_ID.refused()
    form = name_id.get("Format")
    if form == FORMAT_TRANSIENT or (form != FORMAT_PERSISTENT and not provider.login_attribute):
        raise Reason.NAME_ID_FORMAT.refused()
    return _key(name_id.text or "", Reason.NAME_ID)


def _login(texts: dict[str, tuple[str, ...]], provider: ServiceProvider) -> str:
    login = _single(texts, provider.login_attribute)
    if not login:
        raise Reason.LOGIN_MISSING.refused()
    return _key(login, Reason.ATTRIBUTE_VALUE)


def _attributes(assertion: Element) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for attribute in assertion.iterfind("saml:AttributeStatement/saml:Attribute", PREFIXES):
        name = attribute.get("Name", "")
        if name in found:
            raise Reason.ATTRIBUTE_DUPLICATE.refused()
        values = ((value.text or "").strip() for value in attribute)
        found[name] = tuple(value for value in values if value)
    return found


def _single(texts: dict[str, tuple[str, ...]], name: str) -> str:
    values = texts.get(name, ())
    if len(values) > 1:
        raise Reason.ATTRIBUTE_VALUE.refused()
    return values[0] if values else ""


def _text(value: str) -> str:
    """A value for people's eyes: folded (NFKC), nothing invisible, no spaces around."""
    folded = unicodedata.normalize("NFKC", value).strip()
    if not _is_visible(folded):
        raise Reason.ATTRIBUTE_VALUE.refused()
    return folded


def _key(value: str, reason: Reason) -> str:
    """A value that picks a person: refused rather than repaired: no two spellings, one person."""
    composed = unicodedata.normalize("NFC", value)
    if composed != unicodedata.normalize("NFKC", value) or any(c.isspace() for c in value):
        raise reason.refused()
    if not 0 < len(composed) <= MAX_NAME or not _is_visible(composed):
        raise reason.refused()
    return composed


def _is_visible(value: str) -> bool:
    return not any(unicodedata.category(c) in _UNSAFE_CATEGORIES for c in value)


def _session_end(session: Element | None) -> datetime | None:
    return None if session is None else parsed_time(session.get("SessionNotOnOrAfter"))


def _usable_until(assertion: Element) -> datetime:
    limits = [
        *assertion.iterfind("saml:Conditions", PREFIXES),
        *assertion.iterfind(CONFIRMATION_DATA, PREFIXES),
    ]
    ends = (parsed_time(limit.get("NotOnOrAfter")) for limit in limits)
    return max(end for end in ends if end is not None)
