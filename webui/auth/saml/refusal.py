"""Why a sign-in answer is refused: one code and one sentence for each reason.

Sentences never repeat what the sender wrote, so they can be logged and shown to an operator as
they are. The person who tries to sign in is shown a generic page.
"""

from enum import Enum


class SamlRefused(Exception):
    """The answer is not accepted. `code` is stable (audit), `sentence` is for the operator."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence


class Reason(Enum):
    """Every reason there is; the value is (code, sentence)."""

    # how it arrived
    MISSING = "missing", "No SAML response was posted."
    TOO_LARGE = "too_large", "The SAML response is larger than 256 KB."
    NOT_BASE64 = "not_base64", "The SAML response is not clean base64."
    ENCODING = "encoding", "The SAML response is not UTF-8."
    NOT_XML = "not_xml", "The SAML response is not well-formed XML."
    DTD = "dtd", "The SAML response carries a document type declaration."
    MARKUP = (
        "markup",
        "The SAML response carries a comment, a processing instruction or a CDATA section.",
    )
    # its structure
    NOT_A_RESPONSE = "not_a_response", "The posted document is not a SAML 2.0 response."
    ENCRYPTED = (
        "encrypted",
        "The SAML response carries encrypted parts, and encryption is not configured.",
    )
    ASSERTION_COUNT = "assertion_count", "The SAML response does not carry exactly one assertion."
    ASSERTION_POSITION = (
        "assertion_position",
        "The assertion is not a direct child of the response.",
    )
    DUPLICATE_ID = (
        "duplicate_id",
        "Two elements of the SAML response share one ID, or an ID is disguised.",
    )
    ELEMENT = "element", "The SAML response carries an element where none is expected."
    VALUE_MARKUP = "value_markup", "A value of the SAML response carries markup."
    NAMESPACE = (
        "namespace",
        "The SAML response declares a namespace or an attribute that is not allowed.",
    )
    SCHEMA = "schema", "The SAML response does not follow the SAML 2.0 schema."
    # its signatures
    SIGNATURE_MISSING = "signature_missing", "Nothing in the SAML response is signed."
    SIGNATURE_COUNT = "signature_count", "The SAML response carries too many signatures."
    SIGNATURE_POSITION = (
        "signature_position",
        "A signature is neither the response's nor the assertion's own.",
    )
    SIGNATURE_SHAPE = "signature_shape", "A signature does not have the parts that SAML prescribes."
    REFERENCE_COUNT = "reference_count", "A signature does not have exactly one reference."
    REFERENCE_TARGET = (
        "reference_target",
        "A signature does not refer to the element that it stands in.",
    )
    TRANSFORMS = (
        "transforms",
        "A signature asks for other transforms than the two that SAML allows.",
    )
    ALGORITHM = (
        "algorithm",
        "A signature uses an algorithm that is not accepted; SHA-256 or better is needed.",
    )
    KEY_INFO = "key_info", "A signature describes its key in a way that is not accepted."
    ASSERTION_UNSIGNED = "assertion_unsigned", "The assertion itself is not signed."
    MESSAGE_UNSIGNED = (
        "message_unsigned",
        "The response as a whole is not signed, and the settings demand it.",
    )
    SIGNATURE_INVALID = (
        "signature_invalid",
        "A signature does not verify with the identity provider's certificates.",
    )
    # what it says
    STATUS = "status", "The identity provider reports that the sign-in failed."
    NAME_ID_POLICY = (
        "name_id_policy",
        "The identity provider cannot serve the NameID format asked for; adapt the settings.",
    )
    ISSUER = "issuer", "The SAML response was not issued by the configured identity provider."
    IN_RESPONSE_TO = (
        "in_response_to",
        "The SAML response does not answer the sign-in that was started.",
    )
    DESTINATION = "destination", "The SAML response was made for another address."
    CONFIRMATION = (
        "confirmation",
        "The assertion does not have exactly one usable bearer confirmation.",
    )
    RECIPIENT = "recipient", "The assertion was made for another recipient."
    AUDIENCE = "audience", "The assertion was made for another audience."
    NOT_YET_VALID = "not_yet_valid", "The assertion is not valid yet; compare the clocks."
    EXPIRED = "expired", "The assertion has expired."
    LIFETIME = "lifetime", "The assertion is valid for longer than the settings allow."
    AUTHN_AGE = "authn_age", "The person authenticated longer ago than the settings allow."
    NAME_ID = "name_id", "The NameID is missing, or holds spaces, control or look-alike characters."
    NAME_ID_FORMAT = "name_id_format", "The NameID has a format that cannot name a person for good."
    ATTRIBUTES_MISSING = "attributes_missing", "The assertion carries no attributes."
    ATTRIBUTE_DUPLICATE = "attribute_duplicate", "The assertion names one attribute twice."
    ATTRIBUTE_VALUE = (
        "attribute_value",
        "An attribute holds control or look-alike characters, or too many values.",
    )
    LOGIN_MISSING = "login_missing", "The assertion lacks the attribute that holds the login."
    INVALID = "invalid", "The SAML response is not valid."

    def refused(self) -> SamlRefused:
        """The exception to raise for this reason."""
        return SamlRefused(*self.value)
