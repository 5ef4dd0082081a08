"""`--faults` takes names of faults and switches, server by server, and a chance for the rest."""

import pytest

from sandbox import oim
from sandbox.fault_plan import FaultPlan
from sandbox.faults import SERVERS, chosen, known
from sandbox.oim.faults import FAULTS as OIM_FAULTS
from sandbox.oim.switches import SWITCHES as OIM_SWITCHES
from sandbox.servicenow import create_app
from sandbox.servicenow.faults import FAULTS
from sandbox.servicenow.switches import SWITCHES
from sandbox.world import build_world


def test_a_name_alone_means_every_server_that_knows_it() -> None:
    assert chosen("down").of("servicenow") == chosen("down").of("oim") == {"down"}
    assert chosen("down").of("idp") == set()
    assert [chosen("clock-skew").of(server) for server in SERVERS] == [{"clock-skew"}] * 3


def test_a_name_with_a_server_means_that_server_alone() -> None:
    assert chosen("oim:down").of("servicenow") == set()


def test_several_stand_between_commas() -> None:
    assert chosen("busy, slow,shuffled-ties").of("servicenow") == {"busy", "slow", "shuffled-ties"}


def test_nothing_chosen_is_nothing_wrong() -> None:
    assert (chosen("").pairs, chosen("").rate) == (frozenset(), None)


def test_a_chance_is_for_all_that_is_not_named() -> None:
    both = chosen("random=0.25,oim:down")
    assert (both.rate, both.of("oim"), both.of("servicenow")) == (0.25, {"down"}, set())


@pytest.mark.parametrize("word", ["random=2", "random=-1", "random=often", "random="])
def test_a_chance_is_between_none_and_all(word: str) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        chosen(word)


@pytest.mark.parametrize("word", ["gremlins", "idp:busy", "mars:down"])
def test_an_unknown_name_is_told_with_all_that_are_known(word: str) -> None:
    with pytest.raises(ValueError, match=f"no fault '{word}'; servicenow has bad-gateway"):
        chosen(word)


def test_the_list_has_every_fault_and_every_switch() -> None:
    told = known()
    assert all(name in told for name in [*FAULTS, *SWITCHES, "expired-certificate", "random="])
    assert all(name in told for name in [*OIM_FAULTS, *OIM_SWITCHES])


def test_an_oim_starts_with_what_was_chosen() -> None:
    plan = FaultPlan(1, ["down"], 0.5)
    faults = chosen("oim:busy,oim:profile-12c,random=0.5").of("oim")
    app = oim.create_app(build_world(people=30, requests=5), faults=faults, plan=plan)
    state = app.extensions["oim"]
    assert (state.faults, state.plan, state.profile) == ({"busy"}, plan, "11g")
    assert app.test_client().get("/iam/governance/selfservice/api/v1/users").status_code == 429


def test_the_generation_of_an_oim_is_an_argument_too() -> None:
    app = oim.create_app(build_world(people=30, requests=5), profile="11g")
    assert app.extensions["oim"].profile == "11g"


def test_an_instance_starts_with_what_was_chosen() -> None:
    plan = FaultPlan(1, ["down"], 0.5)
    app = create_app(
        build_world(people=30, requests=5), faults=["busy", "shuffled-ties"], plan=plan
    )
    state = app.extensions["servicenow"]
    assert (state.faults, state.plan) == ({"busy"}, plan)
    assert not state.switches.shuffled_ties
    assert app.test_client().get("/api/now/table/sys_user").status_code == 429
    state.close()


def test_a_chance_of_one_leaves_no_call_alone() -> None:
    plan = FaultPlan(1, ["down", "bad-gateway"], 1)
    app = create_app(build_world(people=30, requests=5), plan=plan)
    client = app.test_client()
    assert {client.get("/api/now/table/sys_user").status_code for _ in range(20)} == {502, 503}
    assert plan.fired.total() == 20
    app.extensions["servicenow"].close()
