"""What a person has open in one browser: who they are, and a cart that is not yet a request."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.world import WorldItem


@dataclass
class CartLine:
    """An item with the days it is wanted from and until, as typed; empty is now and for good."""

    item: WorldItem
    start: str = ""
    end: str = ""


@dataclass
class Cart:
    """What will be asked for, for whom (by key; nobody is oneself), and why."""

    lines: list[CartLine] = field(default_factory=list)
    people: list[str] = field(default_factory=list)
    justification: str = ""


@dataclass
class Session:
    """Somebody, by usr_key, signed in to the console in one browser, with the token its forms must
    carry, and what the next page has to say.
    """

    key: str
    csrf: str
    notice: str = ""
    cart: Cart = field(default_factory=Cart)
