"""What the small company is like on its worst day: long names, many rows, silence, refusals."""

from datetime import timedelta

from broker.context import Broker
from broker.domain.access_requests import RequestState
from broker.domain.approvals import TaskState
from broker.store import sync_runs
from broker.store.people import PersonRow
from broker.store.requests import RequestRow
from tests.webui.company import NOW, Company, decided_by, request_row, waiting_for

LONG_NAME = "Maximiliana-Alexandrina von Hohenlohe-Waldenburg-Schillingsfürst"
LONG_ITEM = "Accounts_Receivable_and_Treasury_Reconciliation_Supervisor_(EMEA_North)_2026"
MANY = 40


def befall(broker: Broker, company: Company) -> str:
    """Let it happen; returns the id of a request that was rejected."""
    refused = decided_by("BEN")
    refused.state, refused.raw_state, refused.comment = TaskState.REJECTED, "REJECT", "Too broad."
    rejected = request_row("6001", "11", "11", LONG_ITEM, RequestState.REJECTED, [refused])
    with broker.sessions.begin() as session:
        session.get_one(PersonRow, company.people["ada"].id).display_name = LONG_NAME
        row = session.get_one(RequestRow, company.request.id)
        row.items[0].name, row.raw_status = LONG_ITEM, "Frobnicated_By_The_Vendor" * 4
        row.justification = "I need this for the month end. " * 40 + "x" * 300
        for number in range(7000, 7000 + MANY):
            task = waiting_for("BEN")
            task.task_id = f"task-{number}"
            session.add(request_row(str(number), "11", "11", f"Buyer {number}", tasks=[task]))
        session.add(rejected)
        sync_runs.silent(session, "oim", NOW - timedelta(minutes=40), "HTTP 503")
        session.flush()
        return rejected.id
