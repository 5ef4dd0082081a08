"""Files that hang on records: rows of `sys_attachment` and the bytes behind them."""

from __future__ import annotations

import hashlib
import zlib

from sandbox.servicenow.jobs import JobQueue
from sandbox.servicenow.records import Change, Records, Row

TABLE = "sys_attachment"
SYSTEM = "system"
CHUNK_BYTES = 700_000
# Recorded: about a second after an upload its row becomes `available`.
SECONDS_PENDING = 1.0


class Attachments:
    """The files of one instance. A file's bytes go with its row, however that is deleted."""

    def __init__(self, records: Records, jobs: JobQueue) -> None:
        self._records = records
        self._jobs = jobs
        self._contents: dict[str, bytes] = {}
        self.seconds_pending = SECONDS_PENDING
        records.rules.append(self._after_write)

    def add(
        self, table: str, sys_id: str, file_name: str, content_type: str, content: bytes, actor: str
    ) -> Row:
        """Attach a file to a record; gives its row, which is `pending` for about a second."""
        pending = self._records.switches.attachments_pending_first
        values = {
            "table_name": table,
            "table_sys_id": sys_id,
            "file_name": file_name,
            "content_type": content_type,
            "size_bytes": len(content),
            "size_compressed": len(zlib.compress(content)),
            "compressed": "true",
            "chunk_size_bytes": CHUNK_BYTES,
            "hash": hashlib.sha256(content).hexdigest(),
            "state": "pending" if pending else "available",
        }
        row = self._records.insert(TABLE, values, actor)
        self._contents[row["sys_id"]] = content
        self._jobs.put_later(lambda: self._make_available(row["sys_id"]), self.seconds_pending)
        return row

    def content(self, sys_id: str) -> bytes:
        """The bytes of a file; none where only a row was inserted."""
        return self._contents.get(sys_id, b"")

    def _make_available(self, sys_id: str) -> None:
        with self._records.lock:
            if self._records.find(TABLE, sys_id) is not None:
                self._records.update(TABLE, sys_id, {"state": "available"}, SYSTEM)

    def _after_write(self, change: Change) -> None:
        if change.table == TABLE and change.operation == "delete":
            self._contents.pop(change.before["sys_id"], None)
