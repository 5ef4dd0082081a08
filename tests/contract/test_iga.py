"""What the broker relies on in every identity governance system, put to each over HTTP."""

from contextlib import suppress
from dataclasses import replace

import pytest

from broker.connectors.registry import iga_products
from broker.domain.access_requests import RequestState
from broker.domain.errors import (
    ConnectorError,
    Misconfigured,
    NotFound,
    Refused,
    Unavailable,
    UnknownOutcome,
)
from broker.domain.people import Person, normal
from broker.ports.iga import Submission
from tests.contract.subject import Subject, under_contract
from tests.faults.proxy import (
    Exchange,
    Fault,
    Silent,
    answering,
    broken_off,
    lost_answer,
    lost_call,
    spoilt,
)
from tools.servers import wait_until

JSON = "application/json"
PAGE = b"<!DOCTYPE html><html><body><h2>Error 500--Internal Server Error</h2></body></html>"
BUSY = pytest.mark.parametrize("status", [429, 503])
AFTER_ACCEPTANCE = pytest.mark.parametrize(
    "fault",
    [lost_answer, broken_off, spoilt(500, PAGE), spoilt(502, PAGE), spoilt(200, PAGE)],
    ids=["lost answer", "broken off", "a 500", "a 502", "a page"],
)


@pytest.mark.parametrize("name", sorted(iga_products()))
def test_every_installed_product_is_under_the_contract(name: str) -> None:
    assert under_contract(name).settings


# ---- people --------------------------------------------------------------------------------------


def test_a_login_is_known_in_any_case(subject: Subject, person: Person) -> None:
    assert subject.iga.person(subject.login.swapcase()) == person


def test_an_unknown_login_is_nobody(subject: Subject) -> None:
    assert subject.iga.person("nobody.at.all") is None


def test_people_are_found_by_each_attribute_of_the_linking_rule(
    subject: Subject, person: Person
) -> None:
    for attribute in ("login", "email", "employee_number"):
        found = subject.iga.find_people(attribute, getattr(person, attribute).swapcase())
        assert list(found) == [person]
    assert list(subject.iga.find_people("email", "nobody@example.invalid")) == []


def test_everybody_is_read_once(subject: Subject, person: Person) -> None:
    keys = [each.key for each in subject.connect(**subject.small_pages).people()]
    assert len(keys) == len(set(keys))
    assert person.key in keys


def test_a_role_that_decides_is_the_people_in_it(subject: Subject) -> None:
    for role, logins in subject.roles.items():
        assert _normal(subject.iga.deciders(role)) == _normal(logins)


def test_those_who_stand_in_for_a_person_may_decide_for_them(subject: Subject) -> None:
    for login, logins in subject.stand_ins.items():
        assert _normal(subject.iga.deciders(login)) == _normal(logins)


def test_nobody_decides_for_a_name_that_nobody_has(subject: Subject) -> None:
    assert list(subject.iga.deciders("nobody.at.all")) == []


def _normal(logins: object) -> set[str]:
    assert isinstance(logins, (list, tuple))
    return {normal(login) for login in logins}


# ---- the catalogue -------------------------------------------------------------------------------


def test_what_can_be_asked_for_is_found_by_its_exact_name(subject: Subject) -> None:
    for name in subject.items:
        found = subject.iga.find_item(name)
        assert found is not None
        assert (found.kind, found.name) == (name.kind, name.name)
        for other in (name.name[:-1], f"{name.name} too", f"No {name.name}"):
            assert subject.iga.find_item(replace(name, name=other)) is None


# ---- requests ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("come", "go"), [(1, 0), (3, 1), (1, 3), (0, 2)])
def test_paging_neither_misses_nor_repeats_while_requests_come_and_go(
    subject: Subject, come: int, go: int
) -> None:
    for _ in range(30):
        subject.hands.ask()
    before = [head.id for head in subject.iga.open_requests()]
    leaving = before[:30]  # from the front: what has been read already moves the rest up
    calls: list[str] = []

    def meanwhile(call: Exchange) -> None:
        calls.append(call.path)
        for _ in range(come):
            subject.hands.ask()
        for _ in range(min(go, len(leaving))):
            subject.hands.finish(leaving.pop(0))
        call.answer(call.forward())

    subject.proxy.meet(meanwhile, subject.calls.listing, times=None)
    read = [head.id for head in subject.connect(**subject.small_pages).open_requests()]
    assert len(calls) > 4, "nothing can come or go within few pages"
    assert len(read) == len(set(read))
    assert set(before[30:] + leaving) <= set(read)


def test_a_request_that_never_was_is_not_found(subject: Subject) -> None:
    with pytest.raises(NotFound):
        subject.iga.request("99999999")


def test_a_request_that_has_vanished_is_not_found(subject: Subject) -> None:
    asked = subject.hands.ask()
    assert subject.iga.request(asked).header.id == asked
    subject.hands.vanish(asked)
    with pytest.raises(NotFound):
        subject.iga.request(asked)
    assert asked not in [head.id for head in subject.iga.open_requests()]


def test_a_new_request_is_among_the_open_ones_and_a_finished_one_is_not(subject: Subject) -> None:
    asked = subject.hands.ask()
    assert asked in [head.id for head in subject.iga.open_requests()]
    subject.hands.finish(asked)
    assert asked not in [head.id for head in subject.iga.open_requests()]
    assert subject.iga.request(asked).header.state.final


def test_a_list_and_a_detail_tell_the_same_of_a_request(subject: Subject) -> None:
    asked = subject.hands.ask()
    (listed,) = [head for head in subject.iga.open_requests() if head.id == asked]
    detail = subject.iga.request(asked).header
    assert replace(detail, justification=listed.justification) == listed


def test_a_detail_names_whom_it_waits_for(subject: Subject) -> None:
    asked = subject.hands.ask()
    assert len(subject.iga.request(asked).waiting) == 1
    moved_to = subject.hands.reassign(asked)
    (task,) = subject.iga.request(asked).waiting
    assert normal(task.assignee) == normal(moved_to)
    subject.hands.finish(asked)
    assert subject.iga.request(asked).waiting == ()


def test_a_persons_requests_are_theirs_open_and_final(
    subject: Subject, person: Person, submission: Submission
) -> None:
    asked = subject.hands.ask()
    made = subject.iga.submit(submission).request_id
    own = {head.id for head in subject.iga.requests_of(person)}
    assert made in own
    assert asked not in own
    subject.hands.finish(made)
    assert made in {head.id for head in subject.iga.requests_of(person)}


# ---- submitting ----------------------------------------------------------------------------------


def test_what_was_submitted_is_found_again(subject: Subject, submission: Submission) -> None:
    assert subject.iga.find_submitted(submission) is None
    receipt = subject.iga.submit(submission)
    assert subject.iga.find_submitted(submission) == receipt.request_id
    assert subject.hands.accepted() == [receipt.request_id]


def test_a_request_is_for_the_person_and_the_item_that_were_named(
    subject: Subject, submission: Submission
) -> None:
    made = subject.iga.submit(submission).request_id
    assert subject.hands.asked_of(made) == (submission.beneficiary_key, [subject.items[0]])
    read = subject.iga.request(made)
    wanted = [(item.kind, item.key, submission.beneficiary_key) for item in submission.items]
    assert [(item.kind, item.key, item.beneficiary_key) for item in read.items] == wanted
    assert read.header.beneficiary_keys == (submission.beneficiary_key,)


def test_a_reference_is_a_whole_word(subject: Subject, submission: Submission) -> None:
    subject.iga.submit(submission)
    for part in ("RITM0010023-L", "RITM001002", "RITM0010023-L11"):
        assert subject.iga.find_submitted(replace(submission, reference=part)) is None


def test_a_reference_is_found_at_the_end_of_the_longest_words(
    subject: Subject, submission: Submission
) -> None:
    long = replace(submission, justification=f"{'month end ' * 2000}RITM0010023-L1")
    made = subject.iga.submit(long).request_id
    assert subject.iga.find_submitted(long) == made


def test_words_of_others_that_name_our_reference_are_not_our_request(
    subject: Subject, submission: Submission
) -> None:
    quoted = subject.hands.quote(f"as in {submission.reference}, please")
    assert quoted in [head.id for head in subject.iga.open_requests()]
    assert subject.iga.find_submitted(submission) is None
    made = subject.iga.submit(submission).request_id
    assert subject.iga.find_submitted(submission) == made


@AFTER_ACCEPTANCE
def test_after_acceptance_whatever_breaks_is_an_unknown_outcome_and_the_request_is_found(
    subject: Subject, submission: Submission, fault: Fault
) -> None:
    subject.proxy.meet(fault, subject.calls.submitting)
    with pytest.raises(UnknownOutcome):
        subject.iga.submit(submission)
    assert [subject.iga.find_submitted(submission)] == subject.hands.accepted()


def test_an_answer_that_never_comes_is_an_unknown_outcome(
    subject: Subject, submission: Submission
) -> None:
    silent = Silent()
    subject.proxy.meet(silent, subject.calls.submitting)
    with pytest.raises(UnknownOutcome):
        subject.connect(**subject.impatient).submit(submission)
    wait_until(silent.heard.is_set, "the server's having had the call", 60)
    assert [subject.iga.find_submitted(submission)] == subject.hands.accepted()


def test_a_call_that_may_have_been_lost_is_an_unknown_outcome(
    subject: Subject, submission: Submission
) -> None:
    subject.proxy.meet(lost_call, subject.calls.submitting)
    with pytest.raises(UnknownOutcome):
        subject.iga.submit(submission)
    assert subject.hands.accepted() == []


def test_a_sign_in_page_in_the_way_is_no_success(subject: Subject, submission: Submission) -> None:
    away = answering(302, b"", Location="https://sso.example.com/sign-in", Content_Type="text/html")
    subject.proxy.meet(away, times=None)
    with pytest.raises(Misconfigured):
        list(subject.iga.open_requests())
    with pytest.raises(ConnectorError):
        subject.iga.submit(submission)
    assert subject.hands.accepted() == []


def test_what_is_carried_out_at_once_has_no_request_but_is_held(
    subject: Subject, person: Person, submission: Submission
) -> None:
    """Who always makes a request has its id in every receipt, and is asked no more here."""
    if subject.hands.at_once:
        subject.hands.at_once()
    receipt = subject.iga.submit(submission)
    assert subject.hands.accepted() == [receipt.request_id][: bool(receipt.request_id)]
    if subject.hands.at_once:
        (item,) = submission.items
        assert receipt.request_id == ""
        assert (item.kind, item.key) in [(h.kind, h.key) for h in subject.iga.holdings(person)]


def test_what_was_asked_for_together_is_all_in_the_request_or_its_children(
    subject: Subject, submission: Submission
) -> None:
    items = [found for name in subject.items if (found := subject.iga.find_item(name))]
    both = replace(submission, items=items)
    made = subject.iga.submit(both).request_id
    subject.hands.carry_out()
    assert subject.iga.find_submitted(both) == made
    whole = subject.iga.request(made)
    parts = [whole, *map(subject.iga.request, whole.children)]
    asked = {(item.kind, item.key, item.beneficiary_key) for part in parts for item in part.items}
    assert asked == {(item.kind, item.key, both.beneficiary_key) for item in items}


# ---- taking a request back -----------------------------------------------------------------------


def test_a_request_that_nobody_has_approved_is_withdrawn_once_and_for_all(
    subject: Subject, submission: Submission
) -> None:
    subject.hands.hold_back()
    made = subject.iga.submit(submission).request_id
    assert not subject.iga.request(made).header.state.final
    for _ in range(2):
        subject.iga.withdraw(made)
        assert subject.iga.request(made).header.state is RequestState.WITHDRAWN
    assert made not in [head.id for head in subject.iga.open_requests()]


@AFTER_ACCEPTANCE
def test_a_withdrawal_whose_answer_was_lost_may_be_repeated(
    subject: Subject, submission: Submission, fault: Fault
) -> None:
    subject.hands.hold_back()
    made = subject.iga.submit(submission).request_id
    subject.proxy.meet(fault, subject.calls.withdrawing)
    with suppress(UnknownOutcome):  # who looks for themselves may know it all the same
        subject.iga.withdraw(made)
    subject.iga.withdraw(made)
    assert subject.iga.request(made).header.state is RequestState.WITHDRAWN


def test_what_is_carried_out_cannot_be_withdrawn(subject: Subject, submission: Submission) -> None:
    made = subject.iga.submit(submission).request_id
    subject.hands.carry_out()
    with pytest.raises(Refused):
        subject.iga.withdraw(made)
    assert subject.iga.request(made).header.state is RequestState.COMPLETED


# ---- a busy system, and credentials --------------------------------------------------------------


@BUSY
def test_a_busy_system_takes_no_request_and_says_for_how_long(
    subject: Subject, submission: Submission, status: int
) -> None:
    busy = answering(status, b"{}", Retry_After="17", Content_Type=JSON)
    subject.proxy.meet(busy, subject.calls.submitting)
    with pytest.raises(Unavailable) as told:
        subject.iga.submit(submission)
    assert told.value.retry_after == 17
    assert subject.hands.accepted() == []


@BUSY
def test_a_busy_system_lists_nothing_and_says_for_how_long(subject: Subject, status: int) -> None:
    busy = answering(status, PAGE, Retry_After="1700", Content_Type="text/html")
    subject.proxy.meet(busy, subject.calls.listing, times=None)
    with pytest.raises(Unavailable) as told:
        list(subject.iga.open_requests())
    assert told.value.retry_after == 1700


@pytest.mark.parametrize("status", [200, 500, 502])
def test_a_page_instead_of_a_list_is_no_empty_list(subject: Subject, status: int) -> None:
    page = answering(status, PAGE, Content_Type="text/html")
    subject.proxy.meet(page, subject.calls.listing, times=None)
    with pytest.raises(Unavailable):
        list(subject.iga.open_requests())


@BUSY
def test_a_read_waits_for_a_system_that_is_busy_for_a_moment(subject: Subject, status: int) -> None:
    asked = subject.hands.ask()
    busy = answering(status, b"{}", Retry_After="0", Content_Type=JSON)
    subject.proxy.meet(busy, subject.calls.listing)
    assert asked in [head.id for head in subject.iga.open_requests()]


def test_a_wrong_secret_is_misconfigured(subject: Subject, submission: Submission) -> None:
    stranger = subject.connect(**subject.wrong_secret)
    with pytest.raises(Misconfigured):
        stranger.check()
    with pytest.raises(Misconfigured):
        list(stranger.open_requests())
    with pytest.raises(Misconfigured):
        stranger.submit(submission)
    assert subject.hands.accepted() == []


def test_the_connection_that_is_right_passes_its_check(subject: Subject) -> None:
    assert subject.iga.check().says


def test_a_token_that_was_refused_is_renewed_and_the_call_repeated_once(
    subject: Subject, submission: Submission
) -> None:
    """A 401 comes before anything is done. Who has no tokens can only tell an operator."""
    subject.proxy.meet(answering(401, PAGE, Content_Type="text/html"), subject.calls.submitting)
    iga = subject.connect(**subject.tokens)
    if subject.tokens:
        made = iga.submit(submission).request_id
        assert subject.hands.accepted() == [made]
        return
    with pytest.raises(Misconfigured):
        iga.submit(submission)
    assert subject.hands.accepted() == []


def test_a_connection_outlives_its_tokens(subject: Subject, submission: Submission) -> None:
    iga = subject.connect(**subject.tokens)
    asked = subject.hands.ask()
    for _ in range(2):
        assert iga.request(asked).header.id == asked
        subject.hands.end_tokens()
    made = iga.submit(submission).request_id
    assert subject.hands.accepted() == [made]
    subject.hands.end_tokens()
    assert iga.find_submitted(submission) == made


def test_an_account_that_loses_its_right_is_misconfigured(
    subject: Subject, submission: Submission
) -> None:
    subject.proxy.meet(answering(401, PAGE, Content_Type="text/html"), times=None)
    iga = subject.connect(**subject.tokens)
    with pytest.raises(Misconfigured):
        iga.submit(submission)
    with pytest.raises(Misconfigured):
        list(iga.open_requests())
