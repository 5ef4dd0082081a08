"""When access has been granted, what people are shown about themselves follows."""

import pytest

from broker.store.access import holdings_of
from tests.use_cases.conftest import House

pytestmark = pytest.mark.both


def held(house: House, person_id: str) -> list[str]:
    with house.broker.sessions() as session:
        return [row.name for row in holdings_of(session, person_id)]


def test_what_somebody_holds_is_read_again_when_access_is_granted(house: House) -> None:
    answer = house.post(house.item())
    house.work()
    beneficiary = house.order(answer).beneficiary_id or ""
    assert held(house, beneficiary) == []
    house.iga.finish("9001")
    house.wait(seconds=5)
    assert held(house, beneficiary) == ["Finance Reporting"]
