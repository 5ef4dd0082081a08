"""Who may decide, what belongs together, and what desks were told of approvals"""

import sqlalchemy as sa
from alembic import op

from broker.store.base import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring it. Approvals are mirrored anew, each once, as soon as their request changes."""
    _deciders()
    op.create_table(
        "request_children",
        sa.Column("request_row_id", sa.String(length=32), nullable=False),
        sa.Column("child_id", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        _of_request("request_children"),
        sa.PrimaryKeyConstraint("request_row_id", "child_id", name=op.f("pk_request_children")),
    )
    op.create_index(op.f("ix_request_children_child_id"), "request_children", ["child_id"])
    op.create_table(
        "mirrored_approvals",
        sa.Column("request_row_id", sa.String(length=32), nullable=False),
        sa.Column("row_id", sa.String(length=32), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        _of_request("mirrored_approvals"),
        sa.PrimaryKeyConstraint("request_row_id", "row_id", name=op.f("pk_mirrored_approvals")),
    )


def _of_request(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["request_row_id"],
        ["access_requests.id"],
        name=op.f(f"fk_{table}_request_row_id"),
        ondelete="CASCADE",
    )


def _deciders() -> None:
    op.create_table(
        "approval_assignees",
        sa.Column("iga", sa.String(length=40), nullable=False),
        sa.Column("assignee_normal", sa.String(length=255), nullable=False),
        sa.Column("assignee", sa.String(length=255), nullable=False),
        sa.Column("asked_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("iga", "assignee_normal", name=op.f("pk_approval_assignees")),
    )
    op.create_table(
        "approval_deciders",
        sa.Column("iga", sa.String(length=40), nullable=False),
        sa.Column("assignee_normal", sa.String(length=255), nullable=False),
        sa.Column("login_normal", sa.String(length=255), nullable=False),
        sa.Column("login", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["iga", "assignee_normal"],
            ["approval_assignees.iga", "approval_assignees.assignee_normal"],
            name="fk_approval_deciders_assignee",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "iga", "assignee_normal", "login_normal", name=op.f("pk_approval_deciders")
        ),
    )
    op.create_index("ix_approval_deciders_login", "approval_deciders", ["iga", "login_normal"])
