"""The auditor's page: search, verify, export."""

import csv
import io
import json
from collections.abc import Iterable, Iterator

from flask import Blueprint, Response, abort, render_template, request, stream_with_context

from broker.domain.visibility import Role
from broker.store import audit as trail
from broker.store.audit import Verdict
from broker.store.views import audit as views
from webui.ui.access import needs
from webui.ui.context import now, reading, the_broker, viewer

audit = Blueprint("audit", __name__, url_prefix="/audit")
# Above this, a whole verification is done when asked for, and not with every search.
_QUICKLY_VERIFIED = 5000
_LONGEST_SEARCH = 100


@audit.get("")
@needs(Role.AUDITOR)
def search() -> str:
    """The newest events, or those about one thing, and whether the chain holds."""
    text = request.args.get("q", "").strip()[:_LONGEST_SEARCH]
    with reading() as session:
        events = views.events(session, text)
        sealed = views.sealed_count(session)
        wanted = "verify" in request.args or sealed <= _QUICKLY_VERIFIED
        verdict = trail.verify(session, *the_broker().audit_keys) if wanted else None
    return render_template(
        "audit/page.html", events=events, q=text, verdict=verdict, sealed=sealed, most=views.SHOWN
    )


@audit.get("/export.<form>")
@needs(Role.AUDITOR)
def export(form: str) -> Response:
    """Every event with its seal, oldest first, as CSV, or as JSON with the verdict."""
    if form not in ("csv", "json"):
        abort(404)
    verdict = _note_export(form)
    rows = _rows()
    body = _csv(rows) if form == "csv" else _json(rows, verdict)
    kind = "text/csv" if form == "csv" else "application/json"
    name = f"audit-{now():%Y%m%dT%H%M%SZ}.{form}"
    return Response(
        stream_with_context(body),
        mimetype=kind,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _note_export(form: str) -> Verdict:
    broker, actor = the_broker(), trail.Actor("person", viewer().person_id or "unlinked")
    with broker.sessions.begin() as session:
        trail.record(
            session, now(), actor, "audit.export", ("audit", "all"), "done", {"form": form}
        )
    with reading() as session:
        return trail.verify(session, *broker.audit_keys)


def _rows() -> Iterator[dict[str, object]]:
    # In pieces: a slow reader must not keep a transaction open.
    last = 0
    while True:
        with reading() as session:
            rows = views.export(session, last)
        if not rows:
            return
        last = int(str(rows[-1]["id"]))
        yield from rows


def _json(rows: Iterable[dict[str, object]], verdict: Verdict) -> Iterator[str]:
    summary = {"sealed": verdict.sealed, "unsealed": verdict.unsealed, "fault": verdict.fault}
    yield f'{{"verdict": {json.dumps(summary)},\n"events": [\n'
    for number, row in enumerate(rows):
        yield (",\n" if number else "") + json.dumps(row)
    yield "\n]}\n"


def _csv(rows: Iterable[dict[str, object]]) -> Iterator[str]:
    line, written = io.StringIO(), False
    for row in rows:
        writer = csv.DictWriter(line, fieldnames=list(row))
        if not written:
            writer.writeheader()
            written = True
        writer.writerow({name: _harmless(value) for name, value in row.items()})
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def _harmless(value: object) -> object:
    """A text that a spreadsheet would take for a formula is marked as text."""
    text = isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{value}" if text else value
