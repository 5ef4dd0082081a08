"""Every check of `make check`, one after the other; all run, even when one fails."""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
MODULE = (sys.executable, "-m")
CHECKS: dict[str, tuple[str, ...]] = {
    "lint": (*MODULE, "ruff", "check", "."),
    "format": (*MODULE, "ruff", "format", "--check", "."),
    "types": (*MODULE, "mypy", "."),
    "imports": (str(BIN / "lint-imports"),),
    "scripts": (*MODULE, "tools.es5"),
    "templates": (*MODULE, "djlint", "webui/templates", "--lint", "--quiet"),
    "migrations": (*MODULE, "tools.migrations"),
    "openapi": (*MODULE, "webui.api.openapi", "--check", "docs/openapi.json"),
    "shape": (*MODULE, "tools.shape"),
    "addresses": (*MODULE, "tools.addresses"),
}


def main(names: list[str]) -> int:
    """Run the named checks, or all; exit code 1 when any fails."""
    if unknown := [name for name in names if name not in CHECKS]:
        print(f"No such check: {', '.join(unknown)}. There are: {', '.join(CHECKS)}.")
        return 2
    failed = [name for name in names or CHECKS if not passes(name)]
    print(f"failed: {', '.join(failed)}" if failed else "all checks passed")
    return 1 if failed else 0


def passes(name: str) -> bool:
    """Run one check; what it says is shown only when it fails, but for its last line."""
    started = time.monotonic()
    done = subprocess.run(
        CHECKS[name],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        encoding="utf-8",
    )
    well = done.returncode == 0
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    last = lines[-1] if lines else "ok"
    print(
        f"{name:11} {time.monotonic() - started:5.1f} s  {last if well else 'FAILED'}", flush=True
    )
    if not well:
        print(done.stdout, flush=True)
    return well


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
