"""Write the hashed requirements files anew: `make lock` (add `ARGS=--upgrade` for newer versions).

The locks hold for every Python from 3.11.0 on (`--universal`): a lock made for the running
Python alone misses packages that an older 3.11 needs. They name no package index.
"""

import os
import subprocess
import sys
from pathlib import Path

from tools.clients import NAMES as CLIENTS

ROOT = Path(__file__).resolve().parent.parent
OPTIONS = (
    "--quiet",
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-header",
    "--no-annotate",
    "--system-certs",
)
# In this order: each later lock is held to the versions of those before it.
LOCKS = (
    ("requirements", ()),
    ("requirements-dev", ()),
    ("requirements-assets", ("--no-deps",)),
    ("requirements-build", ()),
    # ServiceNow's client libraries: an environment each, with nothing of ours in it.
    *((f"tests/client_libraries/requirements/{name}", ()) for name in CLIENTS),
)


def main(arguments: list[str]) -> int:
    for name, extra in LOCKS:
        command = [sys.executable, "-m", "uv", "pip", "compile", *OPTIONS, *extra, *arguments]
        files = [f"{name}.in", "-o", f"{name}.txt"]
        subprocess.run([*command, *files], check=True, cwd=ROOT, env=environment())
    return 0


def environment() -> dict[str, str]:
    """This environment without settings that would point uv at a local package folder."""
    return {name: text for name, text in os.environ.items() if not name.startswith("UV_FIND")}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
