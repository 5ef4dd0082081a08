"""The people whom the demo and the tests know by name, and the odd ones among them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from sandbox.world.model import WorldPerson

# the keys of these people, and logins that nobody else may be given
RESERVED = frozenset(
    {"ada", "ben", "cho", "dee", "eve", "finn", "gina", "hugo", "ivan", "ivana", "jill", "june",
     "karl", "lena", "jcarter", "junecarter", "ipetrov", "broker", "xelsysadm", "admin", "guest",
     "system"}
)  # fmt: skip
# Their history is told, not drawn: nothing else happens to them.
TOLD = frozenset({"ada", "eve"})
INFO_DESK = "infodesk@example.com"


def person(key: str, first: str, last: str, title: str, department: str, manager: str | None,
           **changes: object) -> WorldPerson:  # fmt: skip
    """Somebody with both accounts; number and usr_key are given later."""
    usual = WorldPerson(
        key=key, first_name=first, last_name=last, email=f"{first}.{last}@example.com".lower(),
        employee_number="?", title=title, department=department, manager=manager, active=True,
        iga_login=key.upper(), usr_key="?", desk_user_name=key, iga_active=True, desk_active=True,
    )  # fmt: skip
    return replace(usual, **changes)  # type: ignore[arg-type]  # the callers are the check


def leaders(finance: str, today: date) -> list[WorldPerson]:
    """Ben and finn, who lead small teams under the head of finance."""
    long_ago, since = today - timedelta(days=3300), today - timedelta(days=2500)
    return [
        person("ben", "Ben", "Achterberg", "Financial Controller", "Finance", finance,
               hired_on=long_ago, leads_since=since),
        person("finn", "Finn", "O'Connor", "Accounts Payable Lead", "Finance", finance,
               email="finn.oconnor@example.com", hired_on=long_ago, leads_since=since),
    ]  # fmt: skip


def others(above: dict[str, str], today: date) -> list[WorldPerson]:
    """The rest of them; `above` names by department whom they report to."""
    care, it, audit = (above[n] for n in ("Customer Care", "Information Technology",
                                          "Internal Audit"))  # fmt: skip
    return [
        person("ada", "Ada", "Lindqvist", "Financial Analyst", "Finance", "ben",
               hired_on=today - timedelta(days=618)),
        person("cho", "Cho", "Takahashi", "Access Services Engineer", "Information Technology", it,
               groups=("broker-operators",), hired_on=today - timedelta(days=2190)),
        person("dee", "Dee", "Marchant", "Internal Auditor", "Internal Audit", audit,
               groups=("broker-auditors",), hired_on=today - timedelta(days=1460)),
        person("eve", "Eve", "Sorensen", "Customer Care Agent", "Customer Care", care,
               hired_on=today - timedelta(days=409)),
        *_odd_ones(above, today - timedelta(days=1700)),
    ]  # fmt: skip


def _odd_ones(above: dict[str, str], hired_on: date) -> list[WorldPerson]:
    """People whose accounts do not agree; each is a case that linking by rule must survive."""
    care, store, sales, it = (
        above[n] for n in ("Customer Care", "Warehouse", "Sales", "Information Technology")
    )
    found = [
        person("gina", "Gina", "Falcone", "Agency Picker", "Warehouse", store,
               iga_login=None, usr_key=None, iga_active=False),
        person("hugo", "Hugo", "Brandao", "Night Porter", "Warehouse", store,
               desk_user_name=None, desk_active=False),
        person("ivan", "Ivan", "Petrov", "Information Desk Agent", "Customer Care", care,
               email=INFO_DESK, employee_number="", iga_login="IPETROV", desk_user_name="ivan.p"),
        person("ivana", "Ivana", "Maric", "Information Desk Agent", "Customer Care", care,
               email=INFO_DESK),
        person("jill", "Jill", "Moss", "Account Executive", "Sales", sales,
               iga_login="JCARTER", desk_user_name="jill.moss"),
        person("june", "June", "Carter", "Tender Writer", "Sales", sales,
               iga_login="JUNECARTER", desk_user_name="jcarter"),
        person("karl", "Karl", "Engstrom", "Systems Engineer", "Information Technology", it,
               iga_active=False),
        person("lena", "Lena", "Hofer", "Service Desk Analyst", "Information Technology", it,
               desk_active=False),
    ]  # fmt: skip
    return [replace(one, hired_on=hired_on) for one in found]
