"""Placing an order: the checks that the catalogue makes before the workflow starts.

ServiceNow docs, "Service Catalog API" (the texts of refusals) and "Service Catalog properties"
(`glide.sc.req_for.roles`: who may order for others).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sandbox.servicenow.accounts import Account
from sandbox.servicenow.instance import ServiceNow
from sandbox.servicenow.records import Records, Row

BAD_QUANTITY = "Invalid quantity value"
NOT_ALLOWED = "Security constraints prevent ordering of Item"
ANSWERS_MISSING = "Mandatory Variables are required"
FOR_ROLES, FOR_DEFAULT = "glide.sc.req_for.roles", "glide.sc.req_for.roles.default"
REQUESTED_FOR = "31"
MOST_OTHERS = 50


class OrderRefused(Exception):
    """The catalogue does not take this order; the text is the API's message."""


@dataclass(frozen=True)
class Line:
    """One thing to be ordered, for one or several people."""

    item: Row
    requested_for: str
    variables: Mapping[str, str]
    quantity: int = 1
    also_for: Sequence[str] = field(default_factory=tuple)


def place_order(
    instance: ServiceNow,
    account: Account,
    item: Row,
    requested_for: str,
    variables: Mapping[str, str],
) -> Row:
    """Order an item; gives the request. Raises OrderRefused."""
    return place_lines(instance, account, [Line(item, requested_for, variables)])


def place_lines(instance: ServiceNow, account: Account, lines: Sequence[Line]) -> Row:
    """Order what a cart holds under one request, which is given. Raises OrderRefused."""
    people = [demand_orderable(instance, account, line) for line in lines]
    request: Row | None = None
    for line, recipients in zip(lines, people, strict=True):
        for person in recipients:
            request = instance.workflow.order(
                line.item,
                person,
                line.variables,
                account.sys_id,
                account.user_name,
                quantity=line.quantity,
                request=request,
            )
    assert request is not None
    price = f"{sum(amount(line.item) * line.quantity for line in lines):.2f}".removesuffix(".00")
    values = {"price": price}
    return instance.records.update("sc_request", request["sys_id"], values, account.user_name)


def demand_orderable(instance: ServiceNow, account: Account, line: Line) -> list[str]:
    """The sys_ids of the people for whom the line is. Raises OrderRefused."""
    if line.item["active"] != "true":
        raise OrderRefused(NOT_ALLOWED)
    _demand_answers(instance.records, line.item, line.variables)
    _demand_for_several(instance.records, line)
    others = [person_named(instance.records, name) for name in line.also_for]
    first = person_named(instance.records, line.requested_for)
    if None in others or not all(may_order_for(instance, account, p) for p in (first, *others)):
        raise OrderRefused(NOT_ALLOWED)
    # As everywhere a reference is not looked up: an order may be for somebody who does not exist.
    known = first["sys_id"] if first else line.requested_for
    return [known, *(person["sys_id"] for person in others if person is not None)]


def person_named(records: Records, name: str) -> Row | None:
    """The user of that sys_id or user_name."""
    found = records.where("sys_user", user_name=name)
    return records.find("sys_user", name) or (found[0] if found else None)


def may_order_for(instance: ServiceNow, account: Account, person: Row | None) -> bool:
    """People order for themselves, and for others as the properties say."""
    if account.is_admin or (person is not None and account.sys_id == person["sys_id"]):
        return True
    roles = {role.strip() for role in instance.properties.get(FOR_ROLES, "").split(",")} - {""}
    if roles:
        return bool(roles & account.roles)
    return instance.properties.get(FOR_DEFAULT, "allow") == "allow"


def questions_of(records: Records, item: str) -> list[Row]:
    """A catalogue item's variables with those of its variable sets, in their order."""
    sets = [row["variable_set"] for row in records.where("io_set_item", sc_cat_item=item)]
    found = records.where("item_option_new", cat_item=item)
    for key in sets:
        found = [*found, *records.where("item_option_new", variable_set=key)]
    active = (row for row in found if row.get("active") != "false")
    return sorted(active, key=lambda row: int(row["order"] or 0))


def amount(item: Row, column: str = "price") -> float:
    """A price of an item; nothing where it has none."""
    text = (item.get(column) or "").rpartition(";")[2].replace(",", "").lstrip("$")
    return float(text) if text else 0.0


def _demand_answers(records: Records, item: Row, variables: Mapping[str, str]) -> None:
    for question in questions_of(records, item["sys_id"]):
        given = variables.get(question["name"], "") or question.get("default_value", "")
        if question["mandatory"] == "true" and not given:
            raise OrderRefused(ANSWERS_MISSING)
        choices = records.where("question_choice", question=question["sys_id"])
        if given and choices and given not in [choice["value"] for choice in choices]:
            raise OrderRefused(f"Invalid value for variable {question['name']}")


def _demand_for_several(records: Records, line: Line) -> None:
    """Only an item with a Requested For variable is ordered for others as well, 50 at most."""
    kinds = {question["type"] for question in questions_of(records, line.item["sys_id"])}
    if line.also_for and (REQUESTED_FOR not in kinds or len(line.also_for) > MOST_OTHERS):
        raise OrderRefused(NOT_ALLOWED)
