"""The access control list: what an account may read, write, see of a row, and ask for.

What somebody may not read is not refused, it is not there: a list answers 200 without rows. Only
a few tables of the platform itself answer 403 (measured on instances; ServiceNow docs, "Access
control list rules", "Request Management roles").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sandbox.servicenow.accounts import Account
from sandbox.servicenow.delegations import may_decide
from sandbox.servicenow.records import NO_ROW, Records, Row
from sandbox.servicenow.switches import Switches

REST_ROLE = "snc_platform_rest_api_access"
READ_ONLY_ROLE = "snc_read_only"
# Platform tables that say honestly that they are not for everybody.
_REFUSED = frozenset({"sys_db_object", "metric_definition", "sys_plugins"})
_PUBLIC = frozenset({"sc_cat_item", "sc_catalog", "sc_category", "sys_choice"})
_PUBLIC_PARTS = frozenset({"item_option_new", "question_choice"})
_DIRECTORY = frozenset(
    "sys_user sys_user_group sys_user_grmember sys_user_delegate cmn_department cmn_location "
    "cmn_cost_center core_company".split()
)
_REQUESTS = frozenset(
    "sc_request sc_req_item sc_task sc_item_option sc_item_option_mtom "
    "sc_multi_row_question_answer sysapproval_approver sysapproval_group sys_journal_field".split()
)
_MIRRORS = "x_"  # the tables of scoped apps, which bring rules of their own
_READS: Mapping[str, frozenset[str]] = {
    "itil": frozenset(
        "task cmdb cmdb_rel_ci cmdb_rel_type cmdb_model alm_asset kb_knowledge ast_contract "
        "cmn_schedule contract_sla task_sla".split()
    )
    | _REQUESTS,
    "sn_request_read": _REQUESTS,
    "sn_request_write": _REQUESTS,
    "sn_incident_read": frozenset({"incident", "incident_task", "sys_journal_field"}),
    "sn_problem_read": frozenset({"problem", "problem_task", "sys_journal_field"}),
    "sn_change_read": frozenset({"change_request", "change_task", "sys_journal_field"}),
    "approval_admin": frozenset({"sysapproval_approver", "sysapproval_group"}),
    "asset": frozenset({"alm_asset", "cmdb_model"}),
    "user_admin": frozenset({"sys_user_role", "sys_user_has_role", "sys_group_has_role"}),
    "import_transformer": frozenset({"sys_import_set", "sys_import_set_row"}),
}
_WRITES: Mapping[str, frozenset[str]] = {
    "itil": frozenset(
        "task incident incident_task problem problem_task change_request change_task cmdb "
        "cmdb_rel_ci".split()
    ),
    "sn_request_write": frozenset({"sc_request", "sc_req_item", "sc_task"}),
    "sn_incident_write": frozenset({"incident", "incident_task"}),
    "sn_problem_write": frozenset({"problem", "problem_task"}),
    "sn_change_write": frozenset({"change_request", "change_task"}),
    "approval_admin": frozenset({"sysapproval_approver", "sysapproval_group"}),
    "asset": frozenset({"alm_asset"}),
    "user_admin": frozenset({"sys_user", "sys_user_group", "sys_user_grmember"}),
    "import_set_loader": frozenset({"sys_import_set_row"}),
    "import_transformer": frozenset({"sys_import_set_row"}),
    "catalog_admin": frozenset({"sc_cat_item", "sc_category", "item_option_new"}),
}
_DELETES: Mapping[str, frozenset[str]] = {
    "itil_admin": frozenset({"task"}),
    "user_admin": frozenset({"sys_user_grmember"}),
    "catalog_admin": _WRITES["catalog_admin"],
}
_INTERNAL_NOTES = frozenset({"work_notes", "comments_and_work_notes", "work_notes_list"})
Own = Callable[[Row, str], bool]


class Access:
    """Decides from the roles that an account has, and from whose rows they are."""

    def __init__(self, records: Records, switches: Switches | None = None) -> None:
        self._records = records
        self._switches = switches or Switches()
        self._granted: dict[tuple[frozenset[str], str, str], bool] = {}
        self._own: Mapping[str, Own] = {
            "sys_user": lambda row, me: row["sys_id"] == me,
            "sc_request": self._is_party,
            "sc_req_item": self._may_see_item,
            "sc_task": lambda row, me: self._may_see_item_of(row["request_item"], me),
            "incident": lambda row, me: me in (row["caller_id"], row["opened_by"]),
            "sysapproval_approver": lambda row, me: (
                self.decides(row, me) or self._is_party_of(row["sysapproval"], me)
            ),
            "sc_item_option_mtom": lambda row, me: self._may_see_item_of(row["request_item"], me),
        }

    def may_use(self, account: Account) -> bool:
        """Whether the REST APIs serve this account: always, unless their own rules are active."""
        inactive = self._switches.rest_rules_inactive
        return inactive or account.is_admin or REST_ROLE in account.roles

    def refuses(self, account: Account, table: str) -> bool:
        """Whether a table answers 403 rather than nothing."""
        honest = table in _REFUSED and self._switches.platform_tables_refused
        return (honest or not self._switches.denial_is_silent) and not self._may_list(
            account, table
        )

    def may_read(self, account: Account, table: str, row: Row) -> bool:
        """Whether the account sees this row."""
        kind = row.get("sys_class_name", "") or table
        if self._may_list(account, kind if kind in self._records.schema else table):
            return True
        rule = self._own.get(kind) or self._mirror_rule(table)
        return rule(row, account.sys_id)

    def may_see(self, account: Account, table: str, column: str) -> bool:
        """Whether the account sees this column of rows that it may read, and may query by it."""
        if account.is_admin:
            return True
        if table == "sys_choice":
            return column == "label" or not self._switches.choices_show_labels_only
        if column in _INTERNAL_NOTES and self._switches.work_notes_for_fulfillers:
            return self._may_list(account, table)
        return column != "user_password"

    def may_write(self, account: Account, table: str, row: Row | None) -> bool:
        """Whether the account may insert here (row is None), or change this row."""
        if account.is_admin:
            return True
        if READ_ONLY_ROLE in account.roles:
            return False
        if self._grants(account, table, "write", _WRITES) or self._keeps_mirror(account, table):
            return True
        decided = row is not None and table == "sysapproval_approver"
        return decided and self.decides(row or NO_ROW, account.sys_id)

    def may_delete(self, account: Account, table: str, _row: Row) -> bool:
        """Whether the account may delete this row: fewer may than may write."""
        if account.is_admin:
            return True
        if READ_ONLY_ROLE in account.roles:
            return False
        return self._grants(account, table, "delete", _DELETES) or self._keeps_mirror(
            account, table
        )

    def decides(self, approval: Row, me: str) -> bool:
        """Whether an approval is asked of this user, or of somebody whose delegate they are now."""
        return may_decide(self._records, me, approval)

    def _may_list(self, account: Account, table: str) -> bool:
        """Whether all rows of a table are there for this account."""
        if account.is_admin or table in _PUBLIC or table in _PUBLIC_PARTS:
            return True
        if self._keeps_mirror(account, table):
            return True
        staff = bool(account.roles - {READ_ONLY_ROLE, REST_ROLE})
        return (staff and table in _DIRECTORY) or self._grants(account, table, "read", _READS)

    def _keeps_mirror(self, account: Account, table: str) -> bool:
        own = any(role.startswith(_MIRRORS) for role in account.roles)
        return table.startswith(_MIRRORS) and (own or account.is_fulfiller)

    def _grants(
        self, account: Account, table: str, kind: str, grants: Mapping[str, frozenset[str]]
    ) -> bool:
        key = (account.roles, table, kind)
        known = self._granted.get(key)
        if known is None:
            names = {each.name for each in self._records.schema.lineage(table)}
            reach = self._reach(kind, names, table)
            known = any(not reach.isdisjoint(grants.get(role, ())) for role in account.roles)
            self._granted[key] = known
        return known

    @staticmethod
    def _reach(kind: str, names: set[str], table: str) -> set[str]:
        """Reading rules of a table hold for what extends it; writing rules of `task` do not."""
        return names if kind != "write" or table == "task" else names - {"task"}

    def _is_party(self, row: Row, me: str) -> bool:
        return me in (row["requested_for"], row["opened_by"])

    def _is_party_of(self, task_id: str, me: str) -> bool:
        row = self._records.find("task", task_id)
        return row is not None and self._is_party(row, me)

    def _may_see_item(self, row: Row, me: str) -> bool:
        asked = self._records.where("sysapproval_approver", sysapproval=row["sys_id"])
        return self._is_party(row, me) or any(self.decides(approval, me) for approval in asked)

    def _may_see_item_of(self, sys_id: str, me: str) -> bool:
        row = self._records.find("sc_req_item", sys_id)
        return row is not None and self._may_see_item(row, me)

    def _mirror_rule(self, table: str) -> Own:
        mirror = table.startswith(_MIRRORS)
        parties = ("requested_for", "requested_by", "approver")
        return lambda row, me: mirror and any(row.get(column, "") == me for column in parties)
