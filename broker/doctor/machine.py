"""The machine: room on its disks."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import make_url

from broker.doctor.findings import Finding, ok, warning, wrong
from broker.settings import Settings

_MEGABYTE = 1024 * 1024
_LITTLE, _TOO_LITTLE = 1024 * _MEGABYTE, 100 * _MEGABYTE


def machine(settings: Settings) -> Iterator[Finding]:
    """The disks on which we write: the temporary folder, and the SQLite file's."""
    for folder in dict.fromkeys(_folders(settings)):
        yield _room(folder)


def _folders(settings: Settings) -> Iterator[Path]:
    yield Path(tempfile.gettempdir())
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and url.database:
        yield _existing(Path(url.database).absolute().parent)


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def _room(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    says = f"{free // _MEGABYTE} MB are free in {folder}"
    if free < _TOO_LITTLE:
        return wrong("disk", f"only {says}: make room.")
    return warning("disk", f"{says}: make room soon.") if free < _LITTLE else ok("disk", f"{says}.")
