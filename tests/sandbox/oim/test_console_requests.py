"""One request in the console, and Track Requests: what is told, and what people do there."""

from __future__ import annotations

from sandbox.oim.rules import Rule
from tests.sandbox.oim import acts
from tests.sandbox.oim.browsing import Browse
from tests.sandbox.oim.sites import Site

TRACK = "/identity/faces/track-requests"


def waiting(site: Site, why: str = "month end") -> str:
    """A request of ada's that waits for ben."""
    request_id = acts.ask(site, why=why)
    site.as_("broker").wait_for(request_id, "Request Awaiting Approval")
    return request_id


def test_withdrawing_is_seen_by_the_api(browse: Browse, installed: Site) -> None:
    request_id, ada = waiting(installed), browse("ada")
    assert "Withdraw request" in ada.request(request_id)
    page = ada.submit("/withdraw")
    assert "has been withdrawn" in page
    assert "Withdraw request" not in page
    assert acts.status(installed, request_id) == "Request Withdrawn"


def test_what_was_said_once_is_not_said_again(browse: Browse, installed: Site) -> None:
    request_id, ada = waiting(installed), browse("ada")
    ada.request(request_id)
    assert "has been withdrawn" in ada.submit("/withdraw")
    assert "has been withdrawn" not in ada.request(request_id)


def test_only_the_requester_is_offered_to_withdraw(browse: Browse, installed: Site) -> None:
    request_id, ben = waiting(installed), browse("ben")
    assert "Withdraw request" not in ben.request(request_id)


def test_what_is_approved_cannot_be_withdrawn(browse: Browse, installed: Site) -> None:
    request_id, ada = waiting(installed), browse("ada")
    ada.request(request_id)
    acts.act(installed, "ben", request_id, "approve")
    assert "IAM-2050032" in ada.submit("/withdraw")
    assert ada.page.status_code == 409


def test_a_comment_is_seen_by_the_api(browse: Browse, installed: Site) -> None:
    request_id, ada = waiting(installed), browse("ada")
    ada.request(request_id)
    page = ada.submit("/comments", text="Please before Friday.")
    assert "Your comment has been added" in page
    assert "Please before Friday." in page
    entry = acts.approvers(installed, request_id)[0]
    said = [(one["comment"], one["addedBy"]) for one in entry["comments"]]
    assert said == [("Please before Friday.", "ADA")]


def test_an_empty_comment_is_refused_and_so_is_one_on_what_is_over(
    browse: Browse, installed: Site
) -> None:
    request_id, ada = waiting(installed), browse("ada")
    ada.request(request_id)
    ada.submit("/comments", text="  ")
    assert ada.page.status_code == 409
    ada.request(request_id)
    acts.withdraw(installed, "ada", request_id)
    ada.submit("/comments", text="too late")
    assert ada.page.status_code == 409
    assert "Add a comment" not in ada.request(request_id)


def test_whom_it_waits_for_and_who_comes_next(browse: Browse, installed: Site) -> None:
    installed.state.rules.insert(0, Rule(("manager", "role:IT SECURITY")))
    request_id = waiting(installed)
    page = browse("ada").request(request_id)
    assert "<dt>Waiting for</dt><dd>Ben Achterberg (BEN)</dd>" in page
    assert "Not asked yet" in page
    assert "IT SECURITY" in page


def test_parent_and_children_lead_to_each_other(browse: Browse, installed: Site) -> None:
    request_id = acts.ask(installed, items=[acts.ROLE, acts.OTHER_ROLE])
    installed.as_("broker").wait_for(request_id, "Request Awaiting Child Requests Completion")
    ada, (first, second) = browse("ada"), acts.children(installed, request_id)
    parent = ada.request(request_id)
    assert "Related requests" in parent
    assert f"requestId={first}" in parent
    child = ada.request(first)
    assert f"requestId={request_id}" in child
    assert f"requestId={second}" in child


def test_why_provisioning_failed_is_told(browse: Browse, installed: Site) -> None:
    installed.state.provisioning.failing[acts.ROLE] = "The directory is full."
    request_id = waiting(installed)
    acts.act(installed, "ben", request_id, "approve")
    installed.as_("broker").wait_for(request_id, "Request Failed")
    assert "The directory is full." in browse("ada").request(request_id)


def test_a_conflict_of_duties_is_told(browse: Browse, installed: Site) -> None:
    installed.state.sod[acts.ROLE, acts.OTHER_ROLE] = "Nobody counts what they report."
    acts.ask(installed, "broker", [acts.OTHER_ROLE])
    acts.later(installed)
    request_id = waiting(installed)
    assert "Nobody counts what they report." in browse("ada").request(request_id)


def test_track_requests_searches_and_filters(browse: Browse, installed: Site) -> None:
    request_id, ada = waiting(installed, why="for the stocktaking"), browse("ada")
    everything = ada.open(TRACK)
    assert f'data-request-id="{request_id}"' in everything
    assert "Request Rejected" in everything
    assert "1 request<" in ada.open(f"{TRACK}?search=stocktaking")
    rejected = ada.open(f"{TRACK}?state=rejected")
    assert f'data-request-id="{request_id}"' not in rejected
    assert "Request Rejected" in rejected
    assert "No request fits" in ada.open(f"{TRACK}?search=unicorn")


def test_track_requests_shows_managers_what_reports_asked_for(
    browse: Browse, installed: Site
) -> None:
    request_id, ben = waiting(installed), browse("ben")
    assert f'data-request-id="{request_id}"' not in ben.open(TRACK)
    assert f'data-request-id="{request_id}"' in ben.open(f"{TRACK}?scope=all")


def test_what_was_asked_for_others_can_be_tracked(browse: Browse, installed: Site) -> None:
    request_id, ben = acts.ask(installed, "ben"), browse("ben")
    assert f'data-request-id="{request_id}"' in ben.open(f"{TRACK}?scope=raised")
    assert "No request fits" in browse("eve").open(f"{TRACK}?scope=raised")
