"""Every case of the contract is put to every installed product."""

from collections.abc import Iterator

import pytest

from broker.connectors.registry import iga_products
from broker.domain.people import Person
from broker.ports.iga import Submission
from sandbox.world import World, build_world
from tests.contract.subjects import PRODUCTS, Subject


@pytest.fixture(scope="session")
def world() -> World:
    return build_world()


@pytest.fixture(params=sorted(iga_products()))
def subject(request: pytest.FixtureRequest, world: World) -> Iterator[Subject]:
    with PRODUCTS[request.param](world) as made:
        yield made


@pytest.fixture
def person(subject: Subject) -> Person:
    found = subject.iga.person(subject.login)
    assert found is not None
    return found


@pytest.fixture
def submission(subject: Subject, person: Person) -> Submission:
    item = subject.iga.find_item(subject.item)
    assert item is not None
    words = "RITM0010023 SCTASK0010009 RITM0010023-L1 month end"
    return Submission("RITM0010023-L1", person.key, [item], words)
