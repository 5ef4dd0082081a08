"""Counts for Prometheus, read from the rows when asked: every process tells the same."""

from collections.abc import Iterable, Iterator
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from broker.context import Broker
from broker.domain.orders import LineState
from broker.ports.queue import QueueName
from broker.store.audit import AuditEventRow, AuditSealRow
from broker.store.orders import OrderLineRow
from broker.store.outbox import OutboxRow
from broker.store.sync_runs import silent_connections


def exposition(session: Session, broker: Broker) -> tuple[bytes, str]:
    """Prometheus' text and its content type."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Counts(session, broker))
    return generate_latest(registry), CONTENT_TYPE_PLAIN_0_0_4


class _Counts(Collector):
    def __init__(self, session: Session, broker: Broker) -> None:
        self._session = session
        self._broker = broker

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        yield self._owed()
        yield self._given_up()
        yield self._lines()
        yield self._silent()
        yield self._unsealed()

    def _owed(self) -> Metric:
        open_rows = (OutboxRow.settled_at.is_(None), OutboxRow.given_up_at.is_(None))
        counts = self._by(OutboxRow.queue, *open_rows)
        words = "Messages owed to other systems, by queue."
        return _gauge(
            "broker_outbox_owed", words, "queue", {q: counts.get(q, 0) for q in QueueName}
        )

    def _given_up(self) -> Metric:
        query = select(func.count()).where(OutboxRow.given_up_at.is_not(None))
        words = "Messages given up until an operator acts."
        return GaugeMetricFamily("broker_outbox_given_up", words, self._number(query))

    def _lines(self) -> Metric:
        counts = self._by(OrderLineRow.state)
        words = "Order lines, by state."
        found = {state: counts.get(state, 0) for state in LineState}
        return _gauge("broker_order_lines", words, "state", found)

    def _silent(self) -> Metric:
        silent = {row.name for row in silent_connections(self._session)}
        names = sorted({*self._broker.igas, *self._broker.desks} | silent)
        words = "1 while a connection does not answer."
        found = {name: int(name in silent) for name in names}
        return _gauge("broker_connection_silent", words, "connection", found)

    def _unsealed(self) -> Metric:
        # A difference of two counts: sealed events never vanish, or the audit check says so.
        events = self._number(select(func.count(AuditEventRow.id)))
        seals = self._number(select(func.count(AuditSealRow.seq)))
        words = "Audit events not sealed into the chain yet."
        return GaugeMetricFamily("broker_audit_unsealed", words, events - seals)

    def _by(
        self, column: InstrumentedAttribute[Any], *where: ColumnElement[bool]
    ) -> dict[str, int]:
        query = select(column, func.count()).where(*where).group_by(column)
        return {str(name): count for name, count in self._session.execute(query)}

    def _number(self, query: Select[int]) -> int:
        return self._session.scalar(query) or 0


def _gauge(name: str, words: str, label: str, values: dict[Any, int]) -> Metric:
    family = GaugeMetricFamily(name, words, labels=[label])
    for value, count in values.items():
        family.add_metric([str(value)], count)
    return family
