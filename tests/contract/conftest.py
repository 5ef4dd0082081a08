"""Every case of the contract is put to every installed product that it fits."""

from collections import Counter
from collections.abc import Iterator
from functools import cache

import pytest

from broker.connectors.registry import iga_products
from broker.domain.people import Person
from broker.ports.iga import Submission
from sandbox.world import World, build_world
from tests.contract.needs import declared, fits
from tests.contract.subject import Subject, capabilities_of, under_contract
from tests.contract.telling import LEAVES_OUT, RUN, Tell

# How many cases are not put to a product, by product and the capability that it would need.
LEFT_OUT = pytest.StashKey[dict[str, Counter[str]]]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(capability): for products that can do this")
    config.addinivalue_line("markers", "lacks(capability): for products that cannot do this")
    config.stash[LEFT_OUT] = {}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = config.stash[LEFT_OUT]
    unfit = []
    for item in items:
        product = _product(item)
        if product and not fits(_marked(item, "needs"), _marked(item, "lacks"), _able(product)):
            unfit.append(item)
            left_out.setdefault(product, Counter()).update(_marked(item, "needs"))
    items[:] = [item for item in items if item not in unfit]
    config.hook.pytest_deselected(items=unfit)


@cache
def _able(product: str) -> frozenset[str]:
    """What it declares. Of a product that nobody prepared, the cases themselves tell."""
    try:
        return declared(capabilities_of(product))
    except LookupError:
        return frozenset()


def _marked(item: pytest.Item, name: str) -> list[str]:
    return [mark.args[0] for mark in item.iter_markers(name)]


def _product(item: pytest.Item) -> str:
    called = getattr(item, "callspec", None)
    return str(called.params.get("product", "")) if called else ""


@pytest.fixture(scope="session")
def world() -> World:
    return build_world()


@pytest.fixture(params=sorted(iga_products()))
def product(request: pytest.FixtureRequest, record_property: Tell) -> str:
    """The name of an installed product; its cases, those that it is spared too, are counted in
    pytest's last lines.
    """
    name = str(request.param)
    record_property(RUN, name)
    spared: dict[str, int] = request.config.stash[LEFT_OUT].get(name, Counter())
    record_property(LEAVES_OUT, [name, dict(spared)])  # plain, to cross over between processes
    return name


@pytest.fixture
def subject(product: str, world: World) -> Iterator[Subject]:
    with under_contract(product).running(world) as made:
        yield made


@pytest.fixture
def person(subject: Subject) -> Person:
    found = subject.iga.person(subject.login)
    assert found is not None
    return found


@pytest.fixture
def submission(subject: Subject, person: Person) -> Submission:
    item = subject.iga.find_item(subject.items[0])
    assert item is not None
    words = "RITM0010023 SCTASK0010009 RITM0010023-L1 month end"
    return Submission("RITM0010023-L1", person.key, [item], words)
