"""Every switch and every fault has a proof: it passes as the product behaves, and fails without."""

from __future__ import annotations

import pytest

from sandbox.oim.faults import FAULTS
from sandbox.oim.switches import SWITCHES, Switches
from tests.sandbox.oim.proofs import collect
from tests.sandbox.oim.sites import Site

PROOFS = collect()


def misbehave(site: Site, name: str) -> None:
    """Flip the switch of this name, or switch the fault on."""
    if name in SWITCHES:
        site.state.switches.flip(name)
    else:
        site.state.faults.add(name)


def test_every_switch_and_every_fault_has_a_proof() -> None:
    assert PROOFS.keys() == SWITCHES.keys() | FAULTS.keys()


def test_no_fault_has_the_name_of_a_switch() -> None:
    assert not SWITCHES.keys() & FAULTS.keys()


@pytest.mark.parametrize("name", sorted(PROOFS))
def test_an_installation_behaves(installed: Site, name: str) -> None:
    PROOFS[name](installed)


@pytest.mark.parametrize("name", sorted(PROOFS))
def test_its_proof_fails_once_it_is_flipped(installed: Site, name: str) -> None:
    misbehave(installed, name)
    with pytest.raises(AssertionError):
        PROOFS[name](installed)


def test_a_switch_is_flipped_by_either_spelling() -> None:
    switches = Switches()
    switches.flip("x-requested-by-guard")
    assert not switches.x_requested_by_guard
    switches.flip("x_requested_by_guard")
    assert switches.x_requested_by_guard


def test_an_unknown_switch_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        Switches().flip("no-such-switch")
