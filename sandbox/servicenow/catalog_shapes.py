"""What the Service Catalog API shows of catalogues, categories, items and their variables.

Unlike the Table API it uses real JSON numbers and booleans (recorded); a price is a text.
"""

from __future__ import annotations

from typing import Any

from sandbox.servicenow.ordering import amount, questions_of
from sandbox.servicenow.records import Records, Row

_TYPES = {"sc_cat_item_producer": "record_producer", "sc_cat_item_guide": "order_guide"}
CURRENCY = "USD"
# ServiceNow docs, "Types of service catalog variables".
_KINDS = {
    "1": "Yes / No",
    "2": "Multi Line Text",
    "3": "Multiple Choice",
    "4": "Numeric Scale",
    "5": "Select Box",
    "6": "Single Line Text",
    "7": "CheckBox",
    "8": "Reference",
    "9": "Date",
    "10": "Date/Time",
    "11": "Label",
    "16": "Wide Single Line Text",
    "18": "Lookup Select Box",
    "21": "List Collector",
    "22": "Lookup Multiple Choice",
    "23": "HTML",
    "25": "Masked",
    "26": "Email",
    "27": "URL",
    "28": "IP Address",
    "29": "Duration",
    "31": "Requested For",
    "33": "Attachment",
}


def priced(value: float) -> str:
    """An amount as people read it."""
    return f"${value:,.2f}"


class Shapes:
    """Shows the catalogue of one instance."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def catalog(self, row: Row) -> dict[str, Any]:
        """One catalogue."""
        return {
            "title": row["title"],
            "sys_id": row["sys_id"],
            "has_categories": bool(self.categories_of(row["sys_id"])),
            "has_items": any(row["sys_id"] in _listed(item) for item in self.active_items()),
            "description": row["description"],
            "desktop_image": "",
        }

    def categories_of(self, catalog: str) -> list[Row]:
        """The active categories of a catalogue, by title."""
        rows = self._records.where("sc_category", sc_catalog=catalog, active="true")
        return sorted(rows, key=lambda row: (row["title"], row["sys_id"]))

    def category(self, row: Row) -> dict[str, Any]:
        """One category with how many items it has."""
        return {
            "title": row["title"],
            "description": row["description"],
            "full_description": row["full_description"] or None,
            "icon": row["icon"],
            "header_icon": row["header_icon"],
            "homepage_image": row["homepage_image"],
            "count": len([i for i in self.active_items() if i["category"] == row["sys_id"]]),
            "subcategories": [_named(child) for child in self._children(row)],
            "sys_id": row["sys_id"],
        }

    def category_read(self, row: Row) -> dict[str, Any]:
        """One category with its children, as it is read alone."""
        children = [self._child(child) for child in self._children(row)]
        told = self.category(row)
        del told["count"], told["subcategories"]
        return told | {"child_categories": children}

    def _child(self, row: Row) -> dict[str, Any]:
        shown = self.category(row)
        return {
            "sys_id": row["sys_id"],
            "title": row["title"],
            "count": shown["count"],
            "parent": row["parent"],
            "subcategories": shown["subcategories"],
            "isParentCategory": bool(self._children(row)),
        }

    def _children(self, row: Row) -> list[Row]:
        return self._records.where("sc_category", parent=row["sys_id"], active="true")

    def active_items(self) -> list[Row]:
        """What can be ordered, by name."""
        rows = self._records.where("sc_cat_item", active="true")
        return sorted(rows, key=lambda row: (row["name"], row["sys_id"]))

    def item(self, row: Row) -> dict[str, Any]:
        """One item as lists have it."""
        table = row.get("sys_class_name") or "sc_cat_item"
        return {
            "sys_id": row["sys_id"],
            "name": row["name"],
            "short_description": row["short_description"] or None,
            "description": row["description"],
            "kb_article": "",
            "icon": row["icon"],
            "picture": row["picture"],
            "url": "",
            "content_type": "",
            "type": _TYPES.get(table, "catalog_item"),
            "sys_class_name": table,
            "show_quantity": row["no_quantity"] != "true",
            "mandatory_attachment": row["mandatory_attachment"] == "true",
            "request_method": row["request_method"],
            "availability": row["availability"],
            "order": int(row["order"] or 0),
            "catalogs": [self._title("sc_catalog", key) for key in _listed(row)],
            "category": self._title("sc_category", row["category"]),
            **self._prices(row),
        }

    def item_read(self, row: Row) -> dict[str, Any]:
        """One item with its variables, as it is read alone."""
        return self.item(row) | {
            "categories": self._categories(row),
            "variables": [self.variable(q) for q in questions_of(self._records, row["sys_id"])],
            "ui_policy": [],
            "client_script": {"onChange": [], "onSubmit": [], "onLoad": []},
            "data_lookup": [],
        }

    def variable(self, question: Row) -> dict[str, Any]:
        """One question of an item's form."""
        kind = _KINDS.get(question["type"], "Single Line Text")
        value = question.get("default_value", "")
        choices = self._choices(question)
        return {
            "id": question["sys_id"],
            "name": question["name"],
            "label": question["question_text"],
            "type": int(question["type"] or 6),
            "friendly_type": kind.lower().replace(" / ", "_").replace(" ", "_"),
            "display_type": kind,
            "mandatory": question["mandatory"] == "true",
            "read_only": question.get("read_only") == "true",
            "render_label": True,
            "value": value == "true" if kind == "CheckBox" else value,
            "displayvalue": next((c["label"] for c in choices if c["value"] == value), value),
            "help_text": question.get("help_text", ""),
            "attributes": question.get("attributes", ""),
            "max_length": 0,
            "choices": choices,
        }

    def _choices(self, question: Row) -> list[dict[str, Any]]:
        rows = self._records.where("question_choice", question=question["sys_id"])
        rows = sorted(rows, key=lambda row: int(row["order"] or 0))
        return [
            {"label": row["text"], "value": row["value"], "index": place}
            for place, row in enumerate(rows)
        ]

    def _prices(self, row: Row) -> dict[str, Any]:
        """The prices, unless they are not to be shown."""
        if row["omit_price"] == "true" or not amount(row):
            return {"show_price": False}
        once, again = priced(amount(row)), priced(amount(row, "recurring_price"))
        return {
            "show_price": True,
            "price": once,
            "localized_price": once,
            "price_currency": CURRENCY,
            "local_currency": CURRENCY,
            "recurring_price": again,
            "localized_recurring_price": again,
            "recurring_price_currency": CURRENCY,
            "recurring_frequency": row["recurring_frequency"] or None,
        }

    def _title(self, table: str, key: str) -> dict[str, str]:
        """What a reference leads to; a text that leads nowhere is its own title."""
        row = self._records.find(table, key)
        return _named(row) if row else {"sys_id": "", "title": key}

    def _categories(self, row: Row) -> list[dict[str, Any]]:
        category = self._records.find("sc_category", row["category"])
        if category is None:
            return []
        above = self._records.find("sc_category", category["parent"]) or category
        inner = _named(category) | {"active": category["active"] == "true"}
        return [_named(above) | {"active": above["active"] == "true", "category": inner}]


def _named(row: Row) -> dict[str, str]:
    return {"sys_id": row["sys_id"], "title": row["title"]}


def _listed(item: Row) -> list[str]:
    """The catalogues of an item."""
    return [key for key in item["sc_catalogs"].split(",") if key]
