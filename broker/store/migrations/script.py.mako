"""${message}"""

import sqlalchemy as sa
from alembic import op

from broker.store.base import UtcDateTime

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring it."""
    ${upgrades if upgrades else "pass"}
