"""Where the people of the demo data work: companies, places, departments, cost centres."""

from __future__ import annotations

from sandbox.servicenow.demo_data.words import Rows, keyed, made, table
from sandbox.world.model import sys_id

# The default company of an instance; an exported record of it has this name.
HOME = sys_id("core_company", "Brindlewick North America")


def department_id(name: str) -> str:
    """The sys_id of a department of the demo data, "" for no name."""
    known = keyed("places", 3, 2, "departments")
    return (known[name] or sys_id("cmn_department", f"demo:{name}")) if name else ""


def place_rows() -> Rows:
    """Companies, locations, departments and cost centres."""
    yield from _companies()
    yield from _locations()
    yield from _departments()
    for name, code in table("places", 2, "cost centres"):
        yield "cmn_cost_center", made("cmn_cost_center", f"demo:{name}", name=name, code=code)


def _companies() -> Rows:
    for name, city, kinds in table("places", 3, "companies"):
        flags = {kind: kind in kinds.split() for kind in ("customer", "vendor", "manufacturer")}
        primary = {"primary": "primary" in kinds.split()}
        yield "core_company", made("core_company", name, name=name, city=city, **flags, **primary)


def _locations() -> Rows:
    for street, city, state, country, zone in table("places", 5, "locations"):
        name = f"{street}, {city}"
        values = {"street": street, "city": city, "state": state, "country": country}
        yield (
            "cmn_location",
            made(
                "cmn_location", f"demo:{name}", name=name, full_name=f"{country}/{state}/{name}",
                time_zone=zone, company=HOME, **values,
            ),
        )  # fmt: skip


def _departments() -> Rows:
    for number, (name, head, key) in enumerate(table("places", 3, "departments"), start=1):
        yield (
            "cmn_department",
            made(
                "cmn_department", name, sys_id=key or department_id(name), name=name,
                id=f"{number:02}", dept_head=user_id(head), company=HOME,
                description=f"Everybody who works for {name}",
            ),
        )  # fmt: skip


def user_id(user_name: str) -> str:
    """The sys_id of a user of the demo data, "" for nobody."""
    known = keyed("people", 7, 6)
    return (known.get(user_name) or sys_id("sys_user", f"demo:{user_name}")) if user_name else ""
