"""What a person holds, and since which request."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker.domain.visibility import Viewer
from broker.store.access import HoldingRow, holdings_of
from broker.store.people import PersonRow
from broker.store.requests import RequestRow
from broker.store.views import scope
from broker.store.views.names import PersonView, view_of


@dataclass(frozen=True, slots=True)
class HoldingView:
    """One access. `request` is our id of the request it came from, if the viewer may see it."""

    kind: str
    name: str
    since: datetime | None
    request_id: str
    request: str | None


@dataclass(frozen=True, slots=True)
class AccessPage:
    """A person's access, and whose else the viewer may look at."""

    person: PersonView
    is_viewer: bool
    holdings: tuple[HoldingView, ...]
    reports: tuple[PersonView, ...]


def access_page(session: Session, viewer: Viewer, person_id: str | None) -> AccessPage | None:
    """The viewer's access, or that of a direct report; None if it is not theirs to see."""
    person = subject(session, viewer, person_id)
    if person is None:
        return None
    holdings = holdings_of(session, person.id)
    requests = _requests(session, viewer, person.iga, holdings)
    return AccessPage(
        person=view_of(person),
        is_viewer=person.id == viewer.person_id,
        holdings=tuple(_view(holding, requests) for holding in holdings),
        reports=_reports(session, viewer),
    )


def subject(session: Session, viewer: Viewer, person_id: str | None) -> PersonRow | None:
    """Whose access it is: the viewer's, or a direct report's; None for anybody else's."""
    person = session.get(PersonRow, person_id or viewer.person_id or "")
    return person if person is not None and _may_see(viewer, person) else None


def _may_see(viewer: Viewer, person: PersonRow) -> bool:
    if person.id == viewer.person_id:
        return True
    is_report = person.iga == viewer.iga and person.manager_key == viewer.key
    return is_report and viewer.key is not None


def _view(holding: HoldingRow, requests: dict[str, str]) -> HoldingView:
    request_id = holding.request_id or ""
    return HoldingView(
        holding.kind, holding.name, holding.since, request_id, requests.get(request_id)
    )


def _requests(
    session: Session, viewer: Viewer, iga: str, holdings: Sequence[HoldingRow]
) -> dict[str, str]:
    ids = sorted({holding.request_id for holding in holdings if holding.request_id})
    query = select(RequestRow.request_id, RequestRow.id).where(
        RequestRow.iga == iga, RequestRow.request_id.in_(ids), scope.visible(viewer)
    )
    return dict(session.execute(query).all())


def _reports(session: Session, viewer: Viewer) -> tuple[PersonView, ...]:
    query = select(PersonRow).where(
        PersonRow.iga == viewer.iga,
        PersonRow.manager_key == viewer.key,
        PersonRow.manager_key.is_not(None),
        PersonRow.active,
    )
    by_name = query.order_by(PersonRow.display_name, PersonRow.login)
    return tuple(view_of(row) for row in session.scalars(by_name))
