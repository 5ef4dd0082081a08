"""What an operator may set, apart from the connections' own settings."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from broker.domain.people import parse_rule
from broker.settings.demo import demo_secrets
from broker.settings.faults import BadSettings, sentences
from broker.settings.given import PREFIX, given
from broker.settings.places import is_local, unsafe

_SECRET_LENGTH = 32
_DATABASES = ("sqlite", "postgresql+psycopg")
_REDIS = ("redis", "rediss", "unix")
Names = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """What an operator may set. Defaults suit a first look, never production."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    base_url: str
    secret_key: SecretStr
    audit_key: SecretStr
    audit_keys_before: Annotated[tuple[SecretStr, ...], NoDecode] = ()
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
    order_sweep: bool = True
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
    metrics_token: SecretStr | None = None
    api_calls_per_second: float = Field(200, ge=0)

    @field_validator("person_match", mode="before")
    @classmethod
    def _rule(cls, value: object) -> object:
        return parse_rule(value) if isinstance(value, str) else value

    @field_validator("audit_keys_before", "operator_groups", "auditor_groups", mode="before")
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
        if parts.scheme not in ("http", "https") or unsafe(value):
            raise ValueError("must begin with https:// unless its host is loopback")
        if not parts.hostname or parts.path.strip("/") or parts.query or parts.username:
            raise ValueError(
                "must be scheme, host and port only, such as https://broker.example.com"
            )
        return value.rstrip("/")

    @field_validator("database_url", "database_owner_url")
    @classmethod
    def _database(cls, value: str | None) -> str | None:
        try:
            driver = make_url(value).drivername if value else _DATABASES[0]
        except (ArgumentError, ValueError):
            driver = ""
        if driver not in _DATABASES:
            raise ValueError(
                "must begin with postgresql+psycopg:// (or sqlite:/// for one process) and be the"
                " address of a database"
            )
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: str | None) -> str | None:
        if value and (urlsplit(value).scheme not in _REDIS or not _has_port(value)):
            raise ValueError("must begin with redis://, rediss:// or unix:// and be an address")
        return value

    @field_validator("saml_idp_metadata")
    @classmethod
    def _metadata(cls, value: str) -> str:
        if "://" in value and (unsafe(value) or urlsplit(value).scheme not in ("http", "https")):
            raise ValueError(
                "must be a file, or begin with https:// unless its host is loopback: it decides"
                " whom we trust"
            )
        return value

    @field_validator("secret_key", "audit_key", "metrics_token")
    @classmethod
    def _long(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < _SECRET_LENGTH:
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
        return is_local(self.base_url)


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read and check the settings; BadSettings carries a sentence per fault, all of them."""
    found = given(environment if environment is not None else os.environ)
    fields = {name.removeprefix(PREFIX).lower(): value for name, value in found.values.items()}
    known = {name: value for name, value in fields.items() if name in Settings.model_fields}
    faults, settings = list(found.faults), None
    try:
        settings = _FromMapping.model_validate(known)
    except ValidationError as error:
        faults += found.told(sentences(error, PREFIX))
    if not is_local(found.values.get(f"{PREFIX}BASE_URL", "")):
        faults += demo_secrets(found.values)
    if faults or settings is None:
        raise BadSettings(faults)
    return settings


def _has_port(address: str) -> bool:
    """Whether the port is a port, or left out."""
    try:
        return urlsplit(address).port != 0
    except ValueError:
        return False


class _FromMapping(Settings):
    """Settings that look at nothing but what they are given."""

    @classmethod
    def settings_customise_sources(cls, *_args: Any, **sources: Any) -> tuple[Any, ...]:  # noqa: ANN401 - the library's signature
        """Only the arguments: the environment was read, with its files, before."""
        return (sources["init_settings"],)
