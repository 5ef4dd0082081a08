"""How the tables came to be: Alembic revisions, and the commands to run and check them."""

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine

from broker.store.schema import metadata


def _config(url: str, application_role: str | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", "broker.store:migrations")
    config.attributes["url"] = url
    config.attributes["application_role"] = application_role
    return config


def upgrade(url: str, application_role: str | None = None) -> None:
    """Bring the database up to date. `application_role` gets rights on every table, but may
    only read and add audit events and seals (PostgreSQL).
    """
    command.upgrade(_config(url, application_role), "head")


def revision_of(engine: Engine) -> str | None:
    """The revision that the database has."""
    with engine.connect() as connection:
        return revision_on(connection)


def revision_on(connection: Connection) -> str | None:
    """The revision of the database behind this connection."""
    return MigrationContext.configure(connection).get_current_revision()


def newest() -> str | None:
    """The revision that this code needs."""
    return _scripts().get_current_head()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config("sqlite://"))


def knows(revision: str) -> bool:
    """Whether this code has this revision; one that it has not is probably newer."""
    return any(each.revision == revision for each in _scripts().walk_revisions())


def differences(url: str) -> list[object]:
    """What the rows say that no revision brought yet; empty when all is well."""
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found: list[object] = compare_metadata(context, metadata)
    engine.dispose()
    return found
