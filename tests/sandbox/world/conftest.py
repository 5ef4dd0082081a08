"""A company of middle size, made once."""

from datetime import UTC, datetime

import pytest

from sandbox.world import World, WorldRequest, build_world

NOW = datetime(2026, 3, 11, 15, 0, tzinfo=UTC)  # a Wednesday


@pytest.fixture(scope="package")
def company() -> World:
    return build_world(people=1500, requests=6000, open_share=0.05, now=NOW)


@pytest.fixture(scope="package")
def past(company: World) -> list[WorldRequest]:
    return list(company.history)
