"""From a verified answer to a session: for whom, as what, for how long, and what is noted."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from broker.context import Broker
from broker.domain.people import Account, Person
from broker.domain.visibility import Role
from broker.store import people, sign_in
from broker.store.audit import AuditEventRow
from broker.store.outbox import OutboxRow
from broker.store.people import PersonLinkRow
from broker.store.sign_in import SessionRow
from tests.webui.company import NOW, CountingBell, with_iga, with_settings
from webui.auth import answers
from webui.auth.answers import Answer, NobodyKnown
from webui.auth.saml.identity import Identity

ADA = Person("11", "ADA", "Ada Example", "ada@example.com", "1011")
IDENTITY = Identity(
    idp="https://idp.example.com", subject="S-1", login="ada", email="ada@example.com",
    employee_number="1011", display_name="Ada Example", groups=("staff", "broker-operators"),
    session_index="i", session_not_on_or_after=None, assertion_id="a-1",
    assertion_not_on_or_after=NOW + timedelta(minutes=5),
)  # fmt: skip
ANSWER = answers.read_again(answers.kept(replace(IDENTITY, groups=("staff",))))


@pytest.fixture
def known(broker: Broker) -> Broker:
    """The IGA has shown us ada."""
    with broker.sessions.begin() as session:
        people.remember(session, "oim", [ADA], NOW)
    return broker


def opened(broker: Broker, answer: Answer = ANSWER, earlier: str = "") -> SessionRow:
    """The session that the answer opens."""
    secret, _ = answers.open_session(broker, answer, earlier)
    with broker.sessions() as session:
        row = sign_in.session_of(session, secret, NOW)
        assert row is not None
        return row


def audited(broker: Broker) -> list[AuditEventRow]:
    with broker.sessions() as session:
        return list(session.scalars(select(AuditEventRow).filter_by(action="sign_in")))


@pytest.mark.parametrize("ends_at", [None, NOW + timedelta(hours=1, microseconds=7)])
@pytest.mark.parametrize("groups", [(), ("a",), ("a", "b")])
def test_what_is_kept_of_an_identity_is_read_again_whole(
    ends_at: datetime | None, groups: tuple[str, ...]
) -> None:
    identity = replace(IDENTITY, session_not_on_or_after=ends_at, groups=groups)
    kept = json.loads(json.dumps(answers.kept(identity)))
    assert answers.read_again(kept) == Answer(
        idp=IDENTITY.idp, subject="S-1", login="ada", email="ada@example.com",
        employee_number="1011", display_name="Ada Example", groups=groups,
        ends_at=identity.session_not_on_or_after,
    )  # fmt: skip


def test_an_answer_is_an_account_of_its_identity_provider() -> None:
    assert ANSWER.account == Account(
        "saml:https://idp.example.com", "S-1", "ada", "Ada Example", "ada@example.com", "1011"
    )


@pytest.mark.parametrize(
    ("groups", "roles"),
    [
        ((), set()),
        (("staff",), set()),
        (("broker-operators",), {Role.OPERATOR}),
        (("x", "broker-auditors"), {Role.AUDITOR}),
        (("broker-auditors", "broker-operators"), {Role.OPERATOR, Role.AUDITOR}),
        (("Broker-Operators", "broker-operators ", "broker"), set()),
    ],
)
def test_groups_give_roles_by_their_exact_name(
    broker: Broker, groups: tuple[str, ...], roles: set[Role]
) -> None:
    assert answers.roles_of(broker.settings, groups) == roles


def test_any_of_several_groups_gives_a_role(broker: Broker) -> None:
    settings = with_settings(broker, BROKER_OPERATOR_GROUPS="ops, night-ops").settings
    assert answers.roles_of(settings, ("night-ops",)) == {Role.OPERATOR}
    assert answers.roles_of(settings, ("broker-operators",)) == frozenset()


@pytest.mark.parametrize(
    ("says", "lasts"),
    [(None, 8.0), (7.99, 7.99), (8.0, 8.0), (8.01, 8.0), (0.5, 0.5)],
    ids=["nothing", "a little less", "the same", "more", "half an hour"],
)
def test_a_session_lasts_as_long_as_both_sides_allow(
    known: Broker, says: float | None, lasts: float
) -> None:
    ends_at = NOW + timedelta(hours=says) if says is not None else None
    secret, seconds = answers.open_session(known, replace(ANSWER, ends_at=ends_at), "")
    assert seconds == int(lasts * 3600)
    with known.sessions() as session:
        row = session.get_one(SessionRow, sign_in.hashed(secret))
    assert (row.created_at, row.expires_at) == (NOW, NOW + timedelta(hours=lasts))


def test_the_settings_say_how_long_a_session_lasts(known: Broker) -> None:
    shorter = with_settings(known, BROKER_SESSION_HOURS="2")
    assert answers.open_session(shorter, ANSWER, "")[1] == 7200


def test_a_session_that_is_over_already_has_no_seconds(known: Broker) -> None:
    over = replace(ANSWER, ends_at=NOW - timedelta(hours=1))
    secret, seconds = answers.open_session(known, over, "")
    assert seconds == 0
    with known.sessions() as session:
        assert sign_in.session_of(session, secret, NOW) is None


@pytest.mark.parametrize(("name", "shown"), [("Ada Example", "Ada Example"), ("", "ada")])
def test_a_session_is_called_by_the_name_or_else_the_login(
    known: Broker, name: str, shown: str
) -> None:
    assert opened(known, replace(ANSWER, display_name=name)).identity == shown


def test_a_session_belongs_to_the_linked_person(known: Broker) -> None:
    row = opened(known)
    assert row.person is not None
    assert (row.person.key, row.roles) == ("11", "")
    with known.sessions() as session:
        (link,) = session.scalars(select(PersonLinkRow))
    assert (link.system, link.key, link.person_id) == (
        "saml:https://idp.example.com",
        "S-1",
        row.person_id,
    )


def test_roles_are_stored_in_one_order(known: Broker) -> None:
    both = replace(ANSWER, groups=("broker-operators", "broker-auditors"))
    assert opened(known, both).roles == "auditor,operator"


def test_only_the_browsers_earlier_session_ends(known: Broker) -> None:
    mine, _ = answers.open_session(known, ANSWER, "")
    other, _ = answers.open_session(known, ANSWER, "")
    answers.open_session(known, ANSWER, mine)
    with known.sessions() as session:
        assert sign_in.session_of(session, mine, NOW) is None
        assert sign_in.session_of(session, other, NOW) is not None


def test_signing_in_is_audited_by_opaque_id_and_roles(known: Broker) -> None:
    row = opened(known, replace(ANSWER, groups=("broker-operators", "broker-auditors")))
    (event,) = audited(known)
    assert (event.actor_kind, event.actor_id) == ("person", row.person_id)
    assert (event.subject_kind, event.subject_id) == ("person", row.person_id)
    assert (event.outcome, event.at) == ("done", NOW)
    assert json.loads(event.details) == {"roles": "auditor,operator"}


def test_signing_in_owes_a_refresh_and_hurries_it(known: Broker, bell: CountingBell) -> None:
    row = opened(known)
    with known.sessions() as session:
        owed = session.scalars(select(OutboxRow)).all()
    assert [(message.topic, message.key) for message in owed] == [("sync.person", row.person_id)]
    assert [queue.value for queue in bell.rung] == ["interactive"]


OPERATOR = replace(ANSWER, login="zed", email="", employee_number="", groups=("broker-operators",))


def test_an_operator_whom_the_iga_does_not_know_gets_in_as_nobody(
    broker: Broker, bell: CountingBell
) -> None:
    row = opened(broker, OPERATOR)
    assert (row.person_id, row.roles) == (None, "operator")
    (event,) = audited(broker)
    assert (event.actor_id, event.subject_id) == ("unlinked", "unlinked")
    assert bell.rung == []


def test_an_operator_gets_in_while_the_iga_is_silent(broker: Broker) -> None:
    with_iga(broker, works=False)
    assert opened(broker, OPERATOR).roles == "operator"


@pytest.mark.parametrize("groups", [(), ("staff",)])
def test_nobody_in_particular_gets_no_session_and_is_listed(
    broker: Broker, groups: tuple[str, ...]
) -> None:
    earlier = opened(broker, OPERATOR)
    with pytest.raises(NobodyKnown):
        answers.open_session(broker, replace(OPERATOR, groups=groups), "")
    with broker.sessions() as session:
        assert [row.id_hash for row in session.scalars(select(SessionRow))] == [earlier.id_hash]
        assert [link.login for link in people.unmatched(session)] == ["zed"]


def test_a_refusal_is_audited_by_its_code_and_nobodys_name(broker: Broker) -> None:
    answers.note_refusal(broker, "replay")
    (event,) = audited(broker)
    assert (event.actor_kind, event.actor_id, event.subject_id) == ("anonymous", "-", "-")
    assert (event.outcome, event.details) == ("refused", '{"reason":"replay"}')
