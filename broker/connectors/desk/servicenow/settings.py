"""What one connection to ServiceNow needs to know."""

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

_COLUMN = r"^[a-z][a-z0-9_]*$"


def _split(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(word.strip() for word in value.split(",") if word.strip())


Words = Annotated[tuple[str, ...], BeforeValidator(_split)]


def _template(value: str) -> str:
    try:
        value.format(base="", portal="", sys_id="")
    except (ValueError, KeyError, IndexError, AttributeError):
        raise ValueError("may hold {base}, {portal} and {sys_id}, and no other braces") from None
    if "{sys_id}" not in value:
        raise ValueError("must hold {sys_id}")
    return value


# An address in which an inner one, such as that behind nav_to.do, is encoded already.
Template = Annotated[str, AfterValidator(_template)]


class Settings(BaseModel):
    """One field an environment variable, `BROKER_<CONNECTION>_<FIELD>`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: HttpUrl = Field(description="Base address of the instance")
    client_id: str = Field(
        default="", description="OAuth client; left empty, the password is sent as HTTP Basic"
    )
    client_secret: SecretStr = Field(default=SecretStr(""), description="The OAuth client's secret")
    grant: Literal["password", "client_credentials"] = Field(
        default="password", description="How the OAuth client gets its tokens"
    )
    username: str = Field(min_length=1, description="user_name of the integration user")
    password: SecretStr = Field(default=SecretStr(""), description="That user's password")
    portal_url: HttpUrl | None = Field(
        default=None, description="Base address as browsers reach it, where it differs from URL"
    )
    portal_path: str = Field(
        default="/sp", pattern=r"^/[\w/-]+$", description="The portal's path, for links to items"
    )
    number_field: str = Field(
        default="employee_number",
        pattern=_COLUMN,
        description="Column of sys_user that people are recognised by, as their employee number",
    )
    people_company: str = Field(
        default="",
        pattern=r"^[^^\x00-\x1f]*$",
        description="Company whose users are people; empty takes the users of all",
    )
    correlation_id_field: str = Field(
        default="correlation_id", pattern=_COLUMN, description="Item column for the request id"
    )
    correlation_name_field: str = Field(
        default="correlation_display", pattern=_COLUMN, description="Item column for the IGA's name"
    )
    start_variable: str = Field(
        default="start_date", pattern=_COLUMN, description="Variable with the access's first day"
    )
    end_variable: str = Field(
        default="end_date", pattern=_COLUMN, description="Variable with the end of the access"
    )
    justification_variable: str = Field(
        default="justification", pattern=_COLUMN, description="Variable that says what it is for"
    )
    state_complete: str = Field(default="3", description="State of a task that was carried out")
    state_incomplete: str = Field(default="4", description="State of a task that was not")
    closed_states: Words = Field(
        default=("3", "4", "7"), description="Every state that means closed, by commas"
    )
    approved_words: Words = Field(
        default=("approved",), description="Values of an item's approval that mean approved"
    )
    pending_words: Words = Field(
        default=("requested", "not requested"), description="Values that mean not yet decided"
    )
    rejected_words: Words = Field(default=("rejected",), description="Values that mean rejected")
    cancelled_words: Words = Field(
        default=("cancelled", "not_required"), description="Values that mean no longer wanted"
    )
    item_link: Template = Field(
        default="{portal}?id=ticket&table=sc_req_item&sys_id={sys_id}",
        description="Address of an item",
    )
    approval_link: Template = Field(
        default="{portal}?id=approval&table=sysapproval_approver&sys_id={sys_id}",
        description="Address of an approval",
    )
    item_prefix: str = Field(
        default="RITM", pattern=r"^[A-Za-z]*$", description="What numbers of items begin with"
    )
    number_digits: int = Field(
        default=7, ge=1, le=20, description="Digits of a number, filled up with zeros"
    )
    waiting_words: Words = Field(
        default=("requested",), description="States of an approval that wait for its approver"
    )
    scope: str = Field(
        default="x_rqbrk_access", pattern=r"^x_[a-z0-9_]+$", description="Scope of the broker's app"
    )
    page_size: int = Field(default=1000, ge=1, le=10000, description="Rows asked for in one call")
    most_rows: int = Field(
        default=1_000_000, ge=1, description="Rows of one answer that are too many to be true"
    )
    calls_at_once: int = Field(
        default=4, ge=1, le=16, description="Calls under way at once, in each process"
    )
    batch_size: int = Field(default=100, ge=1, le=100, description="Rows written in one call")
    read_seconds: float = Field(default=65.0, gt=0, description="Patience for one answer")
    calls_per_second: float = Field(default=0.0, ge=0, description="Rate budget; 0 for none")
