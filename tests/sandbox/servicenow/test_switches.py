"""Every switch and every fault has a proof: it passes as instances behave, and fails without."""

from __future__ import annotations

import pytest

from sandbox.servicenow.faults import FAULTS
from sandbox.servicenow.switches import SWITCHES, Switches
from tests.sandbox.servicenow.desks import Desk
from tests.sandbox.servicenow.proofs import collect

PROOFS = collect()


def misbehave(desk: Desk, name: str) -> None:
    """Flip the switch of this name, or switch the fault on."""
    if name in SWITCHES:
        desk.state.switches.flip(name)
    else:
        desk.state.faults.add(name)


def test_every_switch_and_every_fault_has_a_proof() -> None:
    assert PROOFS.keys() == SWITCHES.keys() | FAULTS.keys()


def test_no_fault_has_the_name_of_a_switch() -> None:
    assert not SWITCHES.keys() & FAULTS.keys()


@pytest.mark.parametrize("name", sorted(PROOFS))
def test_an_instance_behaves(desk: Desk, name: str) -> None:
    PROOFS[name](desk)


@pytest.mark.parametrize("name", sorted(PROOFS))
def test_its_proof_fails_once_it_is_flipped(desk: Desk, name: str) -> None:
    misbehave(desk, name)
    with pytest.raises(AssertionError):
        PROOFS[name](desk)


def test_a_switch_is_flipped_by_either_spelling() -> None:
    switches = Switches()
    switches.flip("shuffled-ties")
    assert not switches.shuffled_ties
    switches.flip("shuffled_ties")
    assert switches.shuffled_ties


def test_an_unknown_switch_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        Switches().flip("no-such-switch")
