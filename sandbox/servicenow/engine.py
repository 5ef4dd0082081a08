"""Runs the scoped app's own script files, each run in an interpreter of its own.

`platform.js` holds the platform's classes; what they need from the instance is one small host
function each. Scripts run as `system` and see every row, as `GlideRecord` does.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any

import dukpy

from sandbox.servicenow import envelope
from sandbox.servicenow.calls import Request
from sandbox.servicenow.jobs import SYSTEM
from sandbox.servicenow.outbound import Outbound
from sandbox.servicenow.paths import resolve
from sandbox.servicenow.queries import Evaluator
from sandbox.servicenow.records import Records, Row, WriteRefused, new_sys_id
from sandbox.servicenow.rendering import Renderer, Style

_PLATFORM = Path(__file__).with_name("platform.js")
_REST = Path(__file__).with_name("platform_rest.js")


class ScriptFailed(Exception):
    """A script threw what it did not catch."""


class Engine:
    """One instance's script engine; every run has the scoped app's script includes loaded."""

    def __init__(
        self,
        records: Records,
        properties: MutableMapping[str, str],
        folder: Path,
        queue_event: Callable[[str, str, str], None],
        queue_event_at: Callable[[str, str, str, float], None],
    ) -> None:
        self.records = records
        self.properties = properties
        self.queue_event = queue_event
        self.queue_event_at = queue_event_at
        self.outbound = Outbound(records, properties)
        self._folder = folder
        includes = sorted((folder / "script_includes").glob("*.js"))
        self._prelude = "\n".join(path.read_text() for path in [_PLATFORM, *includes])

    def run(
        self, script: str, source: str = "script", actor: str = SYSTEM, **arguments: object
    ) -> object:
        """Run a script's text with these global variables; a row comes as `(table, row)`.

        Gives the value of the last expression where that is plain JSON. Raises ScriptFailed.
        """
        interpreter = dukpy.JSInterpreter()
        for name, function in _Host(self, source, actor).functions().items():
            interpreter.export_function(name, function)
        declared = "\n".join(self._declaration(name, value) for name, value in arguments.items())
        try:
            return interpreter.evaljs(f"{self._prelude}\n{declared}\n{script}")
        except dukpy.JSRuntimeError as error:
            raise ScriptFailed(str(error).strip()) from error

    def run_file(self, name: str, **arguments: object) -> object:
        """Run one of the scoped app's script files, named from its folder."""
        return self.run((self._folder / name).read_text(), Path(name).name, SYSTEM, **arguments)

    def _declaration(self, name: str, value: object) -> str:
        if isinstance(value, tuple):
            table, row = value
            told = json.dumps(self.records.full(table, row))
            return f"var {name} = recordOf({json.dumps(table)}, {told});"
        return f"var {name} = {json.dumps(value)};"

    def answer(self, name: str, given: Mapping[str, object], actor: str) -> dict[str, Any]:
        """Run a script of a Scripted REST API as the caller; gives what it told its response.

        ServiceNow docs, "Scripted REST API request and response". Raises ScriptFailed.
        """
        text = json.dumps((self._folder / name).read_text())
        given_text = json.dumps(given)
        rest = f"var request = restRequest({given_text});\nvar response = restResponse();"
        told = self.run(f"{_REST.read_text()}\n{rest}\nrestAnswer({text})", name, actor)
        assert isinstance(told, dict)
        return told

    def log(self, level: str, message: str, source: str) -> None:
        """Write to the system log, table `syslog`."""
        values = {"level": level, "message": message, "source": source}
        self.records.insert("syslog", values, SYSTEM)


class _Host:
    """What the platform's classes ask of the instance during one run."""

    def __init__(self, engine: Engine, source: str, actor: str) -> None:
        self._engine = engine
        self._source = source
        self._actor = actor
        self._records = engine.records
        self._evaluator = Evaluator(self._records)

    def functions(self) -> dict[str, Callable[..., Any]]:
        """Every function by the name that `platform.js` calls."""
        return {
            "log": lambda level, message: self._engine.log(level, message, self._source),
            "property": self.property,
            "switch": lambda name: getattr(self._records.switches, name),
            "event_queue": self._engine.queue_event,
            "event_queue_at": self._engine.queue_event_at,
            "base64_encode": lambda text: base64.b64encode(text.encode()).decode(),
            "guid": new_sys_id,
            "user_id": self.user_id,
            "user_name": lambda: self._actor,
            "milliseconds": lambda: int(self._records.clock().timestamp() * 1000),
            "select": self.select,
            "element": self.element,
            "insert": self.insert,
            "update": self.update,
            "mac": mac,
            "send": self.send,
            "send_later": self.send_later,
            "wait": self.wait,
            "xml_valid": envelope.is_xml,
            "xml_text": envelope.text_at,
        }

    def property(self, name: str) -> str | None:
        """A system property, as a string; without direct calls the app is given a MID Server."""
        found = self._engine.properties.get(name)
        if found == "" and name.endswith(".mid_server") and not self._records.switches.direct_calls:
            return "sandbox"
        return found

    def user_id(self) -> str:
        """Whose script runs: `system`, or the caller of a Scripted REST API."""
        found = self._records.where("sys_user", user_name=self._actor)
        return found[0]["sys_id"] if found else self._actor

    def select(self, table: str, query: str, limit: int) -> list[dict[str, str]]:
        """GlideRecord's query."""
        rows = self._evaluator.select(table, query)
        return [self._records.full(table, row) for row in (rows[:limit] if limit else rows)]

    def insert(self, table: str, values: Mapping[str, str]) -> dict[str, str] | None:
        """GlideRecord's insert; nothing comes of one that a rule or a policy refuses."""
        try:
            return self._records.full(table, self._records.insert(table, values, self._actor))
        except WriteRefused:
            return None

    def update(self, table: str, sys_id: str, values: Mapping[str, str]) -> dict[str, str] | None:
        """GlideRecord's update; nothing comes of one that a rule or a policy refuses."""
        try:
            row = self._records.update(table, sys_id, values, self._actor)
        except WriteRefused:
            return None
        return self._records.full(table, row)

    def element(self, table: str, sys_id: str, path: str) -> dict[str, str] | None:
        """A dotted path from one record, with what people see for it."""
        row: Row = self._records.find(table, sys_id) or {}
        kind = row.get("sys_class_name", "")
        schema = self._records.schema
        found = resolve(schema, kind if kind in schema else table, path)
        if found is None:
            return None
        column, value = found.column, found.value(self._records, row)
        shown = Renderer(self._records, Style("true")).display(row, column, value)
        return {"value": value, "display": shown or ""}

    def send(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """An outbound call, now."""
        return self._engine.outbound.send(Request.of(request)).told()

    def send_later(self, request: Mapping[str, Any]) -> str:
        """An outbound call through the ECC queue; gives its row's sys_id."""
        return self._engine.outbound.queue(Request.of(request))

    def wait(self, probe: str, seconds: float) -> dict[str, Any] | None:
        """The reply to a queued call, waited for."""
        reply = self._engine.outbound.wait(probe, seconds)
        return reply.told() if reply else None


def mac(base64_key: str, algorithm: str, data: str) -> str:
    """CertificateEncryption.generateMac: the key in Base64, the answer in Base64."""
    digest = {"HmacSHA256": hashlib.sha256, "HmacSHA512": hashlib.sha512}[algorithm]
    made = hmac.new(base64.b64decode(base64_key), data.encode("utf-8"), digest)
    return base64.b64encode(made.digest()).decode()
