"""What can be asked for: in the IGA's catalogue, and in ServiceNow's."""

from __future__ import annotations

from sandbox.world.model import DeskItem, DeskVariable, WorldItem

_FIRST_CATALOG_ID = 2001

# key, name, category, risk, description
_ROLES = (
    ("14", "Finance Reporting", "Finance", "Low", "Read the monthly figures and reports"),
    ("15", "Budget Approver", "Finance", "High", "Release budgets and cost centre transfers"),
    ("16", "Payroll Viewer", "Finance", "High", "See payroll runs and pay slips of all employees"),
    ("17", "Accounts Payable Clerk", "Finance", "Medium", "Enter supplier invoices"),
    ("18", "Treasury Operator", "Finance", "High", "Prepare bank transfers and currency hedges"),
    ("19", "Warehouse Supervisor", "Warehouse", "Medium", "Plan shifts and correct stock levels"),
    ("20", "Stock Count Team", "Warehouse", "Low", "Record counts in the yearly stocktaking"),
    ("21", "Goods Receipt", "Warehouse", "Low", "Book incoming goods"),
    ("22", "Customer Care Agent", "Customer Care", "Low", "Read and answer customer cases"),
    ("23", "Claims Approver", "Customer Care", "Medium", "Grant refunds up to a limit"),
    ("24", "Transport Planner", "Transport", "Medium", "Plan tours and book carriers"),
    ("25", "Customs Declarant", "Transport", "Medium", "File export declarations"),
    ("26", "Service Desk Analyst", "Information Technology", "Medium", "Work on tickets"),
    ("27", "Database Administrator", "Information Technology", "High", "Run the databases"),
    ("28", "Recruiter", "Human Resources", "Low", "Manage vacancies and applications"),
    ("29", "Personnel File Reader", "Human Resources", "High", "Read the personnel files"),
    ("30", "Account Executive", "Sales", "Low", "Keep customers and opportunities"),
    ("31", "Price List Editor", "Sales", "Medium", "Change list prices and discounts"),
    ("32", "Buyer", "Procurement", "Medium", "Create purchase orders"),
    ("33", "Supplier Master Editor", "Procurement", "High", "Change bank details of suppliers"),
    ("34", "Employee", "General", "Low", "What everybody has: intranet, time sheet, canteen"),
)  # fmt: skip

_ACCOUNTS = (
    ("51", "Active Directory", "General", "Low", "Windows sign-in, mailbox and file shares"),
    ("52", "SAP ERP", "Finance", "Medium", "Finance, purchasing and stock"),
    ("53", "ServiceNow", "General", "Low", "Requests, incidents and knowledge"),
    ("54", "Salesforce", "Sales", "Low", "Customers and opportunities"),
    ("55", "Workday", "Human Resources", "Medium", "Personnel administration"),
    ("56", "Transport Desk", "Transport", "Low", "Tour planning"),
    ("57", "Oracle Production", "Information Technology", "High", "Sign in to production"),
)  # fmt: skip

_GROUPS = ",OU=Groups,DC=example,DC=com"
# key, application, name, risk, description
_ENTITLEMENTS = (
    ("95", "SAP ERP", "SAP_FI_DISPLAY", "Low", "Display financial documents"),
    ("96", "SAP ERP", "SAP_FI_POST", "Medium", "Post financial documents"),
    ("97", "SAP ERP", "SAP_MM_BUYER", "Medium", "Create purchase orders"),
    ("98", "SAP ERP", "SAP_MM_STOCK", "Low", "Display stock"),
    ("99", "Active Directory", f"CN=Finance Share{_GROUPS}", "Low", "Finance files"),
    ("100", "Active Directory", f"CN=VPN Users{_GROUPS}", "Low", "Remote access"),
    ("101", "Active Directory", f"CN=Print Operators{_GROUPS}", "Low", "Run printers"),
    ("102", "ServiceNow", "itil", "Low", "Work on tickets"),
    ("103", "Salesforce", "Reports Manager", "Low", "Build and share reports"),
    ("104", "Workday", "HR Partner", "High", "See and change personnel data"),
    ("105", "Transport Desk", "Planner", "Low", "Plan tours"),
    ("106", "Oracle Production", "DBA_READ", "High", "Read the data dictionary"),
)  # fmt: skip


def build_items(owners: list[str]) -> dict[tuple[str, str], WorldItem]:
    """The IGA's catalogue; `owners` decide, in turn, on what carries a high risk."""
    rows = [
        ("role", key, name, name, category, risk, text, "")
        for key, name, category, risk, text in _ROLES
    ]
    rows += [
        ("account", key, name, name, category, risk, text, name)
        for key, name, category, risk, text in _ACCOUNTS
    ]
    rows += [("entitlement", key, name, text, application, risk, text, application)
             for key, application, name, risk, text in _ENTITLEMENTS]  # fmt: skip
    return {
        (kind, name): WorldItem(
            kind=kind, key=key, catalog_id=_FIRST_CATALOG_ID + index, name=name,
            display_name=display, description=text, category=category, risk=risk,
            application=application,
            owner=owners[index % len(owners)] if risk == "High" and kind == "role" else None,
        )
        for index, (kind, key, name, display, category, risk, text, application) in enumerate(rows)
    }  # fmt: skip


def build_desk_items(items: dict[tuple[str, str], WorldItem]) -> dict[str, DeskItem]:
    """ServiceNow's catalogue: some items stand for access, most of real life's do not."""
    roles = tuple(name for kind, name in items if kind == "role")
    accounts = tuple(name for kind, name in items if kind == "account")
    entries = (
        DeskItem("business_role", "Access to a business role",
                 "Membership of one business role", "Access",
                 (DeskVariable("role", "Which role?", True, roles),)),
        DeskItem("finance_reporting", "Finance reporting access",
                 "Read the monthly figures and run the standard reports", "Access"),
        DeskItem("application_account", "Application account",
                 "A personal account in an application", "Access",
                 (DeskVariable("application", "Which application?", True, accounts),)),
        DeskItem("standard_laptop", "Standard laptop",
                 "A 14 inch laptop with docking station", "Hardware"),
        DeskItem("mobile_phone", "Mobile phone", "A company phone with a data plan", "Hardware"),
        DeskItem("monitor", "Monitor", "A 27 inch monitor", "Hardware"),
        DeskItem("visitor_badge", "Visitor badge", "A badge for a guest, for one day", "Site"),
    )  # fmt: skip
    return {entry.key: entry for entry in entries}
