"""The settings and files of the demo: everything in one folder, made anew."""

import hashlib
import os
import shutil
from pathlib import Path

# Every secret here is in broker.settings.DEMO_SECRETS: refused outside loopback.
_ORDERS_SECRET = "whsec_cmVxdWVzdC1icm9rZXItZGVtby1vcmRlcnMta2V5LTAwMDEh"  # noqa: S105
_EVENTS_SECRET = "whsec_cmVxdWVzdC1icm9rZXItZGVtby1ldmVudHMta2V5LTAwMDEh"  # noqa: S105

_FIXED = {
    "BROKER_SECRET_KEY": "request-broker-demo-secret-key-000001",
    "BROKER_AUDIT_KEY": "request-broker-demo-audit-key-0000001",
    "BROKER_OPERATOR_GROUPS": "broker-operators",
    "BROKER_AUDITOR_GROUPS": "broker-auditors",
    "BROKER_OIM_USERNAME": "broker",
    "BROKER_OIM_PASSWORD": "broker",
    "BROKER_OIM_SEARCH_DELAY_SECONDS": "1",
    "BROKER_SERVICENOW_CLIENT_ID": "broker",
    "BROKER_SERVICENOW_CLIENT_SECRET": "broker-secret",
    "BROKER_SERVICENOW_USERNAME": "broker",
    "BROKER_SERVICENOW_PASSWORD": "broker",
    "BROKER_SERVICENOW_PEOPLE_COMPANY": "Marlow & Hythe Logistics",
}

_CLIENTS = f"""# Who may call the machine API, for which desks, and with which secrets.
[[client]]
name = "servicenow"
sources = ["servicenow"]
secrets.orders = ["{_ORDERS_SECRET}"]
secrets.events = ["{_EVENTS_SECRET}"]
"""

# Catalogue item, its name, and what it grants. The visitor badge is left out on purpose: an
# order of it waits for the operator.
_ITEMS = (
    ("business_role", "Access to a business role", '{ type = "role", name_from = "role" }'),
    (
        "finance_reporting",
        "Finance reporting access",
        '{ type = "role", name = "Finance Reporting" }',
    ),
    (
        "application_account",
        "Application account",
        '{ type = "account", name_from = "application" }',
    ),
    ("standard_laptop", "Standard laptop", ""),
    ("mobile_phone", "Mobile phone", ""),
    ("monitor", "Monitor", ""),
)
# The rest of the sandbox's catalogue: software, services of the sites, courses.
_WITHOUT_ACCESS = (
    "powerful_laptop docking_station headset keyboard_mouse tablet handheld_scanner "
    "label_printer vehicle_terminal sim_card laptop_repair return_equipment project_tool "
    "diagram_tool pdf_editor statistics_tool design_suite developer_tools software_install "
    "shared_mailbox distribution_list team_room video_room desk_move new_desk access_card "
    "locker parking_space safety_shoes key_cabinet catering business_cards stationery courier "
    "language_course forklift_licence first_aid"
).split()


def prepare(folder: Path, *, broker: str, servicenow: str, oim: str, idp: str) -> dict[str, str]:
    """Empty the folder, write the files, and return the environment of the demo's processes."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "catalogue.toml").write_text(catalogue(), encoding="utf-8")
    (folder / "clients.toml").touch(mode=0o600)
    (folder / "clients.toml").write_text(_CLIENTS, encoding="utf-8")
    ours = {
        **_FIXED,
        "BROKER_BASE_URL": broker,
        **_database(folder),
        "BROKER_CATALOGUE": str(folder / "catalogue.toml"),
        "BROKER_API_CLIENTS": str(folder / "clients.toml"),
        "BROKER_OIM_URL": oim,
        "BROKER_OIM_CONSOLE_URL": oim,
        "BROKER_SERVICENOW_URL": servicenow,
        "BROKER_SAML_IDP_METADATA": f"{idp}/metadata",
    }
    return _without_settings() | ours


def _database(folder: Path) -> dict[str, str]:
    """A file in the folder; or the empty database that DEMO_DATABASE_URL names, with its
    owner's address in DEMO_DATABASE_OWNER_URL.
    """
    named = {
        f"BROKER_{name}": os.environ[f"DEMO_{name}"]
        for name in ("DATABASE_URL", "DATABASE_OWNER_URL")
        if os.environ.get(f"DEMO_{name}")
    }
    return {"BROKER_DATABASE_URL": f"sqlite:///{folder / 'broker.sqlite'}"} | named


def _without_settings() -> dict[str, str]:
    """Our environment, but for settings that were meant for another installation."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BROKER_")}
    return kept | {"PYTHONUNBUFFERED": "1"}


def catalogue() -> str:
    """Which access each catalogue item of the sandbox's ServiceNow stands for."""
    return "# What each catalogue item of ServiceNow grants in the IGA.\n" + "\n".join(
        f'[[item]]\ncatalogue_item = "{_sys_id(key)}"\nlabel = "{label}"\ngrants = [{grant}]\n'
        for key, label, grant in (*_ITEMS, *((key, key, "") for key in _WITHOUT_ACCESS))
    )


def _sys_id(key: str) -> str:
    """The sandbox makes its ids so that they can be known beforehand."""
    return hashlib.md5(f"sc_cat_item:{key}".encode(), usedforsecurity=False).hexdigest()
