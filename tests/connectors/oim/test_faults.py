"""Whatever goes wrong on the way: nothing is taken for done, or for undone, that may not be so."""

from collections.abc import Callable

import pytest

from broker.connectors.http import Http
from broker.domain.access import ItemName
from broker.domain.access_requests import RequestState
from broker.domain.errors import ConnectorError, Misconfigured, Unavailable, UnknownOutcome
from broker.ports.iga import Iga, Submission
from sandbox.oim.faults import FAULTS
from tests.connectors.conftest import OimSite

EVERY = sorted(FAULTS)
# what a read makes of a fault; the others leave it as it is
READS: dict[str, type[ConnectorError]] = {
    "busy": Unavailable,
    "down": Unavailable,
    "drop-before": Unavailable,
    "drop-midway": Unavailable,
    "expired-token": Misconfigured,
    "overloaded": Unavailable,
    "server-error": Unavailable,
    "sign-in-form": Unavailable,
    "sign-in-page": Misconfigured,
}
# under these nothing has happened for certain; under others nobody can tell
NOTHING_DONE = (Unavailable, Misconfigured)
DONE_BY_NOBODY = ("busy", "down", "drop-before", "overloaded", "server-error", "sign-in-page")


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Http, "_wait", lambda *_: 0.0)


@pytest.fixture
def jwt(oim: OimSite) -> Iga:
    """A connector that uses tokens, and has one."""
    iga = oim.connect(authentication="jwt", page_size=50)
    assert iga.person("ada") is not None
    return iga


@pytest.fixture
def submission(oim: OimSite) -> Submission:
    item = oim.iga.find_item(ItemName("role", "Finance Reporting"))
    assert item is not None
    return Submission("RITM0010023-L1", key(oim), [item], "RITM0010023 RITM0010023-L1 month end")


def key(oim: OimSite) -> str:
    return oim.world.people["ada"].usr_key or ""


def under(oim: OimSite, fault: str, call: Callable[[], object]) -> ConnectorError | None:
    """What a call raises while this goes wrong."""
    oim.state.faults.add(fault)
    try:
        call()
    except ConnectorError as error:
        return error
    finally:
        oim.state.faults.clear()
    return None


READING: dict[str, Callable[[Iga], object]] = {
    "a person": lambda iga: iga.person("ada"),
    "everybody": lambda iga: sorted(person.key for person in iga.people()),
    "open requests": lambda iga: sorted(head.id for head in iga.open_requests()),
    "stand-ins": lambda iga: list(iga.deciders("BEN")),
    "an item": lambda iga: iga.find_item(ItemName("role", "Finance Reporting")),
}


@pytest.mark.parametrize("fault", EVERY)
def test_a_read_is_right_or_fails(oim: OimSite, jwt: Iga, fault: str) -> None:
    right = {what: read(oim.iga) for what, read in READING.items()}
    for what, read in READING.items():
        seen: list[object] = []
        error = under(oim, fault, lambda read=read, seen=seen: seen.append(read(jwt)))  # type: ignore[misc]
        assert type(error) is READS.get(fault, type(None)), what
        assert seen == ([] if error else [right[what]]), what


@pytest.mark.parametrize("fault", ["busy", "overloaded"])
def test_a_busy_installation_says_how_long_to_wait(oim: OimSite, jwt: Iga, fault: str) -> None:
    error = under(oim, fault, lambda: jwt.person("ada"))
    assert isinstance(error, Unavailable)
    assert error.retry_after is not None
    assert error.retry_after > 0


def test_a_token_that_runs_out_is_renewed(oim: OimSite, jwt: Iga) -> None:
    oim.state.clock.forward(1801)
    assert jwt.person("ada") is not None


def test_a_token_that_runs_out_loses_no_write(
    oim: OimSite, jwt: Iga, submission: Submission
) -> None:
    oim.state.clock.forward(1801)
    assert [jwt.submit(submission).request_id] == oim.state.ledger


@pytest.mark.parametrize("fault", EVERY)
def test_a_submission_is_never_taken_for_what_it_is_not(
    oim: OimSite, jwt: Iga, submission: Submission, fault: str
) -> None:
    error = under(oim, fault, lambda: jwt.submit(submission))
    if isinstance(error, NOTHING_DONE):
        assert oim.state.ledger == []
    else:
        assert error is None or isinstance(error, UnknownOutcome)
        assert error is not None or len(oim.state.ledger) == 1
    assert len(oim.state.ledger) <= 1
    assert jwt.find_submitted(submission) == next(iter(oim.state.ledger), None)


@pytest.mark.parametrize("fault", EVERY)
def test_a_withdrawal_can_be_repeated_until_it_is_one(oim: OimSite, jwt: Iga, fault: str) -> None:
    request_id = waiting(oim)
    error = under(oim, fault, lambda: jwt.withdraw(request_id))
    state = jwt.request(request_id).header.state
    if error is None:
        assert state is RequestState.WITHDRAWN
    elif fault in DONE_BY_NOBODY:
        assert state is RequestState.AWAITING_APPROVAL
    jwt.withdraw(request_id)
    jwt.withdraw(request_id)
    assert jwt.request(request_id).header.state is RequestState.WITHDRAWN


def waiting(oim: OimSite) -> str:
    """A request of the world in which somebody has to decide."""
    return next(
        request.id
        for request in oim.state.requests.values()
        if request.status == "Request Awaiting Approval" and request.open_tasks
    )


@pytest.mark.parametrize("fault", EVERY)
def test_a_search_for_a_request_finds_it_or_fails(
    oim: OimSite, jwt: Iga, submission: Submission, fault: str
) -> None:
    made = jwt.submit(submission).request_id
    found: list[object] = []
    error = under(oim, fault, lambda: found.append(jwt.find_submitted(submission)))
    if fault == "stale-search":
        assert found == [None]  # which is why `search_delay_seconds` are waited for
    else:
        assert type(error) is READS.get(fault, type(None))
        assert found in ([], [made])
