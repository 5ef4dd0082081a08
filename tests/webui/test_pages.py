"""What people read on each page."""

from tests.webui.company import Company, Visit, text_of


def test_the_front_page_shows_my_requests_and_whom_they_wait_for(
    visit: Visit, company: Company
) -> None:
    page = text_of(visit("ada").get("/"))
    assert 'data-request-id="5001" data-state="awaiting approval"' in page
    assert "waiting for <strong>Ben Example</strong> since" in page
    assert "2 hours ago" in page


def test_every_page_answers(visit: Visit, company: Company) -> None:
    paths = ["/", "/history", "/approvals", "/orders", "/access", f"/requests/{company.request.id}"]
    for path in [*paths, f"/orders/{company.order.id}"]:
        assert visit("ada").get(path).status_code == 200, path
    assert visit("ben").get(f"/approvals/{company.task.id}").status_code == 200
    assert visit("cho").get("/operations").status_code == 200
    assert visit("dee").get("/audit").status_code == 200
