"""Reading the loose JSON of OIM: absent, null, string, object and list are all possible."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from broker.domain.people import normal

Row = Mapping[str, object]

# where an item's result says why: `reason` is the manual's ("Withdraw requests"), the others ours
REASONS = ("reason", "errorMessage", "message", "statusMessage", "error")
# words of the product's application, as against those of the server that it runs on
_OWN_WORDS = re.compile(r"\bIAM-\d{5,}|\bcan ?not withdraw\b", re.IGNORECASE)


def text(value: object) -> str:
    """Scalars as text; anything else, and null, as an empty string."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    return str(value).strip()


def first(row: Row, *names: str) -> str:
    """The first of these fields that says something."""
    return next((found for name in names if (found := text(row.get(name)))), "")


def rows(value: object) -> list[Row]:
    """The objects in `value`, which may be a list, one object or nothing."""
    listed = value if isinstance(value, list) else [value]
    return [row for row in listed if isinstance(row, dict)]


def entries(value: object) -> list[object]:
    """What a list has, or the one thing that stands in for a list; nothing for null."""
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


def keys(value: object, *names: str) -> list[str]:
    """The keys in a list of objects that have one by these names, or of bare keys; each once."""
    found = (
        first(entry, *names) if isinstance(entry, dict) else text(entry) for entry in entries(value)
    )
    return list(dict.fromkeys(filter(None, found)))


def texts(value: object) -> Iterator[str]:
    """Every name in a string, a list of strings, or objects that carry one."""
    if isinstance(value, list):
        for entry in value:
            yield from texts(entry)
    elif isinstance(value, dict):
        yield from filter(None, [first(value, "userLogin", "login", "name", "value", "id")])
    else:
        yield from filter(None, [text(value)])


def moment(value: object) -> datetime | None:
    """An ISO 8601 time as OIM writes it, UTC; None if it is no time, or beyond the calendar:
    "for ever" is often the last moment there is, in a zone where UTC is a year further.
    """
    try:
        at = datetime.fromisoformat(text(value))
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def request_id_of(row: Row) -> str:
    """The id of the request that an answer or a row tells of, or nothing; 0 is nothing, too.

    It is in `request` after a change of a user ("Modify user profile"), and in `requestId` where
    an account was revoked or a proxy is listed.
    """
    inner = next(iter(rows(row.get("request"))), {})
    found = first(inner, "id", "requestId") or first(row, "requestId")
    return "" if found == "0" else found


def failed(status: str) -> bool:
    """Whether the status of an item's result says that it was not done."""
    return status.casefold().startswith(("fail", "error"))


def reason_of(result: Row) -> str:
    """Why, as an item's result says it; its status where it says no more."""
    return first(result, *REASONS, "status")


def refuses(reason: str) -> bool:
    """Whether the product itself has said no: it may do so with a 500."""
    return _OWN_WORDS.search(reason) is not None


def attributes(row: Row) -> dict[str, str]:
    """The name/value list of a user, an account or a role as a mapping.

    The server chooses the order, and adds entries nobody asked for: look entries up by name.
    """
    listed = rows(row.get("fields")) + rows(row.get("attributes"))
    return {first(entry, "name"): text(entry.get("value")) for entry in listed}


def laid_open(row: Row) -> Row:
    """The row with its name/value list among its own fields."""
    return {**row, **attributes(row)}


def searchable(value: str) -> str | None:
    """`value` as a filter writes it, or None if it cannot be written.

    Spaces become `::` (Oracle, REST API for OIG Self Service, "Query parameters"), so a value
    that has `::` itself cannot be searched for.
    """
    value = value.strip()
    if not value or "::" in value or not value.isprintable():
        return None
    return value.replace(" ", "::")


def any_case(attribute: str, value: str) -> str | None:
    """A filter for `value` in the spellings a case-sensitive server would tell apart."""
    spellings = dict.fromkeys([value, value.upper(), value.lower()])
    return either(attribute, spellings)


def either(attribute: str, values: Iterable[str]) -> str | None:
    """A filter that is met by any of `values`; None if none of them can be searched for."""
    name = attribute.replace(" ", "::")
    parts = [f"{name} eq {found}" for value in values if (found := searchable(value))]
    return " or ".join(parts) or None


def same(left: str, right: str) -> bool:
    """Equal as names are compared here."""
    return normal(left) == normal(right)
