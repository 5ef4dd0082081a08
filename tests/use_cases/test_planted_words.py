"""Our word in somebody's own text: an order is never taken for another one because of it."""

import pytest

from broker.domain.references import submission_word
from broker.ports.desk import OrderRef
from tests.use_cases.conftest import House

pytestmark = pytest.mark.both


def word_of(ref: OrderRef, key: str = "14") -> str:
    """The word that whoever knows the item's id and the role's key can work out beforehand."""
    return submission_word(ref.source, ref.item_id, f"grant/role/{key}")


@pytest.mark.parametrize("planted", ["as in {}", "{}", "({})", "see {} {}"])
@pytest.mark.parametrize("written", [str, str.lower, str.upper])
def test_another_items_word_in_a_justification_takes_no_request_for_that_item(
    house: House, planted: str, written: type[str]
) -> None:
    real, decoy = house.item(), house.item(role="Budget Approver")
    word = written(word_of(real))
    house.change(decoy, justification=planted.format(word, word))
    house.post(decoy)
    house.work()
    answer = house.post(real)
    house.work()
    assert [item.items[0].name for item in house.iga.submissions] == [
        "Budget Approver",
        "Finance Reporting",
    ]
    assert house.order(answer).lines[0].iga_request_id == "9002"


def test_a_word_that_ends_where_the_text_is_cut_is_none_either(house: House) -> None:
    real, decoy = house.item(), house.item(role="Budget Approver")
    house.change(decoy, justification=f"{'x' * 900} {word_of(real)}{'0' * 200}")
    house.post(decoy)
    house.work()
    assert word_of(real) not in house.iga.submissions[0].justification


def test_a_persons_other_words_reach_the_iga_as_they_are(house: House) -> None:
    said = "RB-21 RB- RB-0123456789abcde RITM0000001: month end, see RB-0123"
    ref = house.item()
    house.change(ref, justification=said)
    house.post(ref)
    house.work()
    assert house.iga.submissions[0].justification.endswith(f" {said}")
