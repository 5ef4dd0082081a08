"""The first tables"""

import sqlalchemy as sa
from alembic import op

from broker.store.base import UtcDateTime

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:  # noqa: PLR0915 - every table of the first day
    """Bring it."""
    op.create_table(
        "access_requests",
        sa.Column("iga", sa.String(length=40), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("raw_status", sa.String(length=255), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("request_type", sa.String(length=255), nullable=False),
        sa.Column("requester_key", sa.String(length=64), nullable=False),
        sa.Column("justification", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("modified_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("seen_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("closed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("gone_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("mirror_due", sa.Boolean(), nullable=False),
        sa.Column("mirrored_fingerprint", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_requests")),
        sa.UniqueConstraint("iga", "request_id", name=op.f("uq_access_requests_iga_request_id")),
    )
    op.create_index(
        op.f("ix_access_requests_mirror_due"), "access_requests", ["mirror_due"], unique=False
    )
    op.create_index("ix_access_requests_open", "access_requests", ["iga", "is_open"], unique=False)
    op.create_index(
        "ix_access_requests_requester", "access_requests", ["iga", "requester_key"], unique=False
    )
    op.create_table(
        "audit_events",
        sa.Column(
            "id",
            SERIAL,
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(length=20), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject_kind", sa.String(length=20), nullable=False),
        sa.Column("subject_id", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
    )
    op.create_index(op.f("ix_audit_events_at"), "audit_events", ["at"], unique=False)
    op.create_index(
        "ix_audit_events_subject", "audit_events", ["subject_kind", "subject_id"], unique=False
    )
    op.create_table(
        "audit_seals",
        sa.Column(
            "seq",
            SERIAL,
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("event_id", SERIAL, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("sealed_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_seals")),
        sa.UniqueConstraint("event_id", name=op.f("uq_audit_seals_event_id")),
    )
    op.create_table(
        "catalogue_items",
        sa.Column("iga", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=1000), nullable=False),
        sa.Column("seen_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue_items")),
        sa.UniqueConstraint("iga", "kind", "key", name=op.f("uq_catalogue_items_iga_kind_key")),
    )
    op.create_table(
        "connections",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("answered_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("silent_since", UtcDateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_connections")),
    )
    op.create_table(
        "logins",
        sa.Column("handle", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("return_path", sa.String(length=2000), nullable=False),
        sa.Column("expires_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("identity", sa.Text(), nullable=True),
        sa.Column("answer_hash", sa.String(length=64), nullable=True),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("handle", name=op.f("pk_logins")),
        sa.UniqueConstraint("answer_hash", name=op.f("uq_logins_answer_hash")),
    )
    op.create_index(op.f("ix_logins_expires_at"), "logins", ["expires_at"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("queue", sa.String(length=20), nullable=False),
        sa.Column("topic", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("open_key", sa.String(length=300), nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("due_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", UtcDateTime(timezone=True), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("settled_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("given_up_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("crashes", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(length=1000), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("open_key", name=op.f("uq_outbox_open_key")),
    )
    op.create_index("ix_outbox_key", "outbox", ["topic", "key", "lease_until"], unique=False)
    op.create_index("ix_outbox_due", "outbox", ["queue", "settled_at", "due_at"], unique=False)
    op.create_table(
        "people",
        sa.Column("iga", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("login", sa.String(length=255), nullable=False),
        sa.Column("login_normal", sa.String(length=255), nullable=False),
        sa.Column("display_name", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("email_normal", sa.String(length=255), nullable=False),
        sa.Column("employee_number", sa.String(length=64), nullable=False),
        sa.Column("number_normal", sa.String(length=64), nullable=False),
        sa.Column("manager_key", sa.String(length=64), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("seen_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("iga", "key", name=op.f("uq_people_iga_key")),
    )
    op.create_index("ix_people_email", "people", ["iga", "email_normal"], unique=False)
    op.create_index("ix_people_login", "people", ["iga", "login_normal"], unique=False)
    op.create_index("ix_people_number", "people", ["iga", "number_normal"], unique=False)
    op.create_table(
        "receipts",
        sa.Column("client", sa.String(length=100), nullable=False),
        sa.Column("family", sa.String(length=20), nullable=False),
        sa.Column("webhook_id", sa.String(length=255), nullable=False),
        sa.Column("body_sha256", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("received_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("client", "family", "webhook_id", name=op.f("pk_receipts")),
    )
    op.create_table(
        "slots",
        sa.Column("job", sa.String(length=40), nullable=False),
        sa.Column("slot_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("job", "slot_at", name=op.f("pk_slots")),
    )
    op.create_table(
        "used_assertions",
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("assertion_id", sa.String(length=255), nullable=False),
        sa.Column("expires_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "assertion_id", name=op.f("pk_used_assertions")),
    )
    op.create_index(
        op.f("ix_used_assertions_expires_at"), "used_assertions", ["expires_at"], unique=False
    )
    op.create_table(
        "approval_tasks",
        sa.Column("request_row_id", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.String(length=128), nullable=False),
        sa.Column("assignee", sa.String(length=255), nullable=False),
        sa.Column("assignee_normal", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("raw_state", sa.String(length=255), nullable=False),
        sa.Column("stage", sa.String(length=255), nullable=False),
        sa.Column("assigned_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("decided_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("mirrored_fingerprint", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_row_id"],
            ["access_requests.id"],
            name=op.f("fk_approval_tasks_request_row_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_tasks")),
        sa.UniqueConstraint(
            "request_row_id",
            "task_id",
            "assignee_normal",
            name=op.f("uq_approval_tasks_request_row_id_task_id_assignee_normal"),
        ),
    )
    op.create_index(
        "ix_approval_tasks_assignee", "approval_tasks", ["assignee_normal", "state"], unique=False
    )
    op.create_index(
        op.f("ix_approval_tasks_request_row_id"), "approval_tasks", ["request_row_id"], unique=False
    )
    op.create_table(
        "holdings",
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("since", UtcDateTime(timezone=True), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("seen_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_holdings_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holdings")),
        sa.UniqueConstraint(
            "person_id", "kind", "key", name=op.f("uq_holdings_person_id_kind_key")
        ),
    )
    op.create_table(
        "orders",
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("client", sa.String(length=100), nullable=False),
        sa.Column("item_id", sa.String(length=64), nullable=False),
        sa.Column("item_number", sa.String(length=64), nullable=False),
        sa.Column("task_id", sa.String(length=64), nullable=True),
        sa.Column("task_number", sa.String(length=64), nullable=True),
        sa.Column("desk_request_id", sa.String(length=64), nullable=True),
        sa.Column("desk_request_number", sa.String(length=64), nullable=True),
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.Column("claims", sa.String(length=64), nullable=False),
        sa.Column("posted", sa.Text(), nullable=False),
        sa.Column("carried_item", sa.String(length=120), nullable=True),
        sa.Column("iga", sa.String(length=40), nullable=False),
        sa.Column("justification", sa.Text(), nullable=False),
        sa.Column("start_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("end_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("received_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("beneficiary_id", sa.String(length=32), nullable=True),
        sa.Column("requester_id", sa.String(length=32), nullable=True),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["beneficiary_id"], ["people.id"], name=op.f("fk_orders_beneficiary_id")
        ),
        sa.ForeignKeyConstraint(
            ["requester_id"], ["people.id"], name=op.f("fk_orders_requester_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("carried_item", name=op.f("uq_orders_carried_item")),
        sa.UniqueConstraint(
            "source", "item_id", "claims", name=op.f("uq_orders_source_item_id_claims")
        ),
    )
    op.create_index(op.f("ix_orders_beneficiary_id"), "orders", ["beneficiary_id"], unique=False)
    op.create_index("ix_orders_item_number", "orders", ["source", "item_number"], unique=False)
    op.create_index(op.f("ix_orders_requester_id"), "orders", ["requester_id"], unique=False)
    op.create_table(
        "person_links",
        sa.Column("system", sa.String(length=255), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("login", sa.String(length=255), nullable=False),
        sa.Column("login_normal", sa.String(length=255), nullable=False),
        sa.Column("display_name", sa.String(length=255), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("seen_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_person_links_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_links")),
        sa.UniqueConstraint("system", "key", name=op.f("uq_person_links_system_key")),
    )
    op.create_index(
        "ix_person_links_login", "person_links", ["system", "login_normal"], unique=False
    )
    op.create_index(op.f("ix_person_links_person_id"), "person_links", ["person_id"], unique=False)
    op.create_table(
        "request_beneficiaries",
        sa.Column("request_row_id", sa.String(length=32), nullable=False),
        sa.Column("person_key", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_row_id"],
            ["access_requests.id"],
            name=op.f("fk_request_beneficiaries_request_row_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "request_row_id", "person_key", name=op.f("pk_request_beneficiaries")
        ),
    )
    op.create_index(
        op.f("ix_request_beneficiaries_person_key"),
        "request_beneficiaries",
        ["person_key"],
        unique=False,
    )
    op.create_table(
        "requested_items",
        sa.Column("request_row_id", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("beneficiary_key", sa.String(length=64), nullable=False),
        sa.Column("start_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("end_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_row_id"],
            ["access_requests.id"],
            name=op.f("fk_requested_items_request_row_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requested_items")),
    )
    op.create_index(
        op.f("ix_requested_items_request_row_id"),
        "requested_items",
        ["request_row_id"],
        unique=False,
    )
    op.create_table(
        "sessions",
        sa.Column("id_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=True),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("roles", sa.String(length=100), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("seen_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_sessions_person_id")),
        sa.PrimaryKeyConstraint("id_hash", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_person_id"), "sessions", ["person_id"], unique=False)
    op.create_table(
        "sync_runs",
        sa.Column("connection", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=True),
        sa.Column("started_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("finished_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=1000), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_sync_runs_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_runs")),
    )
    op.create_index(
        "ix_sync_runs_fresh",
        "sync_runs",
        ["connection", "kind", "person_id", "finished_at"],
        unique=False,
    )
    op.create_table(
        "order_lines",
        sa.Column("order_id", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("item_key", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("left_state", sa.String(length=40), nullable=True),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("iga_request_id", sa.String(length=64), nullable=True),
        sa.Column("tried_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("changed_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_lines_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_lines")),
        sa.UniqueConstraint("order_id", "position", name=op.f("uq_order_lines_order_id_position")),
        sa.UniqueConstraint("reference", name=op.f("uq_order_lines_reference")),
    )
    op.create_index(op.f("ix_order_lines_order_id"), "order_lines", ["order_id"], unique=False)
    op.create_index("ix_order_lines_request", "order_lines", ["iga_request_id"], unique=False)
    op.create_index("ix_order_lines_state", "order_lines", ["state"], unique=False)
    op.create_table(
        "back_references",
        sa.Column("line_id", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("item_id", sa.String(length=64), nullable=False),
        sa.Column("iga", sa.String(length=40), nullable=False),
        sa.Column("iga_request_id", sa.String(length=64), nullable=False),
        sa.Column("iga_told_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("desk_told_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["line_id"], ["order_lines.id"], name=op.f("fk_back_references_line_id")
        ),
        sa.PrimaryKeyConstraint("line_id", name=op.f("pk_back_references")),
    )
    op.create_table(
        "order_evidence",
        sa.Column("line_id", sa.String(length=32), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("system", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["line_id"], ["order_lines.id"], name=op.f("fk_order_evidence_line_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_evidence")),
    )
    op.create_index(op.f("ix_order_evidence_line_id"), "order_evidence", ["line_id"], unique=False)
    op.create_table(
        "order_history",
        sa.Column("order_id", sa.String(length=32), nullable=False),
        sa.Column("line_id", sa.String(length=32), nullable=True),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("sentence", sa.String(length=1000), nullable=False),
        sa.Column("id", SERIAL, nullable=False),
        sa.ForeignKeyConstraint(
            ["line_id"], ["order_lines.id"], name=op.f("fk_order_history_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_order_history_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_history")),
    )
    op.create_index(op.f("ix_order_history_order_id"), "order_history", ["order_id"], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        _forbid_changes()


def _forbid_changes() -> None:
    """SQLite has no roles: triggers keep what PostgreSQL keeps by rights."""
    for table in ("audit_events", "audit_seals"):
        for act in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{act} BEFORE {act} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{table} is insert-only'); END"
            )
