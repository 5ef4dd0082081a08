"""Make `.venv` as the lock files say, and do nothing when it already is.

Runs on a bare Python 3.11 with nothing installed, so it uses the standard library only.
What counts as "the same" is content, not file times: a fresh checkout touches every file.
"""

import fcntl
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "installed.sha256"
LOCKS = ("requirements-dev.txt", "requirements-assets.txt")
INPUTS = (*LOCKS, "tools/setup.py")
PIP = (str(VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "-q")


def fingerprint() -> str:
    """The digest of everything the environment is made from, this folder included.

    Not the Python: one that works stays; to change it, remove .venv.
    """
    digest = hashlib.sha256(f"{ROOT}\n".encode())
    for name in INPUTS:
        digest.update((ROOT / name).read_bytes())
    digest.update(packaging().encode())
    return digest.hexdigest()


def packaging() -> str:
    """What pyproject.toml says about installing; the settings of the checks do not count."""
    import tomllib  # here, so that an older Python gets main's sentence instead of a traceback

    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    parts = (told["build-system"], told["project"], told["tool"]["setuptools"])
    return json.dumps(parts, sort_keys=True)


def is_current(wanted: str) -> bool:
    """Whether .venv was made from the same, and its Python is still there."""
    python = VENV / "bin" / "python"
    return python.is_file() and STAMP.is_file() and STAMP.read_text(encoding="ascii") == wanted


@contextmanager
def only_one() -> Iterator[None]:
    """Let two calls of make at once install one after the other."""
    with (ROOT / ".venv.lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install() -> None:
    """Install the locked packages, then the project itself.

    The locks are complete, so pip has nothing to resolve (`--no-deps`); that also keeps
    django-htmx, wanted for one file, from bringing Django.
    """
    shutil.rmtree(VENV, ignore_errors=True)
    run(sys.executable, "-m", "venv", str(VENV))
    locks = [word for name in LOCKS for word in ("-r", str(ROOT / name))]
    run(*PIP, "--require-hashes", "--no-deps", "--only-binary", ":all:", *locks)
    run(*PIP, "--no-deps", "--no-index", "--no-build-isolation", *editable())


def editable() -> tuple[str, ...]:
    """The project by a path entry, so that a new package needs no second set-up."""
    return ("--config-settings", "editable_mode=compat", "-e", str(ROOT))


def run(*command: str) -> None:
    subprocess.run(command, check=True, cwd=ROOT)


def main() -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - the one file that an older Python may meet
        print(f"Python 3.11 or newer is needed; {sys.executable} is {sys.version.split()[0]}.")
        return 1
    wanted = fingerprint()
    if is_current(wanted):
        return 0
    with only_one():
        return 0 if is_current(wanted) else set_up(wanted)


def set_up(wanted: str) -> int:
    print("Setting up .venv from the locked requirements ...", flush=True)
    try:
        install()
    except subprocess.CalledProcessError as error:
        print(f"Set-up failed: {' '.join(error.cmd)} ended with {error.returncode}.")
        return 1
    STAMP.write_text(wanted, encoding="ascii")
    return 0


if __name__ == "__main__":
    sys.exit(main())
