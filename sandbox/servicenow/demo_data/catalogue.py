"""The stock catalogue: its categories, items and their questions."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.servicenow.demo_data.words import Rows, made, table
from sandbox.servicenow.rows import StoredRow
from sandbox.world.model import sys_id

# An instance comes with a catalogue of this id.
SERVICE_CATALOG = "e0d08b13c3330100c8b837659bba8fb4"
_SELECT, _TEXT = "5", "6"
_ON = {"active": True, "sys_scope": "global"}
Answers = tuple[str, str, bool, tuple[str, ...]]


def catalogue_rows() -> Rows:
    """The catalogue `Service Catalog` with all that is in it."""
    yield "sc_catalog", catalog_row(SERVICE_CATALOG, "Service Catalog", "What everybody may order")
    for title, text in table("catalogue", 2, "categories"):
        yield "sc_category", category_row(SERVICE_CATALOG, title, text)
    for name, short, category, price, questions in table("catalogue", 5, "items"):
        key = sys_id("sc_cat_item", f"demo:{name}")
        yield "sc_cat_item", item_row(key, name, short, SERVICE_CATALOG, category, price)
        yield from question_rows(key, f"demo:{name}", _questions(questions))


def catalog_row(key: str, title: str, text: str) -> StoredRow:
    """A catalogue."""
    values = {"title": title, "description": text, "sys_name": title}
    return made("sc_catalog", title, sys_id=key, sys_class_name="sc_catalog", **values, **_ON)


def category_id(catalog: str, title: str) -> str:
    """The sys_id of a category of a catalogue."""
    return sys_id("sc_category", f"{catalog}:{title}")


def category_row(catalog: str, title: str, text: str = "") -> StoredRow:
    """A category of a catalogue."""
    return made(
        "sc_category", title, sys_id=category_id(catalog, title), title=title, description=text,
        sc_catalog=catalog, sys_name=title, sys_class_name="sc_category", order=0, **_ON,
    )  # fmt: skip


def item_row(
    key: str, name: str, short: str, catalog: str, category: str, price: str = "0"
) -> StoredRow:
    """What can be ordered."""
    no = dict.fromkeys(("no_cart", "no_quantity", "no_order", "omit_price", "billable"), False)
    return made(
        "sc_cat_item", name, sys_id=key, name=name, short_description=short, sys_name=name,
        description=f"<p>{short}</p>", sc_catalogs=catalog, price=price, recurring_price="0",
        category=category_id(catalog, category), sys_class_name="sc_cat_item", type="item",
        order=0, availability="on_desktop", mandatory_attachment=False, **_ON, **no,
    )  # fmt: skip


def _questions(text: str) -> Iterable[Answers]:
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        name, _, rest = part.partition("=")
        question, _, listed = rest.partition(":")
        choices = tuple(choice.strip() for choice in listed.split(",") if choice.strip())
        yield name.rstrip("*"), question.strip(), name.endswith("*"), choices


def question_rows(item: str, key: str, questions: Iterable[Answers]) -> Rows:
    """The variables of an item with their choices; `key` makes their ids."""
    for order, (name, text, mandatory, choices) in enumerate(questions, start=1):
        own = sys_id("item_option_new", f"{key}.{name}")
        row = made(
            "item_option_new", name, sys_id=own, name=name, question_text=text, cat_item=item,
            type=_SELECT if choices else _TEXT, order=order * 100, mandatory=mandatory,
            sys_class_name="item_option_new", sys_name=text, **_ON,
        )  # fmt: skip
        yield "item_option_new", row
        for place, choice in enumerate(choices):
            values = {"question": own, "text": choice, "value": choice, "order": place}
            values |= {"sys_class_name": "question_choice", "inactive": False}
            yield "question_choice", made("question_choice", f"{key}.{name}.{choice}", **values)
