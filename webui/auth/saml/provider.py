"""What this installation is to its identity provider, and what it expects of it."""

import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from webui.auth.saml.names import BINDING_POST, BINDING_REDIRECT, FORMAT_PERSISTENT


def is_loopback(host: str) -> bool:
    """Whether the host can only be this machine: `localhost` or a loopback address; no DNS."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_safe_url(url: str) -> bool:
    """Whether the address is https, or plain http on the loopback interface, and names no user."""
    try:
        parts = urlsplit(url)
        _port = parts.port
    except ValueError:
        return False
    if not parts.hostname or parts.username is not None or any(c.isspace() for c in url):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))


@dataclass(frozen=True, kw_only=True)
class ServiceProvider:
    """The settings of one trust between this broker and one identity provider.

    Certificates and keys are PEM texts. `idp_certificates` are the keys that may sign, in any
    order; they are pinned: neither their issuer nor their end date is looked at. The attribute
    names are the `Name` of the SAML attribute; an empty `login_attribute` makes the NameID the
    login, which then has to be persistent. `confirmation_ahead` and `conditions_window` bound how
    long an answer may stay usable; Microsoft Entra ID issues 65 to 70 minutes for both (Microsoft
    Learn, "Single sign-on SAML protocol"). Raises ValueError with a sentence when the settings
    cannot be safe.
    """

    base_url: str
    idp_entity_id: str
    idp_sso_url: str
    idp_certificates: tuple[str, ...]
    sp_key: str | None = None
    sp_certificate: str | None = None
    require_message_signature: bool = True
    login_attribute: str = "uid"
    email_attribute: str = "email"
    employee_number_attribute: str = "employeeNumber"
    display_name_attribute: str = "displayName"
    group_attribute: str = "groups"
    name_id_format: str = FORMAT_PERSISTENT
    confirmation_ahead: timedelta = timedelta(minutes=10)
    conditions_window: timedelta = timedelta(hours=1)
    authn_age: timedelta | None = None

    def __post_init__(self) -> None:
        for name, url in (
            ("base URL", self.base_url),
            ("identity provider's sign-in address", self.idp_sso_url),
        ):
            if not is_safe_url(url):
                raise ValueError(f"The {name} {url!r} is neither https nor http on this machine.")
        if urlsplit(self.base_url).query or urlsplit(self.base_url).fragment:
            raise ValueError(f"The base URL {self.base_url!r} must end with its path.")
        if not self.idp_entity_id or not any(self.idp_certificates):
            raise ValueError(
                "The identity provider needs an entity id and at least one certificate."
            )
        if bool(self.sp_key) != bool(self.sp_certificate):
            raise ValueError(
                "The broker's SAML key and its certificate must be configured together."
            )

    @property
    def entity_id(self) -> str:
        """The name of this broker among SAML parties; its metadata is served there."""
        return f"{self.base_url.rstrip('/')}/saml/metadata"

    @property
    def acs_url(self) -> str:
        """The address to which the identity provider's answers are posted (HTTP-POST)."""
        return f"{self.base_url.rstrip('/')}/saml/acs"


def library_settings(provider: ServiceProvider) -> dict[str, object]:
    """The settings for python3-saml: strict, no fingerprints, nothing but signed assertions."""
    return {
        "strict": True,
        "debug": False,
        "sp": {
            "entityId": provider.entity_id,
            "assertionConsumerService": {"url": provider.acs_url, "binding": BINDING_POST},
            "NameIDFormat": provider.name_id_format,
        },
        "idp": {
            "entityId": provider.idp_entity_id,
            "singleSignOnService": {"url": provider.idp_sso_url, "binding": BINDING_REDIRECT},
            "x509cert": provider.idp_certificates[0],
            "x509certMulti": {"signing": list(provider.idp_certificates)},
        },
        "security": {
            "wantAssertionsSigned": True,
            "wantMessagesSigned": provider.require_message_signature,
            "wantAssertionsEncrypted": False,
            "wantNameIdEncrypted": False,
            "rejectDeprecatedAlgorithm": True,
            "requestedAuthnContext": False,
            "wantNameId": True,
            "wantAttributeStatement": bool(provider.login_attribute),
            "allowRepeatAttributeName": False,
            # The host names are ours and the configured identity provider's, checked above.
            "allowSingleLabelDomains": True,
        },
    }


def request_data(provider: ServiceProvider) -> dict[str, object]:
    """What python3-saml takes for the current URL: the configured one, whatever headers say."""
    acs = urlsplit(provider.acs_url)
    return {
        "https": "on" if acs.scheme == "https" else "off",
        "http_host": acs.netloc,
        "script_name": acs.path,
        "get_data": {},
        "post_data": {},
    }
