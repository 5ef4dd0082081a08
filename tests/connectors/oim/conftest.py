"""What the tests of the OIM connector share."""

from collections.abc import Iterator

import pytest
import responses

from broker.ports.iga import Iga
from tests.connectors.oim.wire import connector


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    """No call leaves this process; what is not answered here fails."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def iga() -> Iga:
    """A connector for what `wire` answers, with pages of three rows, two of them new."""
    return connector(page_size=2)
