"""The one door: a posted SAML response comes in, an Identity or a SamlRefused comes out.

Three gates in this order: the structural allow-list (precheck), the SAML library, which verifies
signatures (python3-saml, strict), and our own exact comparisons (checks). The library stays behind
this function so that it can be replaced.
"""

from typing import cast

from lxml.etree import _Element as Element
from onelogin.saml2.errors import (
    OneLogin_Saml2_ValidationError as ValidationError,
)
from onelogin.saml2.response import (
    OneLogin_Saml2_Response as LibraryResponse,
)
from onelogin.saml2.settings import (
    OneLogin_Saml2_Settings as LibrarySettings,
)
from onelogin.saml2.utils import (
    OneLogin_Saml2_Utils as LibraryTools,
)

from webui.auth.saml.checks import CLOCK_DRIFT, Expected, check_response
from webui.auth.saml.identity import Identity, read_identity
from webui.auth.saml.precheck import precheck
from webui.auth.saml.provider import ServiceProvider, library_settings, request_data
from webui.auth.saml.refusal import Reason, SamlRefused

__all__ = ["CLOCK_DRIFT", "Expected", "Identity", "SamlRefused", "ServiceProvider", "verify"]

_LIBRARY_REASONS = {
    ValidationError.UNSUPPORTED_SAML_VERSION: Reason.NOT_A_RESPONSE,
    ValidationError.STATUS_CODE_IS_NOT_SUCCESS: Reason.STATUS,
    ValidationError.INVALID_XML_FORMAT: Reason.SCHEMA,
    ValidationError.WRONG_INRESPONSETO: Reason.IN_RESPONSE_TO,
    ValidationError.MISSING_CONDITIONS: Reason.LIFETIME,
    ValidationError.ASSERTION_TOO_EARLY: Reason.NOT_YET_VALID,
    ValidationError.ASSERTION_EXPIRED: Reason.EXPIRED,
    ValidationError.SESSION_EXPIRED: Reason.EXPIRED,
    ValidationError.NO_ATTRIBUTESTATEMENT: Reason.ATTRIBUTES_MISSING,
    ValidationError.WRONG_DESTINATION: Reason.DESTINATION,
    ValidationError.EMPTY_DESTINATION: Reason.DESTINATION,
    ValidationError.WRONG_AUDIENCE: Reason.AUDIENCE,
    ValidationError.ISSUER_MULTIPLE_IN_RESPONSE: Reason.ISSUER,
    ValidationError.ISSUER_NOT_FOUND_IN_ASSERTION: Reason.ISSUER,
    ValidationError.WRONG_ISSUER: Reason.ISSUER,
    ValidationError.WRONG_SUBJECTCONFIRMATION: Reason.CONFIRMATION,
    ValidationError.NO_SIGNED_MESSAGE: Reason.MESSAGE_UNSIGNED,
    ValidationError.NO_SIGNED_ASSERTION: Reason.ASSERTION_UNSIGNED,
    ValidationError.NO_SIGNATURE_FOUND: Reason.SIGNATURE_MISSING,
    ValidationError.INVALID_SIGNATURE: Reason.SIGNATURE_INVALID,
    ValidationError.DEPRECATED_SIGNATURE_METHOD: Reason.ALGORITHM,
    ValidationError.DEPRECATED_DIGEST_METHOD: Reason.ALGORITHM,
}


def verify(raw: str, expected: Expected, provider: ServiceProvider) -> Identity:
    """The identity that a posted `SAMLResponse` proves.

    `raw` is the form field as it came. Promises that the assertion was signed by one of the
    provider's certificates, made for this broker and for `expected.request_id`, and usable now;
    the caller has still to refuse an `assertion_id` that it has seen. The library compares with
    the machine's clock as well. Raises SamlRefused, and nothing else, for whatever the sender may
    have written.
    """
    document = precheck(raw)
    try:
        root = _verified(document, expected, provider)
        check_response(root, expected, provider)
        return read_identity(root, provider)
    except SamlRefused:
        raise
    except Exception as error:  # hostile input may raise anything in there
        raise Reason.INVALID.refused() from error


def _verified(document: bytes, expected: Expected, provider: ServiceProvider) -> Element:
    """The tree whose signatures hold: the very tree that was verified, no second reading."""
    settings = LibrarySettings(library_settings(provider))
    try:
        response = LibraryResponse(settings, LibraryTools.b64encode(document))
        response.is_valid(request_data(provider), expected.request_id, raise_exceptions=True)
    except ValidationError as error:
        raise _LIBRARY_REASONS.get(error.code, Reason.INVALID).refused() from error
    return cast("Element", response.document)
