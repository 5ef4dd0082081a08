"""References, the catalogue mapping, and what must be read again."""

from datetime import UTC, datetime

import pytest

from broker.domain.access import (
    CatalogueMapping,
    Grant,
    ItemKind,
    ItemName,
    MappingEntry,
    UnmappedItem,
)
from broker.domain.access_requests import AccessRequest, RequestHeader, RequestState
from broker.domain.references import ExternalRef, canonical, fingerprint, mirror_id
from broker.sync.reconcile import Known, due, print_of

NOW = datetime(2026, 3, 2, tzinfo=UTC)
MAPPING = CatalogueMapping(
    {
        ("sn", "role"): MappingEntry(
            "sn", "role", "A role", [Grant(ItemKind.ROLE, name_from="role")]
        ),
        ("sn", "laptop"): MappingEntry("sn", "laptop", "Laptop", []),
        ("sn", "fixed"): MappingEntry("sn", "fixed", "Fixed", [Grant(ItemKind.ACCOUNT, "SAP ERP")]),
    }
)


def test_a_mirrored_row_has_one_id_for_ever() -> None:
    ref = ExternalRef("oim", "request", "7041")
    assert mirror_id(ref) == mirror_id(ExternalRef("oim", "request", "7041"))
    assert len(mirror_id(ref)) == 32
    assert mirror_id(ref) != mirror_id(ExternalRef("oim", "approval", "7041"))


def test_canonical_text_does_not_depend_on_order() -> None:
    assert canonical({"b": 1, "a": "é"}) == '{"a":"\\u00e9","b":1}'
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})


def test_a_variable_names_the_item() -> None:
    found = MAPPING.resolve("sn", "role", "A role", {"role": " Finance Reporting "})
    assert found == (ItemName("role", "Finance Reporting"),)


def test_a_fixed_name_needs_no_variable() -> None:
    assert MAPPING.resolve("sn", "fixed", "Fixed", {}) == (ItemName("account", "SAP ERP"),)


def test_hardware_stands_for_no_access() -> None:
    assert MAPPING.resolve("sn", "laptop", "Laptop", {}) == ()


def test_an_unmapped_item_is_named_with_what_to_do() -> None:
    with pytest.raises(UnmappedItem, match=r"“Badge” \(b1\) has no entry.*add one, then retry"):
        MAPPING.resolve("sn", "b1", "Badge", {})


def test_the_same_item_of_another_desk_is_unmapped() -> None:
    with pytest.raises(UnmappedItem):
        MAPPING.resolve("other", "role", "A role", {"role": "X"})


def test_an_empty_variable_is_named() -> None:
    with pytest.raises(UnmappedItem, match="leaves its variable “role” empty"):
        MAPPING.resolve("sn", "role", "A role", {})


def header(
    id_: str,
    status: str = "Request Awaiting Approval",
    state: RequestState = RequestState.REQUESTED,
) -> RequestHeader:
    return RequestHeader(id_, state, status, "1", ("1",), "Assign Roles", NOW, "why")


def known(
    status: str = "Request Awaiting Approval", final: bool = False, followed: bool = False
) -> Known:
    return Known(status, "why", final, followed)


@pytest.mark.parametrize(
    ("listed", "remembered", "expected"),
    [
        ([header("1")], {}, ["1"]),
        ([header("1")], {"1": known()}, []),
        ([header("1", "Request Approved")], {"1": known()}, ["1"]),
        ([header("1")], {"1": known(followed=True)}, ["1"]),
        ([header("1", "Request Approved")], {"1": known(final=True)}, []),
        ([], {"1": known()}, ["1"]),
        ([], {"1": known(final=True)}, []),
    ],
    ids=["new", "same", "status", "followed", "final", "missing", "missing and final"],
)
def test_only_what_may_have_changed_is_read(
    listed: list[RequestHeader], remembered: dict[str, Known], expected: list[str]
) -> None:
    assert due(listed, remembered) == expected


def test_a_fingerprint_sees_every_field() -> None:
    first = AccessRequest(header("1"))
    assert print_of(first) == print_of(AccessRequest(header("1")))
    assert print_of(first) != print_of(AccessRequest(header("1"), modified_at=NOW))
