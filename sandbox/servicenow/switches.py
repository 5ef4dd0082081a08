"""Behaviours of an instance that a test may turn off, to see whether a client minds.

Each is on by default, as instances behave. `instance.switches.flip("shuffled-ties")` turns one;
`request-broker sandbox servicenow --faults shuffled-ties` does the same from the command line.
A misbehaviour of a moment is no switch but a fault (`faults.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any, Self


def _usual(about: str) -> Any:  # noqa: ANN401 - a dataclass field stands where its value will
    """On, as instances behave; `about` says what."""
    return field(default=True, metadata={"about": about})


@dataclass
class Switches:
    """One bool for each behaviour; readable and settable at any time."""

    shuffled_ties: bool = _usual("rows that a query does not tell apart come in any order")
    limit_before_acl: bool = _usual("a page is cut before what the caller may not see is left out")
    total_ignores_acl: bool = _usual("X-Total-Count counts what the caller may not see, too")
    one_page_has_no_links: bool = _usual("a list that fits its page has no Link header")
    prev_link_of_minus_one: bool = _usual("with a limit of 1 the first page has a prev of -1")
    links_repeat_the_version: bool = _usual("links have the version segment of the call")
    empty_v1_list_is_404: bool = _usual("version 1 answers a list without rows with 404")
    invalid_parts_dropped: bool = _usual("what makes no sense in a query is left out of it")
    unknown_columns_refused: bool = _usual("scoped tables refuse a query on an unknown column")
    or_binds_to_the_condition_before: bool = _usual("a=1^b=2^ORb=3 is a=1 and (b=2 or b=3)")
    bad_values_find_nothing: bool = _usual("a value that a column cannot have finds no row")
    not_equal_finds_empty: bool = _usual("is not and its like find rows without a value")
    text_ignores_case: bool = _usual("text is compared without regard to case")
    class_is_exact: bool = _usual("sys_class_name=X leaves out what extends X")
    references_compare_by_display: bool = _usual("a reference contains what people see of it")
    script_guarded: bool = _usual("script in a query is refused but for calls from a list")
    values_are_strings: bool = _usual("numbers and booleans are JSON strings")
    times_shown_in_own_zone: bool = _usual("display times are in the zone of the caller")
    numbers_shown_separated: bool = _usual("display numbers have thousands separators")
    durations_shown_in_words: bool = _usual("8 Hours stands for 1970-01-01 08:00:00")
    empty_choices_shown_null: bool = _usual("the display value of an empty choice is null")
    empty_due_dates_shown_unknown: bool = _usual("an empty due date shows UNKNOWN")
    currencies_have_three_keys: bool = _usual("an amount has its currency beside it")
    journals_read_empty: bool = _usual("a journal has no value, only a display value")
    dangling_references_linked: bool = _usual("a reference to nothing has a link all the same")
    verbs_overridden: bool = _usual("a POST stands for the verb of X-HTTP-Method-Override")
    bodies_suppressed: bool = _usual("X-no-response-body leaves the answer's body out")
    other_formats_refused: bool = _usual("anything but JSON and XML is answered 406 or 415")
    tiny_urls_served: bool = _usual("a long address may be handed in once and named by a token")
    stats_need_every_row: bool = _usual("aggregates over rows that are hidden are refused")
    long_urls_refused: bool = _usual("an address of more than 8,192 bytes is answered 414")

    basic_auth_restriction: bool = _usual("a Basic login is refused once the restriction is due")
    token_by_form_only: bool = _usual("the token endpoint reads no JSON")
    same_token_until_expiry: bool = _usual("asking again gives the same, ageing access token")
    client_credentials_need_property: bool = _usual("that grant must be enabled by a property")
    password_grant_needs_interactive_user: bool = _usual(
        "a web-service-only account gets no token for its password"
    )
    session_queue_limited: bool = _usual("a session with ten calls waiting answers 202 to more")
    semaphores_limited: bool = _usual("a node with fifty calls waiting answers 429 to more")
    idle_sessions_end: bool = _usual("an API session ends after a minute without a call")
    rate_limit_rules: bool = _usual("calls beyond the limit of an hour's rule are answered 429")
    nested_batches_refused: bool = _usual("a batch inside a batch is refused")
    jwt_id_counts_once: bool = _usual("an assertion whose jti was seen before is refused")
    api_calls_touch_last_login: bool = _usual("a web-service call counts as the last login")
    login_touch_throttled: bool = _usual("it does so once a minute")

    @classmethod
    def flipped(cls, names: Iterable[str]) -> Self:
        """Everything as usual but for these."""
        made = cls()
        for name in names:
            made.flip(name)
        return made

    def flip(self, name: str) -> None:
        """Turn a switch, named with dashes or underscores. Raises KeyError for another name."""
        column = name.replace("-", "_")
        if column not in _COLUMNS:
            raise KeyError(name)
        setattr(self, column, not getattr(self, column))


_COLUMNS = frozenset(each.name for each in fields(Switches))
# What each switch is about, by its name with dashes, as people write it.
SWITCHES: dict[str, str] = {
    each.name.replace("_", "-"): str(each.metadata["about"]) for each in fields(Switches)
}
