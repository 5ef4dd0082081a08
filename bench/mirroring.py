"""Changed rows into ServiceNow: by the connector, by the whole broker, and by hand."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bench import installation, rows
from bench.measuring import Contest, Line, counted, sandbox
from broker.connectors.registry import desk_products
from broker.ports.desk import Desk, MirrorRow

ROWS = 10_000
MOST_CALLS, LEAST_RATE = 1 / 40, 0.70
LATENCIES = (0, 50)
SLICES = 10
_FIRST = 10  # of the changes that are timed
CONNECTOR, BARE, BROKER = "connector", "bare loop", "broker"


def run(scale: float) -> Iterator[Line]:
    """Each line as soon as it is measured; `scale` shrinks the number of rows."""
    number = max(rows.SIZE, int(ROWS * scale))
    for latency in LATENCIES:
        with sandbox("servicenow", latency=latency) as url, _broker(url, number) as broker:
            connector = _connector(url)
            _demand_taken(connector, rows.rows(range(number), 0))
            broker.change(0, range(number))
            broker.mirror()
            if not latency:
                yield from _calls(url, connector, broker, number)
            yield from _rates(url, connector, broker, number, latency)


def _calls(
    url: str, connector: Desk, broker: installation.Installation, number: int
) -> Iterator[Line]:
    """How many calls each way takes for the same rows."""
    changed = rows.rows(range(number), 1)
    alone = _counted(lambda: rows.one_by_one(url, changed))
    broker.change(1, range(number))
    ways: dict[str, Callable[[], object]] = {
        "the connector": lambda: connector.mirror(rows.rows(range(number), 2)),
        "a connector just started": lambda: _connector(url).mirror(rows.rows(range(number), 3)),
        "the broker": broker.mirror,
    }
    for name, way in ways.items():
        calls = _counted(way)
        told = f"{calls} calls for {number:,} rows, one by one {alone:,}"
        yield Line(f"calls of {name}", told, calls / alone, most=MOST_CALLS)


def _rates(
    url: str, connector: Desk, broker: installation.Installation, number: int, latency: int
) -> Iterator[Line]:
    """How many rows a second, beside a loop that posts the same batches and does no more."""

    def by_hand(turn: int, places: range) -> Callable[[], object]:
        bodies = rows.batches(rows.rows(places, _FIRST + turn))
        return lambda: loop.post(bodies)

    def by_connector(turn: int, places: range) -> Callable[[], object]:
        changed = rows.rows(places, _FIRST + turn + 1)
        return lambda: _demand_taken(connector, changed)

    def by_broker(turn: int, places: range) -> Callable[[], object]:
        broker.change(_FIRST + turn + 2, places)
        return broker.mirror

    contest = Contest({BARE: by_hand, CONNECTOR: by_connector, BROKER: by_broker})
    with closing(rows.Bare(url)) as loop:
        contest.run(number, SLICES)
    bare = contest.rate(BARE, number)
    # What the whole broker does besides depends on its database: shown, not judged.
    for name, least in ((CONNECTOR, LEAST_RATE), (BROKER, None)):
        own = contest.rate(name, number)
        told = f"{own:,.0f} rows a second, bare {bare:,.0f}"
        ratio = contest.ratio(name, BARE)
        yield Line(f"row rate of the {name}, {latency} ms", told, ratio, least=least)


def _counted(way: Callable[[], object]) -> int:
    with counted() as sent:
        way()
    return sent.calls


def _demand_taken(desk: Desk, changed: list[MirrorRow]) -> None:
    if faults := desk.mirror(changed):
        raise RuntimeError(f"{len(faults)} rows were refused: {faults[0].reason}")


def _connector(url: str) -> Desk:
    product = desk_products()["servicenow"]
    given = {"client_id": "broker", "client_secret": "broker-secret"}
    names = dict(zip(("username", "password"), rows.USER, strict=True))
    return product.build("servicenow", product.settings(url=url, **given, **names))


@contextmanager
def _broker(url: str, number: int) -> Iterator[installation.Installation]:
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        installation.installed(Path(folder), _connector(url), number) as made,
    ):
        yield made
