"""What goes with a record that is deleted: its journal, its files, and the links that it is in."""

from __future__ import annotations

from sandbox.servicenow.records import JOURNAL, Change, Records

# Links that mean nothing without what they link (the dictionary's cascade rule "Delete").
_LINKS = {
    "sys_user": (("sys_user_has_role", "user"), ("sys_user_grmember", "user")),
    "sys_user_group": (("sys_user_grmember", "group"), ("sys_group_has_role", "group")),
    "sys_user_role": (("sys_user_has_role", "role"), ("sys_group_has_role", "role")),
    "sc_req_item": (("sc_item_option_mtom", "request_item"),),
}
_HANGING = ((JOURNAL, "element_id"), ("sys_attachment", "table_sys_id"))


class Cascades:
    """Deletes what hung on a deleted record."""

    def __init__(self, records: Records) -> None:
        self._records = records
        records.rules.append(self.after_write)

    def after_write(self, change: Change) -> None:
        """Clean up after a delete."""
        if change.operation == "delete" and self._records.switches.deletes_cascade:
            for table, column in (*_HANGING, *_LINKS.get(change.table, ())):
                self._delete(table, column, change)

    def _delete(self, table: str, column: str, change: Change) -> None:
        if table not in self._records.schema or table == change.table:
            return
        for row in self._records.candidates(table, column, [change.before["sys_id"]]):
            self._records.delete(table, row["sys_id"], change.actor)
