"""Rows of the scoped app's tables, written many at once under ids of our own."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus

from broker.connectors.desk.servicenow.client import Client
from broker.connectors.desk.servicenow.values import Row, is_sys_id, unwrapped
from broker.connectors.failures import spoken
from broker.domain.errors import NotFound, Unavailable
from broker.ports.desk import MirrorFault, MirrorRow

_ROUNDS = 6
_MOST_KNOWN = 200_000
_WRITTEN = (HTTPStatus.OK, HTTPStatus.CREATED)
_AGAIN = (
    HTTPStatus.ACCEPTED,  # an overflowing session: not carried out (KB3047080)
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_JSON = [
    {"name": "Content-Type", "value": "application/json"},
    {"name": "Accept", "value": "application/json"},
]


@dataclass(frozen=True, slots=True)
class _Step:
    """One attempt at a row. `refusal` is what the attempt by the other method met; `broken` tells
    that the instance broke down over this row, which may be its way with it.
    """

    row: MirrorRow
    method: str
    refusal: str = ""
    reason: str = "was left unserviced"
    broken: bool = False


class Mirror:
    """Creates or changes rows by the Batch API (ServiceNow docs, "Batch API").

    The Table API has no upsert, but takes a sys_id with a POST. So a row not known to be there
    is POSTed; whatever refuses it, a PATCH is tried, for the answer to a sys_id already there
    is not documented. Rows known to be there are PATCHed, and POSTed once if they are not.
    A batch is no transaction, and does what fits into its time: the rest is sent again.
    """

    def __init__(self, client: Client, batch_size: int) -> None:
        self._client, self._size = client, batch_size
        self._known: set[str] = set()

    def mirror(self, rows: Sequence[MirrorRow]) -> Sequence[MirrorFault]:
        """Write every row; those that the instance refused, with reasons.

        Raises Unavailable while the outcome of any row is open: send them all again.
        """
        faults: list[MirrorFault] = []
        for start in range(0, len(rows), self._size):
            faults += self._write(rows[start : start + self._size])
        return faults

    def find(self, table: str, row_id: str, fields: Sequence[str]) -> Mapping[str, str] | None:
        """These fields as the instance holds them, or None."""
        if not is_sys_id(row_id):
            return None
        try:
            return self._client.row(table, row_id, fields)
        except NotFound:
            return None

    def _write(self, rows: Sequence[MirrorRow]) -> list[MirrorFault]:
        faults: list[MirrorFault] = []
        steps = [_Step(row, "PATCH" if row.id in self._known else "POST") for row in rows]
        for _ in range(_ROUNDS):
            outcomes = self._send(steps)
            faults += [outcome for outcome in outcomes if isinstance(outcome, MirrorFault)]
            steps = [outcome for outcome in outcomes if isinstance(outcome, _Step)]
            if not steps:
                return faults
        if all(step.broken for step in steps):
            return faults + [MirrorFault(step.row, step.reason) for step in steps]
        raise Unavailable(self._client.system, f"{len(steps)} rows: {steps[0].reason}")

    def _send(self, steps: Sequence[_Step]) -> list[_Step | MirrorFault | None]:
        numbered = {str(number): step for number, step in enumerate(steps)}
        calls = [_call(number, step) for number, step in numbered.items()]
        answer = self._client.batch({"batch_request_id": "mirror", "rest_requests": calls})
        parts = answer.get("serviced_requests")
        found = {
            str(part.get("id")): part
            for part in (parts if isinstance(parts, list) else [])
            if isinstance(part, dict)
        }
        return [self._judge(step, found.get(number)) for number, step in numbered.items()]

    def _judge(self, step: _Step, part: Mapping[str, object] | None) -> _Step | MirrorFault | None:
        """What follows from one part's answer: another step, a fault, or nothing more."""
        code = str(part.get("status_code")) if part else ""
        status = int(code) if code.isdecimal() else HTTPStatus.ACCEPTED
        if part is None or status in _AGAIN:
            return replace(step, reason=f"answered {status}", broken=False) if part else step
        body = _decoded(part.get("body"))
        said = f"answered {status}{spoken(body)}"
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or (status in _WRITTEN and not _whole(body)):
            return _Step(step.row, "PATCH", reason=said, broken=True)
        return (
            self._written(step.row, body)
            if status in _WRITTEN
            else self._refused(step, status, said)
        )

    def _refused(self, step: _Step, status: int, said: str) -> _Step | MirrorFault:
        """The other method may do; whoever refuses both has the last word."""
        if step.method == "POST":
            return MirrorFault(step.row, said) if step.refusal else _Step(step.row, "PATCH", said)
        if status != HTTPStatus.NOT_FOUND:
            return MirrorFault(step.row, said)
        self._known.discard(step.row.id)
        if step.refusal:
            return MirrorFault(step.row, step.refusal)
        return replace(step, method="POST", refusal="" if step.broken else said)

    def _written(self, row: MirrorRow, body: bytes) -> MirrorFault | None:
        """Compare: unknown fields are dropped without a word (ServiceNow docs, "Table API")."""
        held = _result(body)
        if held.get("sys_id") != row.id:
            return MirrorFault(row, f"was stored under another id, {held.get('sys_id') or 'none'}")
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known.add(row.id)
        dropped = [name for name, value in row.fields.items() if _lost(value, held.get(name))]
        return MirrorFault(row, f"did not keep {', '.join(dropped)}") if dropped else None


def _call(number: str, step: _Step) -> dict[str, object]:
    row, posting = step.row, step.method == "POST"
    fields = dict(row.fields) | ({"sys_id": row.id} if posting else {})
    shown = ",".join(dict.fromkeys(["sys_id", *row.fields]))
    record = "" if posting else f"/{row.id}"
    return {
        "id": number,
        "method": step.method,
        "url": f"/api/now/table/{row.table}{record}?sysparm_display_value=false"
        f"&sysparm_exclude_reference_link=true&sysparm_fields={shown}",
        "headers": _JSON,
        "body": base64.b64encode(json.dumps(fields).encode()).decode(),
        "exclude_response_headers": True,
    }


def _decoded(body: object) -> bytes:
    try:
        return base64.b64decode(str(body or ""))
    except ValueError:
        return b""


def _whole(body: bytes) -> bool:
    """A quota cuts answers off; what they tell of was done or not."""
    try:
        return "error" not in json.loads(body)
    except (ValueError, TypeError):
        return False


def _result(body: bytes) -> Row:
    try:
        result = json.loads(body)["result"]
    except (ValueError, KeyError, TypeError):
        return {}
    return unwrapped(result) if isinstance(result, dict) else {}


def _lost(sent: str, held: str | None) -> bool:
    """A column cuts what is too long for it; that is no loss of the field."""
    return held is None or (held != sent and not (held and sent.startswith(held)))
