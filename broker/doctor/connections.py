"""The systems that we speak to: whether they answer, take our account, and know our catalogue."""

from collections.abc import Generator, Iterable, Iterator

from broker.context import Broker
from broker.doctor.clocks import clock
from broker.doctor.findings import Finding, at_once, listed, note, ok, warning, wrong
from broker.domain.access import CatalogueMapping, ItemName
from broker.domain.errors import ConnectorError, Misconfigured, Unavailable
from broker.domain.orders import Action
from broker.ports.desk import Desk
from broker.ports.health import Health
from broker.ports.iga import Iga
from broker.settings import PREFIX

_UNKNOWN, _MOST_SHOWN = "unknown", 5


def iga(broker: Broker, connection: Iga) -> Iterator[Finding]:
    """An IGA, and whether it knows what our catalogue file grants."""
    health = yield from _health(connection)
    if connection.name == broker.settings.iga:
        yield from _catalogue(broker, connection, works=health is not None)


def desk(connection: Desk) -> Iterator[Finding]:
    """A service desk."""
    yield from _health(connection)


def _health(connection: Iga | Desk) -> Generator[Finding, None, Health | None]:
    try:
        health = connection.check()
    except ConnectorError as error:
        yield wrong(connection.name, f"{error.reason}: {_advice(error)}.")
        return None
    yield ok(connection.name, health.says.removeprefix(connection.name).strip())
    yield from clock(f"{connection.name} clock", health.clock_ahead)
    return health


def _advice(error: ConnectorError) -> str:
    prefix = f"{PREFIX}{error.system.upper()}_"
    if isinstance(error, Misconfigured) and error.advice:
        return error.advice
    if isinstance(error, Unavailable):
        return f"see whether it runs, and whether {prefix}URL is its address"
    return f"correct the settings {prefix}…, or the account there"


def _catalogue(broker: Broker, connection: Iga, works: bool) -> Iterator[Finding]:
    """Every item that the file names; what a variable names is known with an order only."""
    if not broker.catalogue.entries:
        yield warning(
            "catalogue",
            "is empty, so that every order waits for an operator: name its file in"
            " BROKER_CATALOGUE.",
        )
        return
    if not works:
        yield note("catalogue", f"was not looked at, because {connection.name} is not well.")
        return
    refused = _not_revoked(broker.catalogue, connection)
    if refused:
        yield warning(
            "catalogue",
            f"{connection.name} cannot take away what {listed(refused)} would: orders of that are"
            " refused.",
        )
    names = list(_named(broker.catalogue))
    faults = at_once(lambda name: _fault(connection, name), names)
    unknown = [str(name) for name, fault in zip(names, faults, strict=True) if fault is _UNKNOWN]
    if unknown:
        yield wrong(
            "catalogue",
            f"{connection.name} does not know {listed(unknown)}: correct the names in"
            f" {broker.settings.catalogue}, or make these items requestable.",
        )
    odd = list(dict.fromkeys(fault for fault in faults if fault not in ("", _UNKNOWN)))
    for fault in odd[:_MOST_SHOWN]:
        yield wrong("catalogue", f"{fault}: correct {broker.settings.catalogue}, or that system.")
    if not any(faults) and not refused:
        entries = len(broker.catalogue.entries)
        yield ok("catalogue", f"{entries} items; {connection.name} knows all that they name.")


def _fault(connection: Iga, name: ItemName) -> str:
    """Why an order for this item could not be carried out, or ""."""
    try:
        return "" if connection.find_item(name) else _UNKNOWN
    except ConnectorError as error:
        return str(error)


def _not_revoked(catalogue: CatalogueMapping, connection: Iga) -> list[str]:
    """Entries that take away what this IGA cannot revoke."""
    possible = connection.capabilities.revokes
    return [
        f"“{entry.label}”"
        for entry in catalogue.entries.values()
        if entry.action is Action.REVOKE and {grant.kind for grant in entry.grants} - possible
    ]


def _named(catalogue: CatalogueMapping) -> Iterable[ItemName]:
    return dict.fromkeys(
        ItemName(grant.kind, grant.name)
        for entry in catalogue.entries.values()
        for grant in entry.grants
        if grant.name
    )
