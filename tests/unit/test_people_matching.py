"""Accounts are linked when the rule is certain, and listed with the reason when it is not."""

from dataclasses import replace

import pytest

from broker.domain.people import Account, Match, Person, match, normal, parse_rule

RULE = ("employee_number", "login", "email")
JILL = Person("10", "JCARTER", "Jill Moss", "jill@example.com", "2001")
JUNE = Person("11", "JUNECARTER", "June Carter", "june@example.com", "2002")
IVAN = Person("12", "IPETROV", "Ivan Petrov", "desk@example.com", "2003")
IVANA = Person("13", "INOVAK", "Ivana Novak", "desk@example.com", "2004")
KARL = Person("14", "KARL", "Karl Ott", "karl@example.com", "2005", active=False)
EVERYBODY = [JILL, JUNE, IVAN, IVANA, KARL]


def link(account: Account, rule: tuple[str, ...] = RULE) -> Match:
    def find(attribute: str, value: str) -> list[Person]:
        return [p for p in EVERYBODY if normal(getattr(p, attribute)) == value]

    return match(account, rule, find)


def account(login: str, number: str = "", email: str = "") -> Account:
    return Account("servicenow", f"sys-{login}", login, employee_number=number, email=email)


def test_upper_case_logins_are_the_same_logins() -> None:
    assert link(account("junecarter")).person is JUNE


def test_a_renamed_person_is_found_by_number() -> None:
    assert link(account("jill.moss", "2001")).person is JILL


def test_a_login_that_used_to_be_somebody_elses_misleads_nobody() -> None:
    assert link(account("jcarter", "2002")).person is JUNE


def test_a_login_with_another_number_behind_it_is_not_believed() -> None:
    found = link(account("jcarter", "9999"))
    assert found.person is None
    assert found.reason == "JCARTER has the login of jcarter but another employee number"


def test_a_shared_e_mail_decides_nothing() -> None:
    found = link(account("ivan.p", email="DESK@example.com"))
    assert found.person is None
    assert found.reason == "2 people share the e-mail of ivan.p: INOVAK, IPETROV"


def test_of_many_who_share_an_e_mail_five_are_named() -> None:
    many = [Person(str(n), f"P{n}", "", "all@example.com") for n in range(40)]
    found = match(account("x", email="all@example.com"), ("email",), lambda *_: many)
    assert found.reason == "40 people share the e-mail of x: P0, P1, P10, P11, P12 and 35 more"


def test_the_strongest_attribute_decides_before_a_shared_one() -> None:
    assert link(account("x", "2004", "desk@example.com")).person is IVANA


def test_somebody_disabled_in_the_iga_is_named_not_linked() -> None:
    assert link(account("karl")).reason == "KARL is disabled in the IGA"


def test_somebody_disabled_at_the_desk_is_named_not_linked() -> None:
    found = link(replace(account("jcarter", "2001"), active=False))
    assert found == Match(None, "jcarter is disabled in servicenow")


def test_nobody_is_nobody() -> None:
    reason = link(account("gina")).reason
    assert reason == "nobody in the IGA has the employee number or login or e-mail of gina"


def test_empty_attributes_match_nobody() -> None:
    assert link(account("", "", "")).person is None


def test_compatibility_forms_and_spaces_are_one_name() -> None:
    assert normal(" ＡＤＡ ") == "ada"


def test_the_rule_is_an_ordered_list() -> None:
    assert parse_rule(" login, email ") == ("login", "email")


@pytest.mark.parametrize("text", ["", "login,shoe_size"])
def test_a_rule_of_nothing_or_of_unknown_words_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="list one or more of employee_number, login, email"):
        parse_rule(text)
