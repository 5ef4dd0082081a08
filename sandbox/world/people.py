"""Who works here: departments, a manager tree, the people of the demo, and some odd ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from sandbox.world.model import WorldPerson
from sandbox.world.names import FIRST, LAST

_TEAM_SIZE = 7
_LEAVERS = 0.04
_FIRST_USR_KEY = 301
_FIRST_NUMBER = 104217


@dataclass(frozen=True, slots=True)
class _Department:
    name: str
    head: str
    lead: str
    staff: tuple[str, ...]


_DEPARTMENTS = (
    _Department("Finance", "Finance Director", "Finance Team Lead",
                ("Accounts Clerk", "Financial Analyst", "Payroll Officer", "Credit Controller")),
    _Department("Warehouse", "Head of Warehousing", "Shift Leader",
                ("Warehouse Operative", "Stock Controller", "Forklift Driver", "Goods-in Clerk")),
    _Department("Customer Care", "Head of Customer Care", "Customer Care Team Lead",
                ("Customer Care Agent", "Claims Handler", "Information Desk Agent")),
    _Department("Transport", "Head of Transport", "Transport Planner in Charge",
                ("Transport Planner", "Customs Clerk", "Driver Coordinator")),
    _Department("Information Technology", "Chief Information Officer", "IT Team Lead",
                ("Systems Engineer", "Service Desk Analyst", "Application Engineer")),
    _Department("Human Resources", "Head of Human Resources", "HR Team Lead",
                ("HR Adviser", "Recruiter", "Training Coordinator")),
    _Department("Sales", "Sales Director", "Regional Sales Lead",
                ("Account Executive", "Sales Support", "Tender Writer")),
    _Department("Procurement", "Head of Procurement", "Senior Buyer",
                ("Buyer", "Contract Administrator", "Supplier Analyst")),
)  # fmt: skip

# the keys of the people below, and logins that nobody else may be given
_RESERVED = frozenset(
    {"ada", "ben", "cho", "dee", "eve", "finn", "gina", "hugo", "ivan", "ivana", "jill", "june",
     "karl", "lena", "jcarter", "junecarter", "ipetrov", "broker", "xelsysadm"}
)  # fmt: skip

INFO_DESK = "infodesk@example.com"


def _person(key: str, first: str, last: str, title: str, department: str, manager: str | None,
            **changes: object) -> WorldPerson:  # fmt: skip
    usual = WorldPerson(
        key=key, first_name=first, last_name=last, email=f"{first}.{last}@example.com".lower(),
        employee_number="?", title=title, department=department, manager=manager, active=True,
        iga_login=key.upper(), usr_key="?", desk_user_name=key, iga_active=True, desk_active=True,
    )  # fmt: skip
    return replace(usual, **changes)  # type: ignore[arg-type]  # the callers below are the check


def _cast(heads: dict[str, str]) -> list[WorldPerson]:
    """The six people of the demo."""
    finance, care, it = (heads[n] for n in ("Finance", "Customer Care", "Information Technology"))
    return [
        _person("ben", "Ben", "Achterberg", "Financial Controller", "Finance", finance),
        _person("ada", "Ada", "Lindqvist", "Financial Analyst", "Finance", "ben"),
        _person("finn", "Finn", "O'Connor", "Accounts Payable Lead", "Finance", finance,
                email="finn.oconnor@example.com"),
        _person("cho", "Cho", "Takahashi", "Access Services Engineer", "Information Technology", it,
                groups=("broker-operators",)),
        _person("dee", "Dee", "Marchant", "Internal Auditor", "Internal Audit", heads[""],
                groups=("broker-auditors",)),
        _person("eve", "Eve", "Sorensen", "Customer Care Agent", "Customer Care", care),
    ]  # fmt: skip


def _odd_ones(heads: dict[str, str]) -> list[WorldPerson]:
    """People whose accounts do not agree; each is a case that linking by rule must survive."""
    care, store, sales, it = (
        heads[n] for n in ("Customer Care", "Warehouse", "Sales", "Information Technology")
    )
    return [
        _person("gina", "Gina", "Falcone", "Agency Picker", "Warehouse", store,
                iga_login=None, usr_key=None, iga_active=False),
        _person("hugo", "Hugo", "Brandao", "Night Porter", "Warehouse", store,
                desk_user_name=None, desk_active=False),
        _person("ivan", "Ivan", "Petrov", "Information Desk Agent", "Customer Care", care,
                email=INFO_DESK, employee_number="", iga_login="IPETROV", desk_user_name="ivan.p"),
        _person("ivana", "Ivana", "Maric", "Information Desk Agent", "Customer Care", care,
                email=INFO_DESK),
        _person("jill", "Jill", "Moss", "Account Executive", "Sales", sales,
                iga_login="JCARTER", desk_user_name="jill.moss"),
        _person("june", "June", "Carter", "Tender Writer", "Sales", sales,
                iga_login="JUNECARTER", desk_user_name="jcarter"),
        _person("karl", "Karl", "Engstrom", "Systems Engineer", "Information Technology", it,
                iga_active=False),
        _person("lena", "Lena", "Hofer", "Service Desk Analyst", "Information Technology", it,
                desk_active=False),
    ]  # fmt: skip


class _Hiring:
    """Takes on people until the company has as many as asked for."""

    def __init__(self, rng: Random, taken: set[str]) -> None:
        self._rng = rng
        self._taken = taken

    def hire(self, title: str, department: str, manager: str | None) -> WorldPerson:
        first, last = self._rng.choice(FIRST), self._rng.choice(LAST)
        key = self._free(f"{first[0]}{last}".lower())
        email = f"{first}.{last}".lower() + key.removeprefix(f"{first[0]}{last}".lower())
        return _person(key, first, last, title, department, manager,
                       email=f"{email}@example.com")  # fmt: skip

    def staff(self, department: _Department, manager: str) -> WorldPerson:
        person = self.hire(self._rng.choice(department.staff), department.name, manager)
        if self._rng.random() >= _LEAVERS:
            return person
        return replace(person, active=False, iga_active=False, desk_active=False)

    def _free(self, wanted: str) -> str:
        key, number = wanted, 1
        while key in self._taken:
            number += 1
            key = f"{wanted}{number}"
        self._taken.add(key)
        return key


def _teams(hiring: _Hiring, heads: dict[str, str], how_many: int) -> list[WorldPerson]:
    people: list[WorldPerson] = []
    while len(people) < how_many:
        for department in _DEPARTMENTS:
            lead = hiring.hire(department.lead, department.name, heads[department.name])
            people.append(lead)
            people += [hiring.staff(department, lead.key) for _ in range(_TEAM_SIZE)]
    return people[:how_many]


def _numbered(people: list[WorldPerson]) -> dict[str, WorldPerson]:
    """Give everybody an employee number and an OIM key, where the odd ones have not opted out."""
    result = {}
    for index, person in enumerate(people):
        number = str(_FIRST_NUMBER + 13 * index) if person.employee_number else ""
        usr_key = str(_FIRST_USR_KEY + index) if person.usr_key else None
        result[person.key] = replace(person, employee_number=number, usr_key=usr_key)
    return result


def build_people(rng: Random, how_many: int) -> dict[str, WorldPerson]:
    """At least the named people and the heads; the rest up to `how_many` work in teams of eight."""
    hiring = _Hiring(rng, set(_RESERVED))
    chief = hiring.hire("Managing Director", "Board", None)
    leaders = [hiring.hire(d.head, d.name, chief.key) for d in _DEPARTMENTS]
    heads = {"": chief.key} | {p.department: p.key for p in leaders}
    named = _cast(heads) + _odd_ones(heads)
    fixed = [chief, *leaders, *named]
    return _numbered(fixed + _teams(hiring, heads, max(0, how_many - len(fixed))))
