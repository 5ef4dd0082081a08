"""Make the environments of ServiceNow's client libraries, which judge the sandbox: `make clients`.

One environment each, for they want different versions of the same packages, and none of ours.
Nothing is done for one that is as its lock file says; the libraries come from the package index
as they are published.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("pysnc", "pysnow", "aiosnow")
LOCKS = ROOT / "tests" / "client_libraries" / "requirements"
PLACE = ROOT / "var" / "clients"
# ijson, which pysnow wants, is published as a source only: it is built with the locked setuptools.
BUILT = {"pysnow": "ijson"}
HASHED = ("--require-hashes", "--no-deps")


def python_of(name: str) -> Path:
    """The Python of a library's environment, whether it is there or not."""
    return PLACE / name / "bin" / "python"


def is_current(name: str) -> bool:
    """Whether the environment was made from the lock file as it is now."""
    stamp = PLACE / name / "installed.sha256"
    return (
        python_of(name).exists()
        and stamp.is_file()
        and stamp.read_text(encoding="ascii") == wanted(name)
    )


def wanted(name: str) -> str:
    """The digest of what the environment is made from, its place included."""
    lock = (LOCKS / f"{name}.txt").read_bytes()
    return hashlib.sha256(f"{PLACE} {sys.prefix}\n".encode() + lock).hexdigest()


def make(name: str) -> None:
    """Make the environment anew; CalledProcessError when a package is not to be had."""
    folder = PLACE / name
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    lock = str(LOCKS / f"{name}.txt")
    if source := BUILT.get(name):
        install(name, "--only-binary", ":all:", "-r", str(ROOT / "requirements-build.txt"))
        install(name, "--no-build-isolation", "--no-binary", source, "-r", lock)
    else:
        install(name, "--only-binary", ":all:", "-r", lock)
    (folder / "installed.sha256").write_text(wanted(name), encoding="ascii")


def install(name: str, *words: str) -> None:
    """Install locked packages with our pip, for the environment has none of its own."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    command = [*pip, "--python", str(python_of(name)), "install", "-q", *HASHED, *words]
    subprocess.run(command, check=True, cwd=ROOT)


def main() -> int:
    """Make what is missing; exit code 1 when one could not be made."""
    for name in NAMES:
        if not is_current(name):
            print(f"Setting up {name} from its locked requirements ...", flush=True)
            try:
                make(name)
            except subprocess.CalledProcessError as error:
                print(f"{name} could not be set up: {error}")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
