"""The settings of one installation, read once and checked before anything starts.

Every name begins with BROKER_. Any secret may come from a file instead, named by the same
name with _FILE at its end. A connection's own settings are described in its connector's
folder and arrive here untouched.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from broker.domain.people import parse_rule

PREFIX = "BROKER_"
_SECRET_LENGTH = 32
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
Names = Annotated[tuple[str, ...], NoDecode]


class BadSettings(Exception):
    """The settings do not do; `faults` holds one sentence each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Settings(BaseSettings):
    """What an operator may set. Defaults suit a first look, never production."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    base_url: str
    secret_key: SecretStr
    audit_key: SecretStr
    trusted_proxies: int = Field(0, ge=0, le=5)
    database_url: str = "sqlite:///var/broker.sqlite"
    database_owner_url: str | None = None
    redis_url: str | None = None
    iga: str = "oim"
    desk: str = "servicenow"
    person_match: Names = ("employee_number", "login", "email")
    catalogue: Path | None = None
    api_clients: Path | None = None
    approval_wait_hours: float = Field(72, gt=0)
    sync_interval_minutes: int = Field(30, ge=1)
    lease_seconds: int = Field(90, ge=2)
    saml_idp_metadata: str
    saml_login_attribute: str = "uid"
    saml_group_attribute: str = "groups"
    saml_email_attribute: str = "email"
    saml_number_attribute: str = "employeeNumber"
    saml_name_attribute: str = "displayName"
    saml_want_message_signed: bool = True
    saml_sp_key: SecretStr | None = None
    saml_sp_certificate: SecretStr | None = None
    operator_groups: Names = ()
    auditor_groups: Names = ()
    session_hours: float = Field(8, gt=0)

    @field_validator("person_match", mode="before")
    @classmethod
    def _rule(cls, value: object) -> object:
        return parse_rule(value) if isinstance(value, str) else value

    @field_validator("operator_groups", "auditor_groups", mode="before")
    @classmethod
    def _list(cls, value: object) -> object:
        return (
            tuple(filter(None, map(str.strip, value.split(","))))
            if isinstance(value, str)
            else value
        )

    @field_validator("base_url")
    @classmethod
    def _public(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise ValueError("must begin with https:// unless its host is loopback")
        if not parts.hostname or parts.path.strip("/") or parts.query or parts.username:
            raise ValueError(
                "must be scheme, host and port only, such as https://broker.example.com"
            )
        return value.rstrip("/")

    @field_validator("secret_key", "audit_key")
    @classmethod
    def _long(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < _SECRET_LENGTH:
            raise ValueError("must have at least 32 characters")
        return value

    @model_validator(mode="after")
    def _pair(self) -> "Settings":
        if (self.saml_sp_key is None) != (self.saml_sp_certificate is None):
            raise ValueError(
                "BROKER_SAML_SP_KEY and BROKER_SAML_SP_CERTIFICATE go together: set both or none"
            )
        return self

    @property
    def on_loopback(self) -> bool:
        """Whether people reach us on this machine only: a demo or a test."""
        return urlsplit(self.base_url).hostname in _LOOPBACK


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read and check the settings; BadSettings carries a sentence per fault."""
    source = with_files(environment if environment is not None else os.environ)
    fields = {name.removeprefix(PREFIX).lower(): value for name, value in source.items()}
    known = {name: value for name, value in fields.items() if name in Settings.model_fields}
    try:
        settings = _FromMapping.model_validate(known)
    except ValidationError as error:
        raise BadSettings(sentences(error, PREFIX)) from None
    faults = _demo_secrets(settings, source)
    if faults:
        raise BadSettings(faults)
    return settings


class _FromMapping(Settings):
    """Settings that look at nothing but what they are given."""

    @classmethod
    def settings_customise_sources(cls, *_args: Any, **sources: Any) -> tuple[Any, ...]:  # noqa: ANN401 - the library's signature
        """Only the arguments: the environment was read, with its files, before."""
        return (sources["init_settings"],)


def with_files(environment: Mapping[str, str]) -> dict[str, str]:
    """The BROKER_ part of the environment, each NAME_FILE replaced by the file's text."""
    ours = {name: value for name, value in environment.items() if name.startswith(PREFIX)}
    for name in [name for name in ours if name.endswith("_FILE")]:
        ours.setdefault(name.removesuffix("_FILE"), _text(name, ours.pop(name)))
    return ours


def _text(name: str, path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise BadSettings([f"{name}: {path} cannot be read: {error.strerror}."]) from None


def sentences(error: ValidationError, prefix: str) -> list[str]:
    """One sentence per fault, beginning with the name of the setting."""
    return [
        _sentence(prefix, fault["loc"], fault["type"], fault["msg"]) for fault in error.errors()
    ]


def _sentence(prefix: str, where: tuple[int | str, ...], kind: str, message: str) -> str:
    name = prefix + str(where[0]).upper() if where else "Settings"
    if kind == "missing":
        return f"{name} is missing: set it."
    return f"{name}: {message.removeprefix('Value error, ')}."


# Every secret that the demo uses. Outside loopback, start refuses each of them.
DEMO_SECRETS = frozenset(
    {
        "request-broker-demo-secret-key-000001",
        "request-broker-demo-audit-key-0000001",
        "broker",
        "broker-secret",
        "demo",
        "whsec_cmVxdWVzdC1icm9rZXItZGVtby1vcmRlcnMta2V5LTAwMDEh",
        "whsec_cmVxdWVzdC1icm9rZXItZGVtby1ldmVudHMta2V5LTAwMDEh",
    }
)


def _demo_secrets(settings: Settings, source: Mapping[str, str]) -> list[str]:
    if settings.on_loopback:
        return []
    secret = ("KEY", "SECRET", "PASSWORD")
    return [
        f"{name} is a secret that the demo uses: choose your own."
        for name, value in sorted(source.items())
        if name.endswith(secret) and value in DEMO_SECRETS
    ]
