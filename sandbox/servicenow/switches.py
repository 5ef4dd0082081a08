"""Behaviours of an instance that a test may turn off, to see whether a client minds.

Each is on by default, as instances behave. `instance.switches.flip("shuffled-ties")` turns one;
`request-broker sandbox servicenow --faults shuffled-ties` does the same from the command line.
A misbehaviour of a moment is no switch but a fault (`faults.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.switches import Switchboard, usual


@dataclass
class Switches(Switchboard):
    """One bool for each behaviour of an instance."""

    shuffled_ties: bool = usual("rows that a query does not tell apart come in any order")
    limit_before_acl: bool = usual("a page is cut before what the caller may not see is left out")
    total_ignores_acl: bool = usual("X-Total-Count counts what the caller may not see, too")
    one_page_has_no_links: bool = usual("a list that fits its page has no Link header")
    prev_link_of_minus_one: bool = usual("with a limit of 1 the first page has a prev of -1")
    links_repeat_the_version: bool = usual("links have the version segment of the call")
    empty_v1_list_is_404: bool = usual("version 1 answers a list without rows with 404")
    invalid_parts_dropped: bool = usual("what makes no sense in a query is left out of it")
    unknown_columns_refused: bool = usual("scoped tables refuse a query on an unknown column")
    or_binds_to_the_condition_before: bool = usual("a=1^b=2^ORb=3 is a=1 and (b=2 or b=3)")
    bad_values_find_nothing: bool = usual("a value that a column cannot have finds no row")
    not_equal_finds_empty: bool = usual("is not and its like find rows without a value")
    text_ignores_case: bool = usual("text is compared without regard to case")
    class_is_exact: bool = usual("sys_class_name=X leaves out what extends X")
    references_compare_by_display: bool = usual("a reference contains what people see of it")
    script_guarded: bool = usual("script in a query is refused but for calls from a list")
    values_are_strings: bool = usual("numbers and booleans are JSON strings")
    times_shown_in_own_zone: bool = usual("display times are in the zone of the caller")
    numbers_shown_separated: bool = usual("display numbers have thousands separators")
    durations_shown_in_words: bool = usual("8 Hours stands for 1970-01-01 08:00:00")
    empty_choices_shown_null: bool = usual("the display value of an empty choice is null")
    empty_due_dates_shown_unknown: bool = usual("an empty due date shows UNKNOWN")
    currencies_have_three_keys: bool = usual("an amount has its currency beside it")
    journals_read_empty: bool = usual("a journal has no value, only a display value")
    dangling_references_linked: bool = usual("a reference to nothing has a link all the same")
    verbs_overridden: bool = usual("a POST stands for the verb of X-HTTP-Method-Override")
    bodies_suppressed: bool = usual("X-no-response-body leaves the answer's body out")
    other_formats_refused: bool = usual("anything but JSON and XML is answered 406 or 415")
    tiny_urls_served: bool = usual("a long address may be handed in once and named by a token")
    stats_need_every_row: bool = usual("aggregates over rows that are hidden are refused")
    long_urls_refused: bool = usual("an address of more than 8,192 bytes is answered 414")

    unknown_keys_dropped: bool = usual("a name in a body that is no column is dropped")
    references_unchecked: bool = usual("a reference takes any text")
    references_cut: bool = usual("a reference keeps 32 characters")
    objects_stringified: bool = usual("an object in a body is stored as {key=value}")
    invalid_choices_dropped: bool = usual("a choice that does not exist is dropped")
    password_writes_dropped: bool = usual("nobody sets a user's password over the API")
    system_columns_kept: bool = usual("sys_updated_on and its like are not written by callers")
    callers_sys_id_taken: bool = usual("an insert may bring its own sys_id")
    display_input_taken: bool = usual("sysparm_input_display_value takes labels and names")
    writes_counted: bool = usual("sys_mod_count counts the changes of a record")
    unchanged_writes_leave_no_trace: bool = usual("an update that changes nothing is none")
    whole_second_times: bool = usual("times are kept in whole seconds")
    numbers_assigned: bool = usual("a new record has the next number of its table")
    deletes_cascade: bool = usual("a deleted record takes its files and its journal along")
    data_policies_enforced: bool = usual("a data policy refuses records without what it demands")
    business_rules_abort: bool = usual("a business rule may abort a write")
    states_stamped: bool = usual("closing a task says when, by whom, and that it is inactive")

    plain_requests_approved: bool = usual("a plain request is approved inside its insert")
    first_decision_moots: bool = usual("a decision spares everybody else who was asked")
    groups_asked_once_each: bool = usual("a group's members are asked once each")
    delegates_decide: bool = usual("a delegate may decide while the delegation lasts")
    approvals_stamped: bool = usual("approval_set says when a task's approval was set")
    approvals_told_in_history: bool = usual("the approval history tells who decided")
    cancelling_moots: bool = usual("cancelling spares who has not decided yet")
    closing_deactivates: bool = usual("a closed record is inactive, with when and by whom")
    closing_rolls_up: bool = usual("the last closed task closes its item, and that its request")
    items_close_alone: bool = usual("closing an item leaves its tasks open, as orphans")
    sessions_announced: bool = usual("a sign-in raises session.established besides login")
    async_rules_see_the_present: bool = usual("an async rule sees a record as it is by then")
    direct_calls: bool = usual("the scoped app calls the broker itself, not by a MID Server")
    outbound_named: bool = usual("calls of scripts say User-Agent: ServiceNow/1.0")
    outbound_bodies_cut: bool = usual("the outbound log keeps 100 characters of a body")
    variables_filled_in: bool = usual("${name} in the body of a call is a variable, or lost")
    mid_calls_asynchronous: bool = usual("a MID Server answers later, by a row of the queue")
    scripted_bodies_read_once: bool = usual("a Scripted REST body is read in one way only")
    scripted_answers_wrapped: bool = usual("what a Scripted REST script returns is the result")

    denial_is_silent: bool = usual("a table that is not for the caller is a list without rows")
    platform_tables_refused: bool = usual("sys_db_object and its like answer 403 to most")
    choices_show_labels_only: bool = usual("only administrators see more than a choice's label")
    work_notes_for_fulfillers: bool = usual("people see no work notes on their own requests")
    hidden_columns_refused: bool = usual("a query by a column that is hidden is refused")
    rest_rules_inactive: bool = usual("the REST APIs demand no role of their own")
    ws_access_honoured: bool = usual("a table closed to web services answers 403")

    basic_auth_restriction: bool = usual("a Basic login is refused once the restriction is due")
    token_by_form_only: bool = usual("the token endpoint reads no JSON")
    same_token_until_expiry: bool = usual("asking again gives the same, ageing access token")
    client_credentials_need_property: bool = usual("that grant must be enabled by a property")
    password_grant_needs_interactive_user: bool = usual(
        "a web-service-only account gets no token for its password"
    )
    session_queue_limited: bool = usual("a session with ten calls waiting answers 202 to more")
    semaphores_limited: bool = usual("a node with fifty calls waiting answers 429 to more")
    idle_sessions_end: bool = usual("an API session ends after a minute without a call")
    rate_limit_rules: bool = usual("calls beyond the limit of an hour's rule are answered 429")
    nested_batches_refused: bool = usual("a batch inside a batch is refused")
    quantity_required: bool = usual("an order without its quantity is refused")
    ui_notifications_told: bool = usual("some catalogue answers have $$uiNotification")
    import_errors_created: bool = usual("an import whose row failed is answered 201 as well")
    unreadable_imports_empty: bool = usual("who may not read an import gets a 201 with no body")
    display_passwords_taken: bool = usual("a password given as a display value is set")
    attachments_pending_first: bool = usual("an uploaded file is available a second later")
    attachments_follow_records: bool = usual("a file is as visible as the record it hangs on")
    downloads_may_be_kept: bool = usual("a downloaded file comes without the no-store headers")
    refresh_token_stays: bool = usual("a refresh gives a new access token only")
    client_by_basic_taken: bool = usual("a client may name itself by Basic instead of the form")
    tokens_end_with_their_user: bool = usual("a disabled or locked user's tokens are refused")
    oversized_parts_unserviced: bool = usual("a batch ends where a part is too large")
    jwt_id_counts_once: bool = usual("an assertion whose jti was seen before is refused")
    api_calls_touch_last_login: bool = usual("a web-service call counts as the last login")
    login_touch_throttled: bool = usual("it does so once a minute")


# What each switch is about, by its name with dashes, as people write it.
SWITCHES: dict[str, str] = Switches.about()
