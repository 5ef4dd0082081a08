"""Behaviours of the product that a test may turn off, to see whether a client minds.

Each is on by default, as the product behaves. `oim.switches.flip("x-requested-by-guard")` turns
one; `request-broker sandbox oim --faults x-requested-by-guard` does the same from the command line.
A misbehaviour of a moment is no switch but a fault (`faults.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.switches import Switchboard, usual


@dataclass
class Switches(Switchboard):
    """One bool for each behaviour of an installation."""

    # Calls and answers.
    profile_12c: bool = usual("behaves as 12c; flipped, as 11g Release 2 PS3")
    self_service_deployed: bool = usual("the Self Service API is there; flipped, its paths are 404")
    token_service_deployed: bool = usual("the token service is there; flipped, as unpatched 11g")
    x_requested_by_guard: bool = usual("a write without X-Requested-By is a 400 (12c only)")
    tokens_expire: bool = usual("a token is refused once its life is over")
    expires_in_is_text: bool = usual("a token's life is a string of seconds")
    token_facade_served: bool = usual("GET of the facade gives a token, too (12c only)")
    json_only: bool = usual("other media types are answered 406 or 415")
    pages_of_ten: bool = usual("a list without limit has ten rows")
    offsets_from_one: bool = usual("offset 1 is the first row")
    totals_unknown: bool = usual("totalResult is -1")
    next_linked: bool = usual("a page with more after it has a next link")
    links_lead_elsewhere: bool = usual("links name a host that callers cannot reach")
    links_under_adminservice: bool = usual("links have the path of another service")
    fields_narrow: bool = usual("fields= leaves out what was not asked for")
    empty_fields_absent: bool = usual("a field without a value is absent, not null")
    lists_are_thin: bool = usual("lists have no items and no date of change")
    people_are_keys: bool = usual("a requester is named by key, not by login")
    newest_first: bool = usual("lists of requests begin with the newest")
    colons_are_spaces: bool = usual(":: stands for a space in a filter")
    case_ignored: bool = usual("filters compare in any case")
    unsearchable_refused: bool = usual("a filter on an attribute that is not searchable is a 400")
    justification_unsearchable: bool = usual("requests are not found by their justification")
    default_state_dropped: bool = usual("any filter of pending approvals drops state Assigned")
    inbox_is_own: bool = usual("pending approvals are the caller's own, whoever calls")
    reports_seen: bool = usual("people see the requests of their direct reports")
    administrators_see_all: bool = usual("an administrator sees everybody's requests")
    approvers_hidden: bool = usual("a plain requester does not see who decides")
    administrators_see_approvers: bool = usual("an administrator does")
    accepted_with_200: bool = usual("new requests are answered 200, not 201")
    failures_inside_200: bool = usual("an entry that fails does not fail its call")
    caller_ids_echoed: bool = usual("requestId of an entry comes back with its result")
    ids_are_text: bool = usual("the id of a new request is a string")
    no_idempotency: bool = usual("the same entry twice makes two requests")
    single_withdrawal_has_own_word: bool = usual("one DELETE says withdrawn, in bulk SUCCESS")
    attachments_by_task: bool = usual("attachments are listed task by task")

    # The life of a request.
    steps_asynchronous: bool = usual("a new request is Request Created; its steps follow later")
    children_late: bool = usual("children are made once their parent is approved")
    children_repeat_justification: bool = usual("children have their parent's justification")
    closed_children_block_closing: bool = usual("a parent with closed children is not closed")
    direct_rules: bool = usual("a rule may carry out at once, without any request")
    bulk_never_direct: bool = usual("several items or people are always a request")
    future_dates_waited_for: bool = usual("what starts later is carried out then")
    sod_checked: bool = usual("items that may not be held together go to one approver more")
    claim_needed: bool = usual("a task of a role, or of several, is claimed before it is decided")
    first_task_without_id: bool = usual("without a task id the first task is acted on")
    decided_once: bool = usual("a second decision on a task is refused")
    withdrawal_ends_with_approval: bool = usual("what is approved cannot be withdrawn")
    comments_in_detail: bool = usual("comments beside a task are in the detail of its request")
    child_capitalized: bool = usual("Child has a capital in Request Awaiting Child Requests ...")
    words_documented: bool = usual("every status is one that the product is known to have")

    # Users, holdings and the catalogue.
    others_unseen: bool = usual("people see themselves and their reports, administrators all")
    usr_key_unasked: bool = usual("usr_key is among a user's fields though it was not asked for")
    bulk_users_without_ids: bool = usual("entries of a bulk change of users have no id")
    proxies_listed_as_user: bool = usual("the list of proxies is called user")
    catalog_matches_beginnings: bool = usual("names match from their beginning, whatever is asked")
    accounts_named_by_login: bool = usual("an account's row does not name its application")
    thin_entitlements: bool = usual("an entitlement's row has no display name")
    entitlements_need_accounts: bool = usual("an entitlement fails without its account")
    entitlements_go_with_accounts: bool = usual("revoking an account takes its entitlements, too")
    disconnected_wait: bool = usual("what no connector reaches waits for a person")
    task_values_typed: bool = usual("values of provisioning tasks are not always strings")
    scim_values_bare: bool = usual("SCIM filters take values without quotes, too")

    # The console.
    query_kept_at_sign_in: bool = usual("the way back from a sign-in leads to the very address")


# What each switch is about, by its name with dashes, as people write it.
SWITCHES: dict[str, str] = Switches.about()
