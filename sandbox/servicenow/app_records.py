"""The records of the installed scoped app, as they stand in an instance's tables.

Their ids are a hash of table and name, so that installing again changes nothing. They show what is
installed; the sandbox runs the files themselves.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from sandbox.servicenow.decisions import ACTIVITIES
from sandbox.servicenow.demo_data.words import made
from sandbox.servicenow.records import Records
from sandbox.servicenow.rows import StoredRow
from sandbox.servicenow.workflow import BY_BOTH, BY_GROUP
from sandbox.world.model import sys_id

Rows = Iterator[tuple[str, StoredRow]]


def install(records: Records, folder: Path) -> None:
    """Load the app's records, and the workflows that a catalogue item may name."""
    for table, row in (*_workflows(), *_app(folder)):
        records.load(table, [row])


@lru_cache(maxsize=1)
def _workflows() -> tuple[tuple[str, StoredRow], ...]:
    named = {"wf_workflow": (BY_GROUP, BY_BOTH), "wf_activity": tuple(ACTIVITIES)}
    rows = ((t, _row(t, name, {"name": name}, "global")) for t in named for name in named[t])
    return tuple(rows)


@lru_cache(maxsize=4)
def _app(folder: Path) -> tuple[tuple[str, StoredRow], ...]:
    source = folder / "sys_app.json"
    if not source.exists():
        return ()
    app = json.loads(source.read_text())
    parts = (_application(app), _scripts(folder, app), _services(folder, app))
    return tuple(row for part in parts for row in part)


def _application(app: Mapping[str, Any]) -> Rows:
    yield "sys_app", _row("sys_app", app["scope"], {**app, "source": app["scope"]}, app["scope"])


def _scripts(folder: Path, app: Mapping[str, Any]) -> Rows:
    scope = app["scope"]
    for path in sorted((folder / "script_includes").glob("*.js")):
        told = {"name": path.stem, "api_name": f"{scope}.{path.stem}", "script": path.read_text()}
        yield "sys_script_include", _row("sys_script_include", path.stem, told, scope)
    for rule in _read(folder / "business_rules"):
        told = {**rule, "collection": rule["table"], "filter_condition": rule["condition"]}
        told["condition"] = ""
        yield "sys_script", _row("sys_script", rule["name"], told | {"advanced": True}, scope)
    for action in _read(folder / "script_actions"):
        table = "sysevent_script_action"
        yield table, _row(table, action["name"], action, scope)
        event = {"event_name": action["event_name"], "fired_by": "BrokerClient"}
        if action["event_name"].startswith(scope):
            yield "sysevent_register", _row("sysevent_register", event["event_name"], event, scope)


def _services(folder: Path, app: Mapping[str, Any]) -> Rows:
    for service in _read(folder / "scripted_rest"):
        base = f"/api/{service['namespace']}/{service['service_id']}"
        definition = _row("sys_ws_definition", base, service | {"base_uri": base}, app["scope"])
        yield "sys_ws_definition", definition
        for each in service["operations"]:
            script = (folder / "scripted_rest" / each["script"]).read_text()
            told = {"operation_uri": base + each["relative_path"], "operation_script": script}
            told |= {"web_service_definition": definition["sys_id"]}
            key = told["operation_uri"]
            yield "sys_ws_operation", _row("sys_ws_operation", key, each | told, app["scope"])


def _read(folder: Path) -> Iterator[dict[str, Any]]:
    """The sources of a folder, each with the text of its script in place of the file's name."""
    for path in sorted(folder.glob("*.json")):
        source = json.loads(path.read_text())
        script = source.get("script")
        yield source | ({"script": (folder / script).read_text()} if script else {})


def _row(table: str, key: str, told: Mapping[str, Any], scope: str) -> StoredRow:
    kept = {name: value for name, value in told.items() if not isinstance(value, list | dict)}
    of = scope if scope == "global" else sys_id("sys_app", f"{scope}.{scope}")
    return made(table, f"{scope}.{key}", **kept | {"sys_class_name": table, "sys_scope": of})
