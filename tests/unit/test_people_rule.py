"""The rule's edges: how it is written, what a search may bring, and when a link is doubted."""

from dataclasses import replace

import pytest

from broker.domain.people import Account, Match, Person, match, normal, parse_rule, still

RULE = ("employee_number", "login", "email")
ADA = Person("1", "ADA", "Ada Moreno", "ada@example.com", "1001")
SUBJECT = Account("servicenow", "sys-1", "ada", "Ada", "ada@example.com", "1001")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("login", ("login",)),
        (" employee_number ,\tlogin\n", ("employee_number", "login")),
        ("login,,email,", ("login", "email")),
        (" , login", ("login",)),
        ("email,login,employee_number", ("email", "login", "employee_number")),
    ],
)
def test_spaces_and_stray_commas_in_the_rule_do_no_harm(text: str, rule: tuple[str, ...]) -> None:
    assert parse_rule(text) == rule


@pytest.mark.parametrize("text", [" , ,", "Login", "login email", "login;email"])
def test_what_is_no_list_of_attributes_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="list one or more of"):
        parse_rule(text)


def test_the_unknown_words_of_a_rule_are_named_alone() -> None:
    with pytest.raises(ValueError, match=r"not \['shoe', 'hat'\]$"):
        parse_rule("login,shoe,hat")


@pytest.mark.parametrize("attribute", RULE)
def test_a_search_that_brings_more_than_was_asked_links_nobody_by_it(attribute: str) -> None:
    similar = replace(
        ADA, key="2", login="ADAM", email="ada@example.com.au", employee_number="10011"
    )
    found = match(SUBJECT, (attribute,), lambda *_: [similar])
    assert found.person is None
    assert found.reason.startswith("nobody in the IGA has the ")


@pytest.mark.parametrize("attribute", RULE)
def test_of_a_loose_search_the_exact_hit_is_taken(attribute: str) -> None:
    similar = replace(ADA, key="2", login="ADAM", email="adam@example.com", employee_number="10011")
    assert match(SUBJECT, (attribute,), lambda *_: [similar, ADA]) == Match(ADA)


def test_the_search_is_asked_for_the_normal_form() -> None:
    asked: list[tuple[str, str]] = []

    def find(attribute: str, value: str) -> list[Person]:
        asked.append((attribute, value))
        return []

    match(replace(SUBJECT, login=" ＡＤＡ ", employee_number=""), RULE, find)
    assert asked == [("login", "ada"), ("email", "ada@example.com")]


@pytest.mark.parametrize(("count", "tail"), [(5, "P4"), (6, "P4 and 1 more")])
def test_up_to_five_who_share_an_attribute_are_named(count: int, tail: str) -> None:
    many = [Person(str(n), f"P{n}", "", "", "1001") for n in range(count)]
    reason = match(SUBJECT, RULE, lambda *_: many).reason
    assert reason == f"{count} people share the employee number of ada: P0, P1, P2, P3, {tail}"


SPELT = replace(ADA, employee_number=" 1001 ", login="Ada", email="ADA@EXAMPLE.COM")


@pytest.mark.parametrize("attribute", RULE)
def test_spelling_alone_contradicts_no_link(attribute: str) -> None:
    assert still(SUBJECT, SPELT, (attribute,)) == Match(SPELT)


def test_spelling_alone_contradicts_no_weaker_match() -> None:
    assert match(SUBJECT, RULE, lambda a, _: [SPELT] if a == "email" else []) == Match(SPELT)


@pytest.mark.parametrize(
    ("account", "person"),
    [
        (replace(SUBJECT, employee_number=""), ADA),
        (SUBJECT, replace(ADA, employee_number="")),
        (replace(SUBJECT, employee_number=" "), ADA),
    ],
    ids=["unknown at the desk", "unknown in the IGA", "blank at the desk"],
)
def test_what_one_side_does_not_know_contradicts_nothing(account: Account, person: Person) -> None:
    assert still(account, person, RULE) == Match(person)


def test_a_link_is_doubted_by_the_strongest_attribute_only() -> None:
    renamed = replace(SUBJECT, login="moreno", email="m@example.com")
    assert still(renamed, ADA, RULE) == Match(ADA)
    assert still(renamed, ADA, ("login", "employee_number")).person is None


@pytest.mark.parametrize(
    ("changes", "person", "reason"),
    [
        ({"active": False}, ADA, "ada is disabled in servicenow"),
        ({}, replace(ADA, active=False), "ADA is disabled in the IGA"),
        (
            {"employee_number": "7", "active": False},
            ADA,
            "ada was linked to ADA, who has another employee number",
        ),
        ({"active": False}, replace(ADA, active=False), "ada is disabled in servicenow"),
    ],
    ids=["account", "person", "contradiction first", "account before person"],
)
def test_a_link_made_earlier_ends_with_its_first_reason(
    changes: dict[str, object], person: Person, reason: str
) -> None:
    account = replace(SUBJECT, **changes)  # type: ignore[arg-type]  # fields of Account
    assert still(account, person, RULE) == Match(None, reason)


@pytest.mark.parametrize(
    ("stronger", "reason"),
    [
        ({"employee_number": "7"}, "ADA has the e-mail of ada but another employee number"),
        ({"login": "LOVELACE"}, "LOVELACE has the e-mail of ada but another login"),
    ],
    ids=["number", "login"],
)
def test_each_stronger_attribute_can_stop_a_weaker_match(
    stronger: dict[str, str], reason: str
) -> None:
    other = replace(ADA, **stronger)  # type: ignore[arg-type]  # fields of Person
    found = match(SUBJECT, RULE, lambda a, _: [other] if a == "email" else [])
    assert found == Match(None, reason)


def test_a_contradicted_match_says_so_before_it_says_disabled() -> None:
    other = replace(ADA, employee_number="7", active=False)
    found = match(SUBJECT, RULE, lambda a, _: [other] if a == "login" else [])
    assert found.reason == "ADA has the login of ada but another employee number"


@pytest.mark.parametrize("text", ["Straße", "STRASSE", "strasse", "  strasse  ", "ｓtrasse"])
def test_one_name_in_many_spellings_is_one_name(text: str) -> None:
    assert normal(text) == "strasse"


def test_an_accent_makes_another_name() -> None:
    assert normal("Zoe") != normal("Zoë")
    assert normal("Zoe\u0308") == normal("Zoë")
