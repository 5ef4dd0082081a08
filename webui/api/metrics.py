"""Counts for Prometheus, read from the rows when asked: every process tells the same."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from broker.context import Broker
from broker.domain.orders import LineState
from broker.ports.queue import QueueName
from broker.store.audit import AuditEventRow, AuditSealRow
from broker.store.connector_calls import ConnectorCallsRow, all_counts
from broker.store.orders import OrderLineRow
from broker.store.outbox import GIVEN_UP, OutboxRow
from broker.store.sync_runs import ConnectionRow, last_success, silent_connections

_LATELY = timedelta(hours=1)
_OPEN = (OutboxRow.settled_at.is_(None), OutboxRow.given_up_at.is_(None))


def exposition(session: Session, broker: Broker) -> tuple[bytes, str]:
    """Prometheus' text and its content type."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Counts(session, broker))
    return generate_latest(registry), CONTENT_TYPE_PLAIN_0_0_4


class _Counts(Collector):
    def __init__(self, session: Session, broker: Broker) -> None:
        self._session, self._broker, self._now = session, broker, broker.clock.now()

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        tellers: tuple[Callable[[], Metric], ...] = (
            *(self._owed, self._oldest_due, self._failing, self._given_up),
            *(self._lines, self._stuck, self._silent, self._answered, self._synced),
            *(self._signed_in, self._unsealed, self._calls, self._call_seconds),
        )
        yield from (tell() for tell in tellers)

    def _owed(self) -> Metric:
        words = "Messages owed to other systems, by queue."
        return self._queues("broker_outbox_owed", words, self._by(OutboxRow.queue, *_OPEN))

    def _oldest_due(self) -> Metric:
        due = (*_OPEN, OutboxRow.due_at <= self._now)
        query = select(OutboxRow.queue, func.min(OutboxRow.due_at)).where(*due)
        oldest = self._session.execute(query.group_by(OutboxRow.queue)).all()
        words = "Seconds for which the oldest message owed has been due, by queue."
        ages = {queue: self._age(at) for queue, at in oldest}
        return self._queues("broker_outbox_oldest_due_seconds", words, ages)

    def _failing(self) -> Metric:
        counts = self._by(OutboxRow.queue, *_OPEN, OutboxRow.failures > 0)
        words = "Messages owed that failed and are tried again, by queue."
        return self._queues("broker_outbox_failing", words, counts)

    def _given_up(self) -> Metric:
        query = select(func.count()).where(*GIVEN_UP)
        words = "Messages given up until an operator acts."
        return GaugeMetricFamily("broker_outbox_given_up", words, self._number(query))

    def _lines(self) -> Metric:
        counts = self._by(OrderLineRow.state)
        words = "Order lines, by state."
        found = {state: counts.get(state, 0) for state in LineState}
        return _gauge("broker_order_lines", words, "state", found)

    def _stuck(self) -> Metric:
        stuck = OrderLineRow.state == LineState.NEEDS_ATTENTION
        query = select(func.count(OrderLineRow.order_id.distinct())).where(stuck)
        words = "Orders that wait for an operator."
        return GaugeMetricFamily("broker_orders_needing_attention", words, self._number(query))

    def _silent(self) -> Metric:
        silent = {row.name for row in silent_connections(self._session)}
        names = sorted({*self._broker.igas, *self._broker.desks} | silent)
        words = "1 while a connection does not answer."
        found = {name: int(name in silent) for name in names}
        return _gauge("broker_connection_silent", words, "connection", found)

    def _answered(self) -> Metric:
        query = select(ConnectionRow.name, ConnectionRow.answered_at).order_by(ConnectionRow.name)
        found = {name: self._age(at) for name, at in self._session.execute(query) if at}
        words = "Seconds since a connection was last read well; absent before the first time."
        return _gauge("broker_connection_answered_seconds", words, "connection", found)

    def _synced(self) -> Metric:
        read = {name: last_success(self._session, name) for name in sorted(self._broker.igas)}
        found = {name: self._age(at) for name, at in read.items() if at}
        words = "Seconds since all requests were last read; absent before the first time."
        return _gauge("broker_sync_age_seconds", words, "connection", found)

    def _signed_in(self) -> Metric:
        lately = (AuditEventRow.action == "sign_in", AuditEventRow.at > self._now - _LATELY)
        counts = {"done": 0, "refused": 0} | self._by(AuditEventRow.outcome, *lately)
        words = "Sign-ins within the last hour, by outcome."
        return _gauge("broker_sign_ins_last_hour", words, "outcome", counts)

    def _unsealed(self) -> Metric:
        # A difference of two counts: sealed events never vanish, or the audit check says so.
        events = self._number(select(func.count(AuditEventRow.id)))
        seals = self._number(select(func.count(AuditSealRow.seq)))
        words = "Audit events not sealed into the chain yet."
        return GaugeMetricFamily("broker_audit_unsealed", words, events - seals)

    def _calls(self) -> Metric:
        words = "Calls to other systems, by connection and outcome."
        counts = all_counts(self._session)
        return _counter("broker_connector_calls", words, counts, lambda count: count.calls)

    def _call_seconds(self) -> Metric:
        words = "Seconds that calls to other systems took, by connection and outcome."
        counts = all_counts(self._session)
        return _counter("broker_connector_call_seconds", words, counts, lambda count: count.seconds)

    def _by(
        self, column: InstrumentedAttribute[Any], *where: ColumnElement[bool]
    ) -> dict[str, float]:
        query = select(column, func.count()).where(*where).group_by(column)
        return {str(name): count for name, count in self._session.execute(query)}

    def _number(self, query: Select[int]) -> int:
        return self._session.scalar(query) or 0

    def _age(self, at: datetime) -> float:
        return max(0.0, (self._now - at).total_seconds())

    def _queues(self, name: str, words: str, found: Mapping[str, float]) -> Metric:
        """Every queue has its figure, so that an alarm can tell nothing owed from nothing told."""
        return _gauge(name, words, "queue", {queue: found.get(queue, 0) for queue in QueueName})


def _counter(
    name: str,
    words: str,
    counts: Iterable[ConnectorCallsRow],
    figure: Callable[[ConnectorCallsRow], float],
) -> Metric:
    family = CounterMetricFamily(name, words, labels=["connection", "outcome"])
    for count in counts:
        family.add_metric([count.connection, count.outcome], figure(count))
    return family


def _gauge(name: str, words: str, label: str, values: Mapping[Any, float]) -> Metric:
    family = GaugeMetricFamily(name, words, labels=[label])
    for value, count in values.items():
        family.add_metric([str(value)], count)
    return family
