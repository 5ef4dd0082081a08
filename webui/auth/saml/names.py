"""Names fixed by the SAML 2.0 and XML Signature standards."""

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
MD = "urn:oasis:names:tc:SAML:2.0:metadata"
DS = "http://www.w3.org/2000/09/xmldsig#"
EXC_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = DS + "enveloped-signature"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XML = "http://www.w3.org/XML/1998/namespace"
CONFIRMATION_DATA = "saml:Subject/saml:SubjectConfirmation/saml:SubjectConfirmationData"
PREFIXES = {"saml": SAML, "samlp": SAMLP, "ds": DS, "md": MD, "ec": EXC_C14N}

STATUS_SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
STATUS_NAME_ID_POLICY = "urn:oasis:names:tc:SAML:2.0:status:InvalidNameIDPolicy"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
BINDING_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
BINDING_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"

FORMAT_PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
FORMAT_TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_ENC = "http://www.w3.org/2001/04/xmlenc#"
SIGNATURE_ALGORITHMS = frozenset(
    f"{_MORE}{family}-{digest}"
    for family in ("rsa", "ecdsa")
    for digest in ("sha256", "sha384", "sha512")
)
DIGEST_ALGORITHMS = frozenset({f"{_ENC}sha256", f"{_MORE}sha384", f"{_ENC}sha512"})


def saml(name: str) -> str:
    """An element name of the assertion namespace, as lxml writes it."""
    return f"{{{SAML}}}{name}"


def samlp(name: str) -> str:
    """An element name of the protocol namespace, as lxml writes it."""
    return f"{{{SAMLP}}}{name}"


def ds(name: str) -> str:
    """An element name of the XML Signature namespace, as lxml writes it."""
    return f"{{{DS}}}{name}"


def md(name: str) -> str:
    """An element name of the metadata namespace, as lxml writes it."""
    return f"{{{MD}}}{name}"
