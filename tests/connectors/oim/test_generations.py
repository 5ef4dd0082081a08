"""One connector for 11g Release 2 PS3 and for 12c, and for what differs between sites."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

import sandbox.oim
from broker.connectors.iga.oim.states import open_words, request_state
from broker.domain.access import ItemName
from broker.domain.access_requests import AccessRequest, RequestState
from broker.domain.approvals import TaskState
from broker.domain.errors import Refused
from broker.ports.iga import Submission
from sandbox.oim import workflow_words
from sandbox.oim.rows import FINAL
from sandbox.oim.rules import Rule
from sandbox.oim.switches import SWITCHES
from sandbox.oim.workflow import Workflow
from sandbox.web import serve
from sandbox.world import World
from tests.connectors.conftest import OimSite, oim_at

# what a site may have otherwise, and the connector has to live with
OTHERWISE = (
    "pages-of-ten", "totals-unknown", "next-linked", "links-lead-elsewhere",
    "links-under-adminservice", "fields-narrow", "lists-are-thin", "empty-fields-absent",
    "newest-first", "expires-in-is-text", "default-state-dropped", "inbox-is-own",
    "accepted-with-200", "ids-are-text", "single-withdrawal-has-own-word", "x-requested-by-guard",
    "profile-12c", "children-repeat-justification", "comments-in-detail", "case-ignored",
    "steps-asynchronous", "proxies-listed-as-user", "accounts-named-by-login", "thin-entitlements",
    "usr-key-unasked", "justification-unsearchable", "task-values-typed",
)  # fmt: skip


def site(world: World, *flipped: str) -> Iterator[OimSite]:
    app = sandbox.oim.create_app(world, start_seconds=0, provisioning_seconds=0, faults=flipped)
    server = serve(app)
    iga = oim_at(server.url, authentication="jwt", page_size=50)
    yield OimSite(server.url, app.extensions["oim"], iga, world)
    server.stop()


@pytest.fixture(params=OTHERWISE)
def otherwise(world: World, request: pytest.FixtureRequest) -> Iterator[OimSite]:
    """An installation in which one thing is not as everywhere else."""
    yield from site(world, request.param)


@pytest.fixture
def older(world: World) -> Iterator[OimSite]:
    """11g Release 2 PS3."""
    yield from site(world, "profile-12c")


def key(oim: OimSite) -> str:
    return oim.world.people["ada"].usr_key or ""


def wish(oim: OimSite, *names: str) -> Submission:
    found = [oim.iga.find_item(ItemName("role", name)) for name in names]
    return Submission(
        "RITM0010023-L1", key(oim), [each for each in found if each], "RITM0010023-L1"
    )


def decide(oim: OimSite, request_id: str, action: str) -> None:
    """Whoever is asked first decides."""
    request = oim.state.requests[request_id]
    task = request.open_tasks[0]
    user = oim.state.users[task.assignee]
    Workflow(oim.state).act(user, request, action, task.task_id, "")


def test_every_switch_that_is_named_here_is_one() -> None:
    assert set(OTHERWISE) <= set(SWITCHES)


def test_the_main_things_work_wherever_one_thing_is_otherwise(otherwise: OimSite) -> None:
    iga, wanted = otherwise.iga, wish(otherwise, "Finance Reporting")
    otherwise.state.rules[:] = [Rule(("manager",))]
    made = iga.submit(wanted).request_id
    assert iga.find_submitted(wanted) == made
    request = iga.request(made)
    assert [(item.name, item.beneficiary_key) for item in request.items] == [
        ("Finance Reporting", key(otherwise))
    ]
    assert made in {head.id for head in iga.open_requests()}
    assert [task.assignee for task in iga.request(made).waiting] == ["BEN"]
    assert {person.key for person in iga.people()} == set(otherwise.state.users)
    ada = next(person for person in iga.people() if person.login == "ADA")
    assert len(iga.holdings(ada)) == len(otherwise.state.holdings[key(otherwise)])
    iga.withdraw(made)
    assert iga.request(made).header.state is RequestState.WITHDRAWN
    assert iga.check().says.startswith("oim answers")


def test_two_levels_are_asked_one_after_the_other(older: OimSite) -> None:
    older.state.rules[:] = [Rule(("manager", "user:CHO"))]
    made = older.iga.submit(wish(older, "Finance Reporting")).request_id
    words: list[str] = []
    for _ in range(2):
        seen = older.iga.request(made)
        words.append(seen.header.raw_status)
        assert seen.header.state is RequestState.AWAITING_APPROVAL
        assert len(seen.waiting) == 1
        decide(older, made, "approve")
    assert words == ["Obtaining Request Approval", "Obtaining Operation Approval"]
    assert older.iga.request(made).header.state is RequestState.COMPLETED


def test_a_rejection_at_either_level_is_one(older: OimSite) -> None:
    older.state.rules[:] = [Rule(("manager", "user:CHO"))]
    early, late = (older.iga.submit(wish(older, "Finance Reporting")).request_id for _ in range(2))
    for request_id in (early, late):
        older.iga.request(request_id)
    decide(older, late, "approve")
    for request_id in (early, late):
        decide(older, request_id, "reject")
        seen = older.iga.request(request_id)
        assert seen.header.state is RequestState.REJECTED
        assert seen.tasks[-1].state is TaskState.REJECTED


def said() -> Sequence[str]:
    """Every status that the sandbox can give a request, in both generations."""
    words = {value for value in vars(workflow_words).values() if isinstance(value, str)}
    for generation in (workflow_words.ONE_LEVEL, workflow_words.TWO_LEVELS):
        for word in generation:
            words |= (
                {word} if isinstance(word, str) else set(word) if isinstance(word, tuple) else set()
            )
    return sorted(
        word for word in words if word.startswith(("Request", "SoD", "Obt", "Oper", "Post"))
    )


@pytest.mark.parametrize("word", said())
def test_a_status_is_final_for_us_just_where_it_is_for_oim(word: str) -> None:
    assert request_state(word).final == (word in FINAL)


@pytest.mark.parametrize("word", said())
def test_what_is_not_final_is_asked_for_unless_nobody_has_sent_it(word: str) -> None:
    others = (workflow_words.UNDOCUMENTED, workflow_words.DRAFT)
    assert (word in open_words()) == (word not in (*FINAL, *others))


def test_a_status_that_nobody_knows_is_no_end_and_can_be_asked_for(oim: OimSite) -> None:
    word = workflow_words.UNDOCUMENTED
    request = next(
        r for r in oim.state.requests.values() if r.status == "Request Awaiting Approval"
    )
    request.status = word
    oim.state.version += 1
    seen = oim.iga.request(request.id).header
    assert (seen.state, seen.raw_status) == (RequestState.IN_PROGRESS, word)
    told = oim.connect(open_statuses=f"{word}, Another Word")
    assert request.id in {head.id for head in told.open_requests()}


# --- several readers ---------------------------------------------------------------------


def test_several_readers_at_once_read_what_one_reads(oim: OimSite) -> None:
    iga = oim.connect(authentication="jwt", calls_per_second=500, readers=4)
    ids = [head.id for head in iga.open_requests()][:40]
    alone = [oim.iga.request(request_id) for request_id in ids]
    with ThreadPoolExecutor(iga.capabilities.readers) as readers:
        together: list[AccessRequest] = list(readers.map(iga.request, ids))
    assert together == alone


def test_as_many_readers_as_the_site_allows(oim: OimSite) -> None:
    assert oim.iga.capabilities.readers == 4
    assert oim.connect(readers=1).capabilities.readers == 1


def test_nobody_is_asked_to_withdraw_what_both_generations_have_approved(older: OimSite) -> None:
    older.state.rules[:] = [Rule(())]
    made = older.iga.submit(wish(older, "Finance Reporting")).request_id
    with pytest.raises(Refused, match="too late to withdraw it"):
        older.iga.withdraw(made)
