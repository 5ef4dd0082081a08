"""Reads the IGA with no database session open, compares, and writes what changed."""

import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from sqlalchemy.orm import Session

from broker import linking
from broker.context import Broker
from broker.domain.access_requests import AccessRequest
from broker.domain.errors import ConnectorError, Postponed
from broker.domain.people import Person
from broker.ports.iga import BelievesNames, Iga
from broker.ports.queue import QueueName
from broker.store import access, outbox, people, pictures, requests, sync_runs
from broker.store.outbox import Effect, Message
from broker.store.people import PersonRow
from broker.sync import deciders
from broker.sync.apply import Reading, apply, owe_mirror
from broker.sync.reading import Readers, Scans, read, reasons
from broker.sync.reconcile import Known, due, goes_on, print_of

T = TypeVar("T")
Counts = dict[str, int]
# What was counted, and a sentence on what could not be read.
Outcome = tuple[Counts, str]
# One scan of the open list serves every login of the same few seconds.
_SCAN_LIVES_SECONDS = 3.0
_CHUNK = 200
# What was read so recently is not read again for somebody who signs in.
_FRESH = timedelta(seconds=_SCAN_LIVES_SECONDS)
# How many decisions that wait for others are looked at in one go when somebody signs in.
_MOST_OTHERS = 500
# Clocks differ: what changed at the edge of two readings is asked for twice.
_OVERLAP = timedelta(minutes=1)
# How often a request whose approval has not started is looked at, until the timer takes over.
_FIRST_PAUSE_SECONDS, _LAST_PAUSE_SECONDS = 0.5, 300.0


_scans = Scans()


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
    return outbox.nothing


def pay_changes(broker: Broker, _message: Message) -> Effect:
    """The outbox's door to sync_changes."""
    sync_changes(broker)
    return outbox.nothing


def pay_people(broker: Broker, _message: Message) -> Effect:
    """The outbox's door to sync_people."""
    sync_people(broker)
    return outbox.nothing


def pay_awaiting(broker: Broker, message: Message) -> Effect:
    """Look at decisions that wait for others: they may be somebody else's by now.

    Those seen longest ago first; of many some, and the others next.
    """
    iga, before = broker.iga(message.key), _looked_at_before(broker, message)
    with broker.sessions() as session:
        request_ids = pictures.awaiting(session, iga.name, before, _MOST_OTHERS)
    _run(broker, "awaiting", lambda: _refresh(broker, iga, request_ids))
    if len(request_ids) < _MOST_OTHERS:
        return outbox.nothing
    return lambda session: _owe_awaiting(session, iga, broker.clock.now(), before)


def _looked_at_before(broker: Broker, message: Message) -> datetime:
    """What was read later need not be read again; fixed when the first of them are read."""
    told = message.payload.get("before")
    return datetime.fromisoformat(told) if told else broker.clock.now() - _FRESH


def _owe_awaiting(session: Session, iga: Iga, at: datetime, before: datetime | None = None) -> None:
    payload = {"before": before.isoformat()} if before else {}
    outbox.owe(session, QueueName.SYNC, "sync.awaiting", iga.name, at, payload)


def pay_request(broker: Broker, message: Message) -> Effect:
    """Refresh one request that something else is known to have changed."""
    name, request_id = message.payload["iga"], message.payload["request_id"]
    iga = broker.iga(name)
    with Readers(1) as readers:
        reading = read(broker, iga, readers, [request_id])
        for error in reading.unread.values():
            raise error
        deciders.learn(broker, iga, readers, reading.seen)
    pause = _FIRST_PAUSE_SECONDS * 2**message.attempts
    if _unstarted(broker, name, reading.seen) and pause < _LAST_PAUSE_SECONDS:
        raise Postponed(pause, "it has not gone on yet")

    def store(session: Session) -> None:
        apply(session, broker, name, reading)
        for child in _unseen(session, name, reading.seen):
            outbox.owe_look(session, name, child, broker.clock.now())
        # An order may have been told meanwhile whose request this is: the mirror shows that.
        row = requests.by_request_id(session, name, request_id)
        if row is not None:
            row.mirror_due = True
            owe_mirror(session, broker, broker.clock.now())

    return store


def _unstarted(broker: Broker, iga: str, seen: Sequence[AccessRequest]) -> bool:
    """Seen before with more to come, and nothing has happened since."""
    with broker.sessions() as session:
        rows = requests.known(session, iga, [request.header.id for request in seen])
    return any(
        goes_on(request)
        and (row := rows.get(request.header.id)) is not None
        and row.fingerprint == print_of(request)
        for request in seen
    )


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
    theirs = own.keys() | _to_decide(broker, iga, person)
    with broker.sessions() as session:
        known = pictures.known(session, iga_name, headers) | pictures.still_open(session, iga_name)
    outcome = _refresh(broker, iga, due(headers.values(), _known(known, theirs)))
    _holdings(broker, iga, person_id, person)
    _hurry_mirror(broker)
    _owe_the_others(broker, iga)
    return outcome


def _to_decide(broker: Broker, iga: Iga, person: Person) -> set[str]:
    """The requests in which this person may have to act, as far as we or the IGA can tell."""
    names = deciders.renew_for(broker, iga, person.login)
    told = iga.pending_for(person) if iga.capabilities.acts_as_user else ()
    with broker.sessions() as session:
        return {*told, *pictures.waiting_for(session, iga.name, names)}


def _hurry_mirror(broker: Broker) -> None:
    """Names and accounts may have changed too, and rows may have been refused before."""
    with broker.sessions.begin() as session:
        owe_mirror(session, broker, broker.clock.now())


def _owe_the_others(broker: Broker, iga: Iga) -> None:
    """What waited for others may have become this person's: no list tells. One such look serves
    all who sign in meanwhile.
    """
    now = broker.clock.now()
    if iga.capabilities.acts_as_user:
        return
    with broker.sessions.begin() as session:
        if pictures.awaiting(session, iga.name, now - _FRESH, most=1):
            _owe_awaiting(session, iga, now)


def _changes(broker: Broker) -> Outcome:
    iga = broker.iga()
    since = _last_reading(broker, iga) if iga.capabilities.delta_reads else None
    headers = list(iga.open_requests() if since is None else iga.changes(since))
    with broker.sessions() as session:
        known = pictures.known(session, iga.name, [header.id for header in headers])
        if since is None:
            known |= pictures.still_open(session, iga.name)
        followed = pictures.undecided(session, iga.name)
        followed |= pictures.undivided(session, iga.name) if since is None else set()
    outcome = _refresh(broker, iga, due(headers, _known(known, followed)))
    with broker.sessions.begin() as session:
        requests.mirror_again(session)
    _hurry_mirror(broker)
    return outcome


def _last_reading(broker: Broker, iga: Iga) -> datetime | None:
    """Since when changes have to be asked for; None if all has never been read."""
    with broker.sessions() as session:
        last = sync_runs.last_success(session, iga.name)
    late = timedelta(seconds=iga.capabilities.search_delay_seconds)
    return last and last - late - _OVERLAP


def _known(known: Mapping[str, pictures.Picture], followed: Collection[str]) -> Mapping[str, Known]:
    return {
        request_id: Known(
            picture.raw_status,
            picture.justification,
            final=not picture.is_open,
            followed=request_id in followed,
            gone=picture.gone_at is not None,
        )
        for request_id, picture in known.items()
    }


def _refresh(broker: Broker, iga: Iga, request_ids: Sequence[str]) -> Outcome:
    """Read the details and write them, a chunk a transaction; requests that these were split into
    are read with them. What was read is kept, whatever becomes of the rest: that stays due, and
    the sentence tells of it.
    """
    _tell_names(broker, iga)
    total: Counts = {"read": 0}
    unread: dict[str, ConnectorError] = {}
    todo, asked = deque(request_ids), set(request_ids)
    with Readers(iga.capabilities.readers) as readers:
        while chunk := [todo.popleft() for _ in range(min(_CHUNK, len(todo)))]:
            reading = read(broker, iga, readers, chunk)
            deciders.learn(broker, iga, readers, reading.seen)
            counts = {"read": len(reading.began_at)} | _written(broker, iga.name, reading)
            for word, count in counts.items():
                total[word] = total.get(word, 0) + count
            if reading.down:
                raise reading.down
            unread |= reading.unread
            with broker.sessions() as session:
                children = _unseen(session, iga.name, reading.seen) - asked
            todo.extend(sorted(children))
            asked |= children
    return total, _fault(unread, len(asked))


def _tell_names(broker: Broker, iga: Iga) -> None:
    """Spare the IGA the names that we have. The first run of a day asks for them anew, for things
    are given other names now and then.
    """
    if not isinstance(iga, BelievesNames):
        return
    with broker.sessions() as session:
        last = sync_runs.last_success(session, iga.name)
        today = last is not None and last.date() == broker.clock.now().date()
        names = pictures.item_names(session, iga.name) if today else {}
    iga.believe_names(names)


def _written(broker: Broker, iga: str, reading: Reading) -> Counts:
    with broker.sessions.begin() as session:
        return apply(session, broker, iga, reading)


def _unseen(session: Session, iga: str, seen: Iterable[AccessRequest]) -> set[str]:
    """The children of these requests that we do not know, or not as final."""
    children = {child for request in seen for child in request.children}
    known = pictures.known(session, iga, children)
    return {child for child in children if child not in known or known[child].is_open}


def _fault(unread: Mapping[str, ConnectorError], of: int) -> str:
    if not unread:
        return ""
    return f"{len(unread)} of {of} requests could not be read: {reasons(unread)}"


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
    # before the desks are asked, for whoever is silent there must keep nobody in sight here
    assignees = deciders.renew_awaited(broker, iga)
    unmatched = 0
    for desk in broker.desks.values():
        unmatched += linking.link_everybody(broker, list(desk.accounts()))
        with broker.sessions.begin() as session:
            sync_runs.answered(session, desk.name, broker.clock.now())
    _hurry_mirror(broker)
    return {"people": count, "unmatched": unmatched, "assignees": assignees}, ""


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
        known = pictures.known(session, iga.name, headers)
    return _refresh(broker, iga, due(headers.values(), _known(known, ())))
