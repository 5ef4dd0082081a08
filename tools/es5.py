"""Proves that the ServiceNow scripts are ES5: `python -m tools.es5`.

The sandbox's engine and Rhino both take newer syntax, so neither would notice. acorn does: one npm
tarball of an exact version, fetched once into `var/cache`, its digest checked before it runs.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / "var" / "cache"
VERSION = "8.19.0"
SHA256 = "c6fad21ffa1f2ba20338bf1dde1de911c2093c1aaf7b3af17c477661bd3bfaaf"
FETCH_SECONDS = 120


class Unproved(Exception):
    """The check could not be made; the text says why."""


def main() -> int:
    """Exit code 0 when every script is ES5, or when nothing can check it outside CI."""
    try:
        acorn = unpacked(tarball())
    except Unproved as reason:
        print(f"ES5 check of the ServiceNow scripts skipped: {reason}")
        return 1 if os.environ.get("CI") == "true" else 0
    refused = [line for script in scripts() if (line := refusal(acorn, script))]
    print("\n".join(refused) or f"{len(scripts())} ServiceNow scripts are ES5")
    return 1 if refused else 0


def scripts() -> list[Path]:
    """Every script that runs inside ServiceNow."""
    return sorted((ROOT / "servicenow").rglob("*.js"))


def refusal(acorn: Path, script: Path) -> str:
    """What acorn says against a script, with its path; empty when it is ES5."""
    command = ["node", str(acorn), "--ecma5", "--silent", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"{script}: {done.stderr.strip() or done.stdout.strip()}"


def tarball() -> Path:
    """The tarball in the cache, fetched if it is not there. Raises Unproved; ends the program when
    its digest is wrong, for then nothing of it may run.
    """
    if shutil.which("node") is None:
        raise Unproved("there is no Node here")
    kept = CACHE / f"acorn-{VERSION}.tgz"
    if not kept.exists():
        _fetch()
    if hashlib.sha256(kept.read_bytes()).hexdigest() != SHA256:
        kept.unlink()
        raise SystemExit(f"acorn {VERSION} came with another digest than the one on record")
    return kept


def _fetch() -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise Unproved("there is no npm here to fetch acorn with")
    CACHE.mkdir(parents=True, exist_ok=True)
    command = [npm, "pack", f"acorn@{VERSION}", "--silent", "--cache", str(CACHE / "npm")]
    try:
        subprocess.run(command, cwd=CACHE, check=True, capture_output=True, timeout=FETCH_SECONDS)
    except (subprocess.SubprocessError, OSError) as error:
        raise Unproved(f"acorn could not be fetched ({error})") from error


def unpacked(kept: Path) -> Path:
    """The program inside the tarball, unpacked beside it."""
    folder = CACHE / f"acorn-{VERSION}"
    if not folder.exists():
        with tarfile.open(kept) as archive:
            archive.extractall(folder, filter="data")
    return folder / "package" / "bin" / "acorn"


if __name__ == "__main__":
    sys.exit(main())
