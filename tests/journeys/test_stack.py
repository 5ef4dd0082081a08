"""The processes of production lose nothing: not when Redis forgets, nor when one is killed.

Each test places twenty orders, does its harm in the middle of them, and lets OIM's own ledger
and ServiceNow's own items judge: all carried out, none twice.
"""

from collections.abc import Callable, Iterator

import pytest

from tests.conftest import or_skip
from tests.journeys.twenty import Twenty
from tools.servers import postgresql_program, program, wait_until
from tools.stack import Stack, running
from tools.stack.compose import read

PATIENCE_SECONDS = 150
SERVICES = [name for name in read() if name != "migrate"]
# What is killed is missed after its lease; what OIM did with a lost call shows after its delay.
QUICK = {"BROKER_LEASE_SECONDS": "3", "BROKER_OIM_SEARCH_DELAY_SECONDS": "1"}
pytestmark = [pytest.mark.slow, pytest.mark.timeout(480)]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole stack, started once for this module."""
    or_skip(lambda: postgresql_program("postgres"))
    or_skip(lambda: program("Redis", "redis-server"))
    with running(tmp_path_factory.mktemp("stack") / "stack", settings=QUICK) as started:
        yield started


def forget_everything(stack: Stack) -> None:
    stack.redis.clear()


def restart_redis(stack: Stack) -> None:
    redis = stack.service("redis")
    redis.kill()
    redis.restart()


@pytest.mark.parametrize("harm", [forget_everything, restart_redis])
def test_twenty_orders_finish_once_though_redis_forgets(
    stack: Stack, harm: Callable[[Stack], None]
) -> None:
    orders = Twenty(stack.at)
    orders.place(10)
    harm(stack)
    orders.place(10)
    wait_until(orders.under_way, "the first request in OIM", PATIENCE_SECONDS, pause=0.1)
    harm(stack)
    finish(stack, orders)


@pytest.mark.parametrize("name", SERVICES)
def test_twenty_orders_finish_once_though_a_process_is_killed(stack: Stack, name: str) -> None:
    service, orders = stack.service(name), Twenty(stack.at)
    orders.place(10)
    wait_until(orders.under_way, "the first request in OIM", PATIENCE_SECONDS, pause=0.1)
    service.kill()
    orders.place(10)
    service.restart()
    finish(stack, orders)


def finish(stack: Stack, orders: Twenty) -> None:
    """Everybody is at work again, and every order ends as it should."""
    stack.wait_healthy()
    assert [name for name in SERVICES if stack.service(name).engine.tail()] == []
    wait_until(orders.closed, "the end of all orders", PATIENCE_SECONDS, pause=0.3)
    orders.judge()
