"""What one connection to OIM needs to know."""

from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    SecretStr,
)

from broker.connectors.iga.oim.links import REQUEST_ID, fault


def _split(value: object) -> object:
    return (
        [word.strip() for word in value.split(",") if word.strip()]
        if isinstance(value, str)
        else value
    )


def _address_with(*names: str) -> AfterValidator:
    def check(template: str) -> str:
        if wrong := fault(template, names=frozenset(names)):
            raise ValueError(f"it has to {wrong}")
        return template

    return AfterValidator(check)


class Settings(BaseModel):
    """One field an environment variable, `BROKER_<CONNECTION>_<FIELD>`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: HttpUrl = Field(description="Base address of the OIM managed server, for API calls")
    username: str = Field(min_length=1, description="Login of the broker's own administrator")
    password: SecretStr = Field(description="That administrator's password")
    console_url: HttpUrl = Field(description="Base address of the console as browsers reach it")
    authentication: Literal["basic", "jwt"] = Field(
        default="basic",
        description="basic, or jwt for the token service (11.1.2.3.161018 and later)",
    )
    page_size: int = Field(default=100, ge=2, le=1000, description="New rows in one call")
    search_delay_seconds: float = Field(
        default=10.0, ge=0, description="How long after a lost answer a request may still turn up"
    )
    open_statuses: Annotated[tuple[str, ...], BeforeValidator(_split)] = Field(
        default=(), description="Further status words of requests that are not final, by commas"
    )
    justification_limit: int = Field(
        default=1000, ge=100, description="Longest justification, in characters"
    )
    names_kept_seconds: float = Field(
        default=900.0, ge=0, description="How long names of items and of roles are kept"
    )
    read_seconds: float = Field(default=30.0, gt=0, description="Patience for one answer")
    calls_per_second: float = Field(default=0.0, ge=0, description="Rate budget; 0 for none")
    readers: int = Field(default=4, ge=1, le=16, description="Requests read at the same time")
    request_link: Annotated[str, _address_with(REQUEST_ID)] = Field(
        default="/identity/faces/home?tf=request_details&requestId={request_id}",
        description="Where a person sees the request {request_id}; with / below CONSOLE_URL",
    )
    inbox_link: Annotated[str, _address_with()] = Field(
        default="/identity/faces/home?tf=approval_details",
        description="Where a person decides what waits for them",
    )
    access_link: Annotated[str, _address_with()] = Field(
        default="/identity/faces/home?tf=my_access_roles",
        description="Where a person sees their own access",
    )
