"""Raising requests and finding them again, against the sandbox's OIM."""

import dataclasses
from datetime import UTC, datetime

import pytest

from broker.domain.access import CatalogueItem, ItemKind, ItemName
from broker.domain.errors import Refused, Unavailable, UnknownOutcome
from broker.ports.iga import Submission
from sandbox.oim.records import BROKER_KEY
from tests.connectors.conftest import OimSite


@pytest.fixture
def submission(oim: OimSite) -> Submission:
    item = oim.iga.find_item(ItemName("role", "Finance Reporting"))
    assert item is not None
    return Submission(
        reference="RITM0010023-L1",
        beneficiary_key=oim.world.people["ada"].usr_key or "",
        items=[item],
        justification="RITM0010023 SCTASK0010009 RITM0010023-L1 month end",
    )


def test_a_request_is_raised_for_the_beneficiary(oim: OimSite, submission: Submission) -> None:
    receipt = oim.iga.submit(submission)
    (made,) = [oim.state.requests[request_id] for request_id in oim.state.ledger]
    assert receipt.request_id == made.id
    assert receipt.answer["requestId"] == submission.reference
    assert (made.requester, made.beneficiaries) == (BROKER_KEY, (submission.beneficiary_key,))
    assert made.justification == submission.justification
    assert [target.item.name for target in made.targets] == ["Finance Reporting"]


@pytest.mark.parametrize(
    ("kind", "name"), [("account", "Salesforce"), ("entitlement", "Remote access")]
)
def test_accounts_and_entitlements_can_be_asked_for(
    oim: OimSite, submission: Submission, kind: str, name: str
) -> None:
    item = oim.iga.find_item(ItemName(kind, name))
    assert item is not None
    made = oim.iga.submit(dataclasses.replace(submission, items=[item]))
    assert [i.name for i in oim.iga.request(made.request_id).items] == [name]


def test_dates_travel_in_utc(oim: OimSite, submission: Submission) -> None:
    dated = dataclasses.replace(
        submission,
        start_at=datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC),
        end_at=datetime(2031, 1, 2, tzinfo=UTC),
    )
    (item,) = oim.iga.request(oim.iga.submit(dated).request_id).items
    assert (item.start_at, item.end_at) == (dated.start_at, dated.end_at)


def test_the_reference_is_in_the_justification_even_if_the_words_are_too_long(
    oim: OimSite, submission: Submission
) -> None:
    wordy = dataclasses.replace(submission, justification="because " * 200)
    oim.iga.submit(wordy)
    made = oim.state.requests[oim.state.ledger[-1]]
    assert made.justification.startswith("RITM0010023-L1 because")
    assert len(made.justification) <= 1000
    assert oim.iga.find_submitted(wordy) == made.id


@pytest.mark.parametrize(
    "change",
    [
        {"beneficiary_key": "99999"},
        {"items": [CatalogueItem(ItemKind.ROLE, "99999", "Nothing")]},
        {"items": []},
    ],
)
def test_a_refused_item_is_refused_although_the_call_succeeds(
    oim: OimSite, submission: Submission, change: dict[str, object]
) -> None:
    with pytest.raises(Refused, match="IAM-20500"):
        oim.iga.submit(dataclasses.replace(submission, **change))  # type: ignore[arg-type]
    assert oim.state.ledger == []


def test_a_request_whose_answer_was_lost_is_found(oim: OimSite, submission: Submission) -> None:
    oim.state.faults.add("drop-after-accept")
    with pytest.raises(UnknownOutcome):
        oim.iga.submit(submission)
    oim.state.faults.clear()
    assert [oim.iga.find_submitted(submission)] == oim.state.ledger


def test_a_request_that_was_never_raised_is_not_found(oim: OimSite, submission: Submission) -> None:
    assert oim.iga.find_submitted(submission) is None


def test_a_longer_reference_is_another_reference(oim: OimSite, submission: Submission) -> None:
    oim.iga.submit(submission)
    for other in ("RITM001", "RITM0010023-L", "RITM0010023-L11", "ITM0010023-L1"):
        assert oim.iga.find_submitted(dataclasses.replace(submission, reference=other)) is None


def test_a_persons_own_request_that_names_the_reference_is_not_ours(
    oim: OimSite, submission: Submission
) -> None:
    made = oim.state.requests[oim.iga.submit(submission).request_id]
    made.requester = submission.beneficiary_key
    oim.state.version += 1
    assert oim.iga.find_submitted(submission) is None


def test_two_requests_for_one_reference_are_for_an_operator(
    oim: OimSite, submission: Submission
) -> None:
    first, second = (oim.iga.submit(submission).request_id for _ in range(2))
    with pytest.raises(UnknownOutcome, match=f"{first}, {second}; an operator has to choose"):
        oim.iga.find_submitted(submission)


def test_children_that_repeat_the_words_lead_to_their_parent(
    oim: OimSite, submission: Submission
) -> None:
    parent, child = (oim.state.requests[oim.iga.submit(submission).request_id] for _ in range(2))
    parent.children.append(child.id)
    assert oim.iga.find_submitted(submission) == parent.id


def test_nothing_is_sent_to_an_installation_that_is_down(
    oim: OimSite, submission: Submission
) -> None:
    oim.state.faults.add("down")
    with pytest.raises(Unavailable):
        oim.iga.submit(submission)
    assert oim.state.ledger == []


def test_a_page_instead_of_the_api_is_tried_later(oim: OimSite, submission: Submission) -> None:
    with pytest.raises(Unavailable, match="its address is wrong"):
        oim.connect(url=f"{oim.url}/elsewhere").submit(submission)
