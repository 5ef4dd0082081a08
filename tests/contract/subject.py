"""What the suite needs of a product: a server of its own, a proxy before it, and hands inside.

Each product has a module in `tests/contract/products`, called like its connector's folder, with

* `SETTINGS`: settings that build a connection, though nobody may answer there;
* `MAY_LEAVE_OUT`: the capabilities (words of `tests/contract/needs.py`) its API does not give;
* `running(world)`: a context manager that starts the server and gives a `Subject`.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import ModuleType

from broker.connectors.registry import iga_products
from broker.domain.access import ItemKind, ItemName
from broker.ports.iga import Iga, IgaCapabilities
from tests.faults.proxy import FaultProxy, When

Settings = Mapping[str, object]


@dataclass(frozen=True)
class Calls:
    """Which calls on the wire are meant, so that a fault meets the right one."""

    submitting: When
    listing: When
    reading: When
    withdrawing: When
    revoking: When


@dataclass(frozen=True)
class Hands:
    """What is done or looked at in the server itself, past the connector and past the proxy.

    Reading: `accepted` lists the ids of all requests taken from us, in their order, revocations
    too. `asked_of` names for one request its beneficiary's key and its items.

    Doing: `ask` lets somebody else raise a request that waits for a decision, and gives its id;
    `quote` is the same for the subject's person, in these words; `finish` ends one, `reassign`
    gives its decision to somebody else, whose name as the connector shall tell it comes back;
    `vanish` removes one. `carry_out` lets pass whatever time the server takes for what is
    approved, and `end_tokens` ends all tokens given out so far.
    `hold_back` makes what we raise from now on wait for a decision; `at_once` has it carried out
    without a request, if the product does such things. `give` lets the subject's person have an
    item of this kind, and names it.
    """

    accepted: Callable[[], Sequence[str]]
    asked_of: Callable[[str], tuple[str, Sequence[ItemName]]]
    ask: Callable[[], str]
    quote: Callable[[str], str]
    finish: Callable[[str], None]
    reassign: Callable[[str], str]
    vanish: Callable[[str], None]
    carry_out: Callable[[], None]
    end_tokens: Callable[[], None]
    hold_back: Callable[[], None]
    give: Callable[[ItemKind], ItemName]
    at_once: Callable[[], None] | None = None


@dataclass(frozen=True)
class Subject:
    """A product under the contract.

    `iga` speaks to the server through `proxy`; `connect` makes another connection like it, with
    some settings changed. `login` is a person without the `items`, which are two roles. `roles`
    and `stand_ins` give names that decisions wait for, with the logins of those who may decide.
    Of the settings, `small_pages` makes lists take many calls, `wrong_secret` is refused,
    `impatient` waits for no answer longer than half a second, and `tokens` signs in with tokens
    that end (empty: there are none). `proofs` look, by capability, whether the server really has
    no such door; a proof raises AssertionError where it has one.
    """

    iga: Iga
    proxy: FaultProxy
    connect: Callable[..., Iga]
    login: str
    items: tuple[ItemName, ItemName]
    roles: Mapping[str, Sequence[str]]
    stand_ins: Mapping[str, Sequence[str]]
    hands: Hands
    calls: Calls
    small_pages: Settings = field(default_factory=dict)
    wrong_secret: Settings = field(default_factory=dict)
    impatient: Settings = field(default_factory=dict)
    tokens: Settings = field(default_factory=dict)
    proofs: Mapping[str, Callable[[], None]] = field(default_factory=dict)


@dataclass(frozen=True)
class UnderContract:
    """One product's module, read."""

    settings: Settings
    may_leave_out: frozenset[str]
    running: Callable[..., AbstractContextManager[Subject]]


def under_contract(product: str) -> UnderContract:
    """What the suite knows of this product; LookupError says what to write if it knows nothing."""
    module = _module(product)
    return UnderContract(module.SETTINGS, frozenset(module.MAY_LEAVE_OUT), module.running)


def _module(product: str) -> ModuleType:
    try:
        return importlib.import_module(f"tests.contract.products.{product}")
    except ModuleNotFoundError as error:
        missing = f"tests/contract/products/{product}.py is missing; docs/connectors.md tells more"
        raise LookupError(missing) from error


def capabilities_of(product: str) -> IgaCapabilities:
    """What a connection to this product declares; nothing is called for it."""
    installed = iga_products()[product]
    built = installed.build(product, installed.settings(**under_contract(product).settings))
    return built.capabilities
