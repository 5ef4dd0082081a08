"""Asks the IGA for details, several at a time where it bears that."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from itertools import islice
from types import TracebackType
from typing import Self, TypeVar

from broker.context import Broker
from broker.domain.access_requests import AccessRequest, RequestHeader
from broker.domain.errors import ConnectorError, Misconfigured, NotFound, Refused, Unavailable
from broker.ports.iga import Iga
from broker.sync.apply import Reading

T = TypeVar("T")
R = TypeVar("R")
# After so many failures one after the other, the list tells odd records from a system that is down.
_DOWN = 3
# So many are no odd records, whatever the list says.
_MOST_ODD = 30
_NAMED = 3


class Readers:
    """As many threads as may ask one IGA at once; where that is one, the caller asks alone."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._pool = ThreadPoolExecutor(number, "reader") if number > 1 else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def map(self, ask: Callable[[T], R], things: Iterable[T]) -> Iterator[R]:
        """What each thing answers, in the order of the things. Whoever stops listening is spared
        most of the rest.
        """
        if self._pool is None:
            yield from map(ask, things)
            return
        source = iter(things)
        coming: deque[Future[R]] = deque()
        while True:
            ahead = islice(source, 2 * self._number - len(coming))
            coming.extend(self._pool.submit(ask, thing) for thing in ahead)
            if not coming:
                return
            yield coming.popleft().result()


class Scans:
    """The newest scan of each IGA's open list, shared by the threads of a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scans: dict[int, tuple[float, list[RequestHeader]]] = {}

    def recent(self, iga: Iga, since: float) -> list[RequestHeader]:
        """The list as it was not before `since`, by the monotonic clock."""
        with self._lock:
            at, headers = self._scans.get(id(iga), (0.0, []))
            if at < since:
                at, headers = time.monotonic(), list(iga.open_requests())
                self._scans = {id(iga): (at, headers)}
            return headers


class Patience:
    """Goes on after odd records, and ends where the system is down."""

    def __init__(self, iga: Iga) -> None:
        self._iga, self._in_a_row = iga, 0

    def ends(self, *, failed: bool) -> bool:
        """Whether to ask for no more, after one record more."""
        self._in_a_row = self._in_a_row + 1 if failed else 0
        if not failed or self._in_a_row % _DOWN:
            return False
        return self._in_a_row >= _MOST_ODD or not self._answers()

    def _answers(self) -> bool:
        """By the beginning of its list."""
        try:
            next(iter(self._iga.open_requests()), None)
        except ConnectorError:
            return False
        return True


def read(broker: Broker, iga: Iga, readers: Readers, request_ids: Sequence[str]) -> Reading:
    """Each request as it is now, until the system is down."""

    def ask(request_id: str) -> tuple[datetime, AccessRequest | ConnectorError]:
        return broker.clock.now(), _one(iga, request_id)

    reading, patience = Reading(), Patience(iga)
    answers = readers.map(ask, request_ids)
    for request_id, (began_at, found) in zip(request_ids, answers, strict=False):
        reading.began_at[request_id] = began_at
        if patience.ends(failed=not _keep(reading, request_id, found)):
            reading.down = reading.unread[request_id]
            break
    return reading


def _one(iga: Iga, request_id: str) -> AccessRequest | ConnectorError:
    try:
        found = iga.request(request_id)
    except (NotFound, Unavailable, Refused, Misconfigured) as error:
        return error
    if found.header.id != request_id:
        return Unavailable(iga.name, "answered about another request")
    return found


def _keep(reading: Reading, request_id: str, found: AccessRequest | ConnectorError) -> bool:
    """Note what one request brought; whether anything is known of it now."""
    if isinstance(found, AccessRequest):
        reading.seen.append(found)
    elif isinstance(found, NotFound):
        reading.gone.append(request_id)
    else:
        reading.unread[request_id] = found
        return False
    return True


def reasons(unread: Mapping[str, ConnectorError]) -> str:
    """Why the first of these could not be read: there is no room for all."""
    return "; ".join(f"{name} ({error.reason})" for name, error in islice(unread.items(), _NAMED))
