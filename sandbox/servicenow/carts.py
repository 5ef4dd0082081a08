"""The shopping carts: one for each user, rows of `sc_cart` and `sc_cart_item`.

Jobs that share an integration user share its cart, too.
"""

from __future__ import annotations

from sandbox.servicenow.accounts import Account
from sandbox.servicenow.ordering import Line, amount, questions_of
from sandbox.servicenow.records import Records, Row

CART, CART_ITEM, ANSWER = "sc_cart", "sc_cart_item", "sc_item_option"


class Carts:
    """The carts of one instance."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def cart_of(self, account: Account) -> Row:
        """The caller's cart, which is made when first needed."""
        with self._records.lock:
            found = self._records.where(CART, user=account.sys_id)
            if found:
                return found[0]
            values = {"user": account.sys_id, "name": "DEFAULT", "requested_for": account.sys_id}
            return self._records.insert(CART, values, account.user_name)

    def items_of(self, cart: str) -> list[Row]:
        """What a cart holds, in the order in which it came in."""
        return self._records.where(CART_ITEM, cart=cart)

    def add(self, account: Account, line: Line) -> str:
        """Put something in; gives the cart's sys_id."""
        cart = self.cart_of(account)["sys_id"]
        values = {
            "cart": cart,
            "cat_item": line.item["sys_id"],
            "requested_for": line.requested_for,
            "quantity": line.quantity,
            "price": f"{amount(line.item):g}",
            "recurring_price": f"{amount(line.item, 'recurring_price'):g}",
        }
        row = self._records.insert(CART_ITEM, values, account.user_name)
        self._answer(row, line, account)
        return cart

    def change(self, account: Account, row: Row, line: Line) -> None:
        """Another quantity, and other answers."""
        told = {"quantity": line.quantity}
        self._records.update(CART_ITEM, row["sys_id"], told, account.user_name)
        self._forget_answers(row, account)
        self._answer(row, line, account)

    def remove(self, account: Account, row: Row) -> None:
        """Take something out."""
        self._forget_answers(row, account)
        self._records.delete(CART_ITEM, row["sys_id"], account.user_name)

    def empty(self, account: Account, cart: str) -> None:
        """Take everything out, and throw the cart away."""
        for row in self.items_of(cart):
            self.remove(account, row)
        self._records.delete(CART, cart, account.user_name)

    def line(self, row: Row) -> Line:
        """What stands in the cart as a line of an order."""
        item = self._records.find("sc_cat_item", row["cat_item"])
        assert item is not None
        answers = {
            question["name"]: answer["value"]
            for answer in self._answers(row)
            if (question := self._records.find("item_option_new", answer["item_option_new"]))
        }
        return Line(item, row["requested_for"], answers, int(row["quantity"] or 1))

    def _answers(self, row: Row) -> list[Row]:
        return self._records.where(ANSWER, cart_item=row["sys_id"])

    def _answer(self, row: Row, line: Line, account: Account) -> None:
        for question in questions_of(self._records, line.item["sys_id"]):
            if question["name"] in line.variables:
                values = {
                    "cart_item": row["sys_id"],
                    "item_option_new": question["sys_id"],
                    "value": line.variables[question["name"]],
                }
                self._records.insert(ANSWER, values, account.user_name)

    def _forget_answers(self, row: Row, account: Account) -> None:
        for answer in self._answers(row):
            self._records.delete(ANSWER, answer["sys_id"], account.user_name)
