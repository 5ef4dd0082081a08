"""What was stored before an upgrade is there after it."""

import pytest
from alembic import command
from sqlalchemy import create_engine, text

from broker.store import migrations
from broker.store.migrations import _config
from tools.servers import Database

pytestmark = pytest.mark.both
_ORDER = (
    "INSERT INTO orders (id, source, client, item_id, item_number, action, claims, posted, iga,"
    " justification, received_at) VALUES ('o1', 'servicenow', 'servicenow', 'i1', 'RITM1', 'grant',"
    " 'c1', '{}', 'oim', '', '2026-03-02 12:00:00+00')"
)
_LINE = (
    "INSERT INTO order_lines (id, order_id, position, kind, name, item_key, state, reason,"
    " reference, changed_at) VALUES ('l1', 'o1', 0, 'role', 'Finance', '14', 'submitted', '',"
    " 'RB-old', '2026-03-02 12:00:00+00')"
)
_PAIR = (
    "INSERT INTO back_references (line_id, source, item_id, iga, iga_request_id)"
    " VALUES ('l1', 'servicenow', 'i1', 'oim', '9001')"
)


def test_orders_of_the_first_tables_keep_their_lines_and_words(empty_database: Database) -> None:
    command.upgrade(_config(empty_database.owner_url), "0001")
    engine = create_engine(empty_database.owner_url)
    with engine.begin() as connection:
        for statement in (_ORDER, _LINE, _PAIR):
            connection.execute(text(statement))
    migrations.upgrade(empty_database.owner_url)
    joined = (
        "SELECT reference, heard_at, back_references.iga_request_id FROM orders JOIN order_lines"
        " ON order_id = orders.id JOIN back_references ON line_id = order_lines.id"
    )
    with engine.connect() as connection:
        assert connection.execute(text(joined)).all() == [("RB-old", None, "9001")]
    engine.dispose()
