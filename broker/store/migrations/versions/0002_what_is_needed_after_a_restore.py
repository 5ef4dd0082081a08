"""What is needed after a restore, and to find what is old"""

import sqlalchemy as sa
from alembic import op

from broker.store.base import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring it."""
    with op.batch_alter_table("order_lines") as lines:
        lines.alter_column("reference", existing_type=sa.String(length=64), nullable=True)
    op.add_column("orders", sa.Column("heard_at", UtcDateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_receipts_received_at"), "receipts", ["received_at"], unique=False)
    op.create_index(op.f("ix_sync_runs_started_at"), "sync_runs", ["started_at"], unique=False)
