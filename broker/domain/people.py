"""Persons, and the one rule that says which accounts elsewhere are theirs."""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

ATTRIBUTES = ("employee_number", "login", "email")
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody known to the IGA. `key` is immutable there; `login` may change."""

    key: str
    login: str
    display_name: str
    email: str = ""
    employee_number: str = ""
    manager_key: str | None = None
    active: bool = True


@dataclass(frozen=True, slots=True)
class Account:
    """The same human as another system knows them: a desk user or a SAML subject.

    `key` is immutable in that system (sys_id, NameID); an account there may be inactive.
    """

    system: str
    key: str
    login: str
    display_name: str = ""
    email: str = ""
    employee_number: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True)
class Match:
    """Exactly one person, or the reason (a sentence) why nobody was linked."""

    person: Person | None
    reason: str = ""


def normal(text: str) -> str:
    """The form in which names are compared: NFKC, trimmed, without case."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def parse_rule(text: str) -> tuple[str, ...]:
    """Read the setting, an ordered comma list of attributes; ValueError says what is wrong."""
    rule = tuple(part.strip() for part in text.split(",") if part.strip())
    unknown = [part for part in rule if part not in ATTRIBUTES]
    if unknown or not rule:
        raise ValueError(f"list one or more of {', '.join(ATTRIBUTES)}; not {unknown or 'nothing'}")
    return rule


def match(
    account: Account, rule: Sequence[str], find: Callable[[str, str], Iterable[Person]]
) -> Match:
    """Link `account` to the one person the rule is certain of; never guess.

    `find(attribute, value)` gives every person with that value. The first attribute that
    anybody shares decides: several people, a disabled one, or one whose stronger attribute
    says otherwise are reported instead of linked.
    """
    if not account.active:
        return Match(None, f"{account.login} is disabled in {account.system}")
    for position, attribute in enumerate(rule):
        value = normal(getattr(account, attribute))
        found = (
            [p for p in find(attribute, value) if normal(getattr(p, attribute)) == value]
            if value
            else []
        )
        if found:
            return _judge(account, found, attribute, rule[:position])
    return Match(None, f"nobody in the IGA has the {' or '.join(_words(rule))} of {account.login}")


def _judge(account: Account, found: list[Person], attribute: str, stronger: Sequence[str]) -> Match:
    if len(found) > 1:
        who = _named(sorted(p.login for p in found))
        return Match(
            None, f"{len(found)} people share the {_word(attribute)} of {account.login}: {who}"
        )
    (person,) = found
    contradiction = next((a for a in stronger if _contradicts(account, person, a)), None)
    if contradiction:
        return Match(
            None,
            f"{person.login} has the {_word(attribute)} of {account.login}"
            f" but another {_word(contradiction)}",
        )
    if not person.active:
        return Match(None, f"{person.login} is disabled in the IGA")
    return Match(person)


def still(account: Account, person: Person, rule: Sequence[str]) -> Match:
    """Whether a link made earlier can be believed: names change, and old ones are given to
    newcomers, but where both sides have the rule's strongest attribute it must agree.
    """
    if _contradicts(account, person, rule[0]):
        another = f"who has another {_word(rule[0])}"
        return Match(None, f"{account.login} was linked to {person.login}, {another}")
    if not account.active:
        return Match(None, f"{account.login} is disabled in {account.system}")
    if not person.active:
        return Match(None, f"{person.login} is disabled in the IGA")
    return Match(person)


def _named(logins: Sequence[str]) -> str:
    named = ", ".join(logins[:_NAMED])
    return named if len(logins) <= _NAMED else f"{named} and {len(logins) - _NAMED} more"


def _contradicts(account: Account, person: Person, attribute: str) -> bool:
    ours, theirs = normal(getattr(account, attribute)), normal(getattr(person, attribute))
    return bool(ours and theirs and ours != theirs)


def _word(attribute: str) -> str:
    return {"employee_number": "employee number", "login": "login", "email": "e-mail"}[attribute]


def _words(rule: Iterable[str]) -> list[str]:
    return [_word(attribute) for attribute in rule]
