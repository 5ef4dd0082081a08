"""Proves that the migrations make the very tables that the rows describe."""

import sys
import tempfile
from pathlib import Path

from broker.store import migrations


def main() -> int:
    """Exit code 0 when nothing is missing from the revisions."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'check.sqlite'}"
        migrations.upgrade(url)
        missing = migrations.differences(url)
    print("\n".join(map(repr, missing)) or "migrations are up to date")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
