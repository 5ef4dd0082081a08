"""Placing an order: the checks that the catalogue makes before the workflow starts."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.servicenow.accounts import Account
from sandbox.servicenow.instance import ServiceNow
from sandbox.servicenow.records import Records, Row


class OrderRefused(Exception):
    """The catalogue does not take this order; the text is the API's message."""


def place_order(
    instance: ServiceNow,
    account: Account,
    item: Row,
    requested_for: str,
    variables: Mapping[str, str],
) -> Row:
    """Order an item; gives the request. Raises OrderRefused."""
    _demand_answers(instance.records, item, variables)
    person = instance.records.find("sys_user", requested_for)
    if person is None or not may_order_for(account, person):
        raise OrderRefused("Security constraints prevent ordering of Item")
    return instance.workflow.order(
        item, requested_for, variables, account.sys_id, account.user_name
    )


def may_order_for(account: Account, person: Row) -> bool:
    """People order for themselves and for who reports to them (`glide.sc.req_for.roles`)."""
    return account.is_admin or account.sys_id in (person["sys_id"], person["manager"])


def questions_of(records: Records, item: str) -> list[Row]:
    """A catalogue item's variables, in their order."""
    return sorted(
        records.where("item_option_new", cat_item=item), key=lambda row: int(row["order"])
    )


def _demand_answers(records: Records, item: Row, variables: Mapping[str, str]) -> None:
    for question in questions_of(records, item["sys_id"]):
        given = variables.get(question["name"], "")
        if question["mandatory"] == "true" and not given:
            raise OrderRefused("Mandatory Variables are required")
        choices = records.where("question_choice", question=question["sys_id"])
        if given and choices and given not in [choice["value"] for choice in choices]:
            raise OrderRefused(f"Invalid value for variable {question['name']}")
