"""Two pictures compared: what the IGA lists now, and what we saw last. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from broker.domain.access_requests import AccessRequest, RequestHeader, RequestState
from broker.domain.references import fingerprint


@dataclass(frozen=True, slots=True)
class Known:
    """What we remember of one request. `followed`: look at its details whatever the list says;
    `gone`: the IGA did not have it when last asked.
    """

    raw_status: str
    justification: str
    final: bool
    followed: bool = False
    gone: bool = False


def due(headers: Iterable[RequestHeader], known: Mapping[str, Known]) -> list[str]:
    """The requests whose details must be read: new ones, changed ones, followed ones, and
    open ones that the list no longer names. Final ones are never read again. One that was gone
    and is listed again is as good as new.
    """
    listed = {header.id: header for header in headers}
    stale = [id_ for id_, header in listed.items() if _stale(header, known.get(id_))]
    missing = [id_ for id_, was in known.items() if id_ not in listed and not was.final]
    return sorted({*stale, *missing})


def _stale(header: RequestHeader, was: Known | None) -> bool:
    if was is None or was.gone:
        return True
    if was.final:
        return False
    seen = (header.raw_status, header.justification or was.justification)
    return was.followed or seen != (was.raw_status, was.justification)


def goes_on(request: AccessRequest) -> bool:
    """Whether more will be known of it in a moment, without anybody's doing: its approval has not
    started, or it asks for several things and was not divided yet.
    """
    if request.header.state is RequestState.REQUESTED:
        return True
    under_way = request.header.state is RequestState.IN_PROGRESS
    return under_way and len(request.items) > 1 and not request.children


def print_of(request: AccessRequest) -> str:
    """A fingerprint of all that people can see of a request."""
    facts = asdict(request)
    if not request.children:  # so that those without keep the print they had before
        del facts["children"]
    return fingerprint(facts)
