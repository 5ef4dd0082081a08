"""What our role may do in PostgreSQL: everything it needs, and nothing to the audit trail."""

from sqlalchemy import Connection, text

from broker.store.schema import metadata

# Nobody but the owner may change or remove what was written here.
INSERT_ONLY = ("audit_events", "audit_seals")
_POWERS = text(
    "SELECT c.relname,"
    " has_table_privilege(c.oid, 'UPDATE') OR has_any_column_privilege(c.oid, 'UPDATE'),"
    " has_table_privilege(c.oid, 'DELETE'), has_table_privilege(c.oid, 'TRUNCATE'),"
    " pg_has_role(c.relowner, 'MEMBER')"
    " FROM pg_class c WHERE c.oid = to_regclass(:name)"
)
_LACKS = text("SELECT NOT has_table_privilege(to_regclass(:name), :right)")


def audit_powers(connection: Connection) -> list[str]:
    """By what our role could rewrite history, such as "UPDATE on audit_events"; empty is well.

    Who owns a table, or may become its owner, can give itself every right.
    """
    words = ("UPDATE on", "DELETE on", "TRUNCATE on", "ownership of")
    rows = [connection.execute(_POWERS, {"name": name}).one() for name in INSERT_ONLY]
    return [
        f"{word} {name}"
        for name, *powers in rows
        for word, has in zip(words, powers, strict=True)
        if has
    ]


def missing_rights(connection: Connection) -> list[str]:
    """What our role needs and lacks, such as "INSERT on outbox"."""
    return [
        f"{right} on {table.name}"
        for table in metadata.sorted_tables
        for right in _needed(table.name)
        if connection.scalar(_LACKS, {"name": table.name, "right": right})
    ]


def _needed(table: str) -> tuple[str, ...]:
    always = ("SELECT", "INSERT")
    return always if table in INSERT_ONLY else (*always, "UPDATE", "DELETE")
