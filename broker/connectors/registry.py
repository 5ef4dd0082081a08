"""Which products there are: each folder under iga/ and desk/ is one."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Generic, TypeVar, cast

from pydantic import BaseModel

from broker.connectors import desk, iga
from broker.ports.desk import Desk
from broker.ports.iga import Iga
from broker.settings import PREFIX, Settings

Port = TypeVar("Port")


@dataclass(frozen=True, slots=True)
class Product(Generic[Port]):
    """One product: its settings model, and how a named connection is built from such settings."""

    name: str
    settings: type[BaseModel]
    build: Callable[[str, BaseModel], Port]


def iga_products() -> dict[str, Product[Iga]]:
    """Every IGA product by folder name."""
    return {name: cast("Product[Iga]", _product(iga, name)) for name in _folders(iga)}


def desk_products() -> dict[str, Product[Desk]]:
    """Every desk product by folder name."""
    return {name: cast("Product[Desk]", _product(desk, name)) for name in _folders(desk)}


def setting_names(iga: str, desk: str) -> frozenset[str]:
    """Every setting that there is with these two products: ours and the connections' own."""
    igas, desks = iga_products(), desk_products()
    names = {f"{PREFIX}{field.upper()}" for field in Settings.model_fields}
    if iga in igas:
        names |= _fields(iga, igas[iga].settings)
    if desk in desks:
        names |= _fields(desk, desks[desk].settings)
    return frozenset(names)


def _fields(connection: str, model: type[BaseModel]) -> set[str]:
    return {f"{PREFIX}{connection}_{field}".upper() for field in model.model_fields}


def _folders(family: ModuleType) -> list[str]:
    return sorted(found.name for found in pkgutil.iter_modules(family.__path__) if found.ispkg)


def _product(family: ModuleType, name: str) -> Product[object]:
    module = importlib.import_module(f"{family.__name__}.{name}")
    return Product(name, module.Settings, module.build)
