"""What a desk posts when an order is approved. It announces; the desk's own record decides."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import ErrorDetails

from broker.domain.people import normal
from broker.orders.strict_json import MAX_BYTES, BadPost, read_object

__all__ = ["MAX_BYTES", "BadPost", "OrderPost", "Strict", "parse", "read"]

_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# So many faults are named in one sentence; the rest is counted.
_FAULTS_NAMED = 3


def _instant(value: object) -> datetime:
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise ValueError("must be a time with its zone, such as 2026-01-31T08:15:30Z")
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("must be a time that exists") from None


def _one_line(value: str) -> str:
    if not value.strip() or _CONTROL.search(value):
        raise ValueError("must be one line of text that is not blank")
    return value


Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    WithJsonSchema({"type": "string", "format": "date-time", "description": "with its zone"}),
]
Name = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_one_line)]
Source = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_-]{0,39}$")]
Number = Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
SysId = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]


class Strict(BaseModel):
    """A part of a post: no field but these, no value but of the type named."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class RecordRef(Strict):
    """A record of the desk: its number, which people read, and its immutable id."""

    number: Number
    sys_id: SysId


class User(Strict):
    """A user of the desk, by user name."""

    user_name: Name


class Approver(User):
    """Who approved at the desk, and when."""

    at: Instant | None = None


class Item(Strict):
    """One thing to be granted or revoked."""

    type: Literal["role", "account", "entitlement"]
    name: Name


class OrderPost(Strict):
    """An approved item of the desk. Without `items`, the catalogue mapping says what it means."""

    source: Source
    request: RecordRef | None = None
    item: RecordRef
    task: RecordRef | None = None
    action: Literal["grant", "revoke"]
    beneficiary: User
    requested_by: User | None = None
    approved_by: Annotated[list[Approver], Field(max_length=50)] = []
    items: Annotated[list[Item], Field(min_length=1, max_length=50)] | None = None
    justification: Annotated[str, Field(max_length=8000)] | None = None
    start_date: Instant | None = None
    end_date: Instant | None = None

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "OrderPost":
        if self.start_date and self.end_date and self.end_date <= self.start_date:
            raise ValueError("end_date must be later than start_date")
        if len(set(self._names())) != len(self._names()):
            raise ValueError("items must not name the same item twice")
        return self

    def _names(self) -> list[tuple[str, str]]:
        return sorted((item.type, item.name) for item in self.items or ())

    def claims(self) -> dict[str, object]:
        """What makes two posts about one item the same order: JSON-safe, in any order of items.

        Left out are the words around it: justification and who is said to have approved. The
        task counts: a post that lies about it must not stand in an honest one's way.
        """
        return {
            "action": self.action,
            "beneficiary": normal(self.beneficiary.user_name),
            "items": None if self.items is None else [list(name) for name in self._names()],
            "item": self.item.number,
            "task": self.task.sys_id if self.task else None,
            "start": self.start_date and self.start_date.isoformat(),
            "end": self.end_date and self.end_date.isoformat(),
        }


Post = TypeVar("Post", bound=Strict)


def parse(body: bytes) -> OrderPost:
    """The order in `body`; BadPost says what is wrong with it."""
    return read(OrderPost, body)


def read(model: type[Post], body: bytes) -> Post:
    """The post of that shape in `body`; BadPost says what is wrong with it."""
    content = read_object(body)
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise _bad(error.errors(include_url=False, include_input=False)) from None


def _bad(faults: Sequence[ErrorDetails]) -> BadPost:
    unknown = any(fault["type"] == "extra_forbidden" for fault in faults)
    said = "; ".join(_said(fault) for fault in faults[:_FAULTS_NAMED])
    more = len(faults) - _FAULTS_NAMED
    return BadPost(
        "unknown_field" if unknown else "invalid_field",
        f"{said}{f'; and {more} more' if more > 0 else ''}.",
    )


def _said(fault: ErrorDetails) -> str:
    where = ".".join(str(part)[:60] for part in fault["loc"])
    what = fault["msg"].removeprefix("Value error, ")
    return f"{where}: {what}" if where else what
