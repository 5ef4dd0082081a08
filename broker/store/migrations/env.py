"""Runs by Alembic: one transaction for all revisions, then the application's rights."""

from alembic import context
from sqlalchemy import Connection, create_engine, text

from broker.store.base import Base
from broker.store.rights import INSERT_ONLY


def _grant(connection: Connection, role: str) -> None:
    quoted = connection.dialect.identifier_preparer.quote(role)
    connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {quoted}"))
    connection.execute(
        text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {quoted}")
    )
    connection.execute(text(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {quoted}"))
    for table in (*INSERT_ONLY, "alembic_version"):
        connection.execute(text(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {quoted}"))


def _run() -> None:
    attributes = context.config.attributes
    engine = create_engine(attributes["url"])
    with engine.begin() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata)
        context.run_migrations()
        role = attributes.get("application_role")
        if role and connection.dialect.name == "postgresql":
            _grant(connection, role)
    engine.dispose()


_run()
