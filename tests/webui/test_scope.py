"""Lists and single records follow one rule: the queries and the pure rule always agree."""

from itertools import product

from sqlalchemy import select

from broker.context import Broker
from broker.domain.visibility import Role, Viewer, may_see
from broker.store.requests import RequestRow
from broker.store.views import scope
from broker.store.views.access import access_page
from broker.store.views.lists import open_requests
from tests.webui.company import CAST, Company, request_row, waiting_for


def everybody(company: Company) -> list[Viewer]:
    people = [
        Viewer(row.id, row.key, row.login, roles, iga=iga)
        for row, roles, iga in product(
            company.people.values(), (frozenset(), frozenset({Role.AUDITOR})), ("oim", "other")
        )
    ]
    return [*people, Viewer(None, None, ""), Viewer(None, None, "BEN", iga="oim")]


def test_the_query_and_the_rule_agree_on_every_pair(broker: Broker, company: Company) -> None:
    keys = [key for key, _ in CAST.values()]
    with broker.sessions.begin() as session:
        session.add_all(
            request_row(f"8{n}", a, b, "Buyer", tasks=[waiting_for("Eve")] if n % 3 == 0 else [])
            for n, (a, b) in enumerate(product([*keys, "99", ""], repeat=2))
        )
    with broker.sessions() as session:
        rows = session.scalars(select(RequestRow)).all()
        parties = {row.id: scope.parties_of(session, row) for row in rows}
        for viewer in everybody(company):
            by_query = set(session.scalars(select(RequestRow.id).where(scope.visible(viewer))))
            by_rule = {row.id for row in rows if may_see(viewer, parties[row.id])}
            assert by_query == by_rule, viewer


def test_what_is_ones_own_is_always_visible(broker: Broker, company: Company) -> None:
    with broker.sessions() as session:
        for viewer in everybody(company):
            own = set(session.scalars(select(RequestRow.id).where(scope.own(viewer))))
            seen = set(session.scalars(select(RequestRow.id).where(scope.visible(viewer))))
            assert own <= seen


def test_somebody_without_a_person_owns_nothing(broker: Broker, company: Company) -> None:
    nobody = Viewer(None, None, "", frozenset({Role.OPERATOR}), iga="oim")
    with broker.sessions.begin() as session:
        session.merge(company.order).requester_id = None
        session.merge(company.people["eve"]).manager_key = None
    with broker.sessions() as session:
        assert open_requests(session, nobody) == ()
        assert access_page(session, nobody, company.people["eve"].id) is None
