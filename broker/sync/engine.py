"""Reads the IGA with no database session open, compares, and writes what changed."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar

from sqlalchemy.orm import Session

from broker import linking
from broker.context import Broker
from broker.domain.access_requests import AccessRequest, RequestHeader, RequestState
from broker.domain.errors import (
    ConnectorError,
    Misconfigured,
    NotFound,
    Postponed,
    Refused,
    Unavailable,
)
from broker.domain.people import Person, normal
from broker.ports.iga import Iga
from broker.store import access, people, requests, sync_runs
from broker.store.outbox import Effect, Message
from broker.store.people import PersonRow
from broker.store.requests import RequestRow
from broker.sync.apply import Reading, apply, owe_mirror
from broker.sync.reconcile import Known, due, print_of

T = TypeVar("T")
Counts = dict[str, int]
# What was counted, and a sentence on what could not be read.
Outcome = tuple[Counts, str]
# One scan of the open list serves every login of the same few seconds.
_SCAN_LIVES_SECONDS = 3.0
_CHUNK = 200
# So many failures one after the other are no odd request: the system is down.
_DOWN = 3
_NAMED = 3
# How often a request whose approval has not started is looked at, until the timer takes over.
_FIRST_PAUSE_SECONDS, _LAST_PAUSE_SECONDS = 0.5, 300.0


class _Scans:
    """The newest scan of each IGA's open list, shared by the threads of a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scans: dict[int, tuple[float, list[RequestHeader]]] = {}

    def recent(self, iga: Iga, since: float) -> list[RequestHeader]:
        with self._lock:
            at, headers = self._scans.get(id(iga), (0.0, []))
            if at < since:
                at, headers = time.monotonic(), list(iga.open_requests())
                self._scans = {id(iga): (at, headers)}
            return headers


_scans = _Scans()


def sync_person(broker: Broker, person_id: str) -> Counts:
    """Refresh one person: their requests, what waits for them, and what they hold."""
    with broker.sessions() as session:
        row = session.get_one(PersonRow, person_id)
        iga_name, person = row.iga, row.person
    return _run(broker, "person", lambda: _person(broker, iga_name, person_id, person), person_id)


def sync_changes(broker: Broker) -> Counts:
    """Refresh everybody: cost follows what is open, not what exists."""
    return _run(broker, "changes", lambda: _changes(broker))


def sync_people(broker: Broker) -> Counts:
    """Read everybody from the IGA and the desks, and link them by the rule in force."""
    return _run(broker, "people", lambda: _people(broker))


def sync_everything(broker: Broker) -> Counts:
    """People, then everybody's requests with their history. Long: for a first fill."""
    sync_people(broker)
    return _run(broker, "everything", lambda: _everything(broker))


def pay_person(broker: Broker, message: Message) -> Effect:
    """The outbox's door to sync_person."""
    sync_person(broker, message.payload["person_id"])
    return _done


def pay_changes(broker: Broker, _message: Message) -> Effect:
    """The outbox's door to sync_changes."""
    sync_changes(broker)
    return _done


def pay_people(broker: Broker, _message: Message) -> Effect:
    """The outbox's door to sync_people."""
    sync_people(broker)
    return _done


def pay_request(broker: Broker, message: Message) -> Effect:
    """Refresh one request that something else is known to have changed."""
    name, request_id = message.payload["iga"], message.payload["request_id"]
    reading = _read(broker, broker.iga(name), [request_id])
    for error in reading.unread.values():
        raise error
    pause = _FIRST_PAUSE_SECONDS * 2**message.attempts
    if _unstarted(broker, name, reading.seen) and pause < _LAST_PAUSE_SECONDS:
        raise Postponed(pause, "its approval has not started yet")

    def store(session: Session) -> None:
        apply(session, broker, name, reading)
        # An order may have been told meanwhile whose request this is: the mirror shows that.
        row = requests.by_request_id(session, name, request_id)
        if row is not None:
            row.mirror_due = True
            owe_mirror(session, broker, broker.clock.now())

    return store


def _unstarted(broker: Broker, iga: str, seen: Sequence[AccessRequest]) -> bool:
    """Seen before as just raised, and nothing has happened since."""
    with broker.sessions() as session:
        rows = requests.known(session, iga, [request.header.id for request in seen])
    return any(
        request.header.state is RequestState.REQUESTED
        and (row := rows.get(request.header.id)) is not None
        and row.fingerprint == print_of(request)
        for request in seen
    )


def _done(_session: Session) -> None:
    """The run has stored its own effect."""


def _run(
    broker: Broker, kind: str, work: Callable[[], Outcome], person_id: str | None = None
) -> Counts:
    iga = broker.iga().name
    with broker.sessions.begin() as session:
        run = sync_runs.start(session, iga, kind, broker.clock.now(), person_id)
    try:
        counts, fault = work()
    except Exception as error:
        with broker.sessions.begin() as session:
            words = str(error) or type(error).__name__
            sync_runs.finish(session, run, broker.clock.now(), error=words)
            if isinstance(error, ConnectorError):
                sync_runs.silent(session, error.system, broker.clock.now(), error.reason)
        raise
    with broker.sessions.begin() as session:
        sync_runs.finish(session, run, broker.clock.now(), counts, fault)
        sync_runs.answered(session, iga, broker.clock.now())
    return counts


def _person(broker: Broker, iga_name: str, person_id: str, person: Person) -> Outcome:
    iga = broker.iga(iga_name)
    asked_at = time.monotonic() - _SCAN_LIVES_SECONDS
    own = {header.id: header for header in iga.requests_of(person)}
    headers = own | {header.id: header for header in _scans.recent(iga, asked_at)}
    with broker.sessions() as session:
        rows = requests.known(session, iga_name, headers)
        for row in requests.open_rows(session, iga_name):
            rows.setdefault(row.request_id, row)
    known = _known(rows.values(), lambda row: row.request_id in own or _may_decide(row, person))
    outcome = _refresh(broker, iga, due(headers.values(), known))
    _holdings(broker, iga, person_id, person)
    _hurry_mirror(broker)
    return outcome


def _hurry_mirror(broker: Broker) -> None:
    """Names and accounts may have changed too, and rows may have been refused before."""
    with broker.sessions.begin() as session:
        owe_mirror(session, broker, broker.clock.now())


def _may_decide(row: RequestRow, person: Person) -> bool:
    return any(task.assignee_normal == normal(person.login) for task in row.waiting)


def _changes(broker: Broker) -> Outcome:
    iga = broker.iga()
    headers = list(iga.open_requests())
    with broker.sessions() as session:
        rows = requests.known(session, iga.name, [header.id for header in headers])
        for row in requests.open_rows(session, iga.name):
            rows.setdefault(row.request_id, row)
    awaiting = RequestState.AWAITING_APPROVAL
    known = _known(rows.values(), lambda row: row.state is awaiting)
    outcome = _refresh(broker, iga, due(headers, known))
    with broker.sessions.begin() as session:
        requests.mirror_again(session)
    _hurry_mirror(broker)
    return outcome


def _known(
    rows: Iterable[RequestRow], followed: Callable[[RequestRow], bool]
) -> Mapping[str, Known]:
    return {
        row.request_id: Known(
            row.raw_status,
            row.justification,
            final=not row.is_open,
            followed=followed(row),
            gone=row.gone_at is not None,
        )
        for row in rows
    }


def _refresh(broker: Broker, iga: Iga, request_ids: Sequence[str]) -> Outcome:
    """Read the details and write them, a chunk a transaction. What was read is kept, whatever
    becomes of the rest: that stays due, and the sentence tells of it.
    """
    total: Counts = {"read": len(request_ids)}
    unread: dict[str, ConnectorError] = {}
    for chunk in _chunks(request_ids):
        reading = _read(broker, iga, chunk)
        with broker.sessions.begin() as session:
            for word, count in apply(session, broker, iga.name, reading).items():
                total[word] = total.get(word, 0) + count
        if reading.down:
            raise reading.down
        unread |= reading.unread
    return total, _fault(unread, len(request_ids))


def _fault(unread: Mapping[str, ConnectorError], of: int) -> str:
    if not unread:
        return ""
    named = "; ".join(f"{id_} ({error.reason})" for id_, error in islice(unread.items(), _NAMED))
    return f"{len(unread)} of {of} requests could not be read: {named}"


def _read(broker: Broker, iga: Iga, request_ids: Sequence[str]) -> Reading:
    """Each request as it is now, until several in a row cannot be read."""
    reading = Reading()
    in_a_row = 0
    for request_id in request_ids:
        reading.began_at[request_id] = broker.clock.now()
        in_a_row = 0 if _read_one(iga, request_id, reading) else in_a_row + 1
        if in_a_row == _DOWN:
            reading.down = reading.unread[request_id]
            break
    return reading


def _read_one(iga: Iga, request_id: str, reading: Reading) -> bool:
    try:
        reading.seen.append(iga.request(request_id))
    except NotFound:
        reading.gone.append(request_id)
    except (Unavailable, Refused, Misconfigured) as error:
        reading.unread[request_id] = error
        return False
    return True


def _holdings(broker: Broker, iga: Iga, person_id: str, person: Person) -> None:
    if not iga.capabilities.holdings:
        return
    held = iga.holdings(person)
    with broker.sessions.begin() as session:
        access.replace_holdings(session, person_id, held, broker.clock.now())


def _people(broker: Broker) -> Outcome:
    iga = broker.iga()
    count = 0
    for chunk in _chunks(iga.people()):
        count += len(chunk)
        with broker.sessions.begin() as session:
            changed = people.remember(session, iga.name, chunk, broker.clock.now())
            requests.mirror_people(session, iga.name, changed)
    unmatched = 0
    for desk in broker.desks.values():
        unmatched += linking.link_everybody(broker, list(desk.accounts()))
        with broker.sessions.begin() as session:
            sync_runs.answered(session, desk.name, broker.clock.now())
    _hurry_mirror(broker)
    return {"people": count, "unmatched": unmatched}, ""


def _chunks(items: Iterable[T]) -> Iterator[list[T]]:
    """As they come: what was read before a break is written."""
    source = iter(items)
    while chunk := list(islice(source, _CHUNK)):
        yield chunk


def _everything(broker: Broker) -> Outcome:
    iga = broker.iga()
    with broker.sessions() as session:
        everybody = [row.person for row in people.all_of(session, iga.name)]
    headers = {h.id: h for person in everybody for h in iga.requests_of(person)}
    with broker.sessions() as session:
        known = _known(requests.known(session, iga.name, headers).values(), lambda _row: False)
    return _refresh(broker, iga, due(headers.values(), known))
