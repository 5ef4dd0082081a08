"""Proves that no file names a package index or a content network.

Which index a machine uses is that machine's setting; what a browser loads comes from us.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# In halves, so that this file does not find itself.
HOSTS = tuple(
    f"{name}.{end}"
    for name, end in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("jsdelivr", "net"),
        ("unpkg", "com"),
        ("cloudflare", "com"),
        ("maven", "org"),
        ("debian", "org"),
    )
)


def main() -> int:
    """Exit code 0 when no tracked file names one."""
    found = [line for path in tracked() for line in mentions(path)]
    print("\n".join(found) or "no file names a package index")
    return 1 if found else 0


def tracked() -> list[Path]:
    """The files that git keeps, and those it would keep."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    paths = [ROOT / name for name in listed.stdout.splitlines()]
    return [path for path in paths if path.is_file()]


def mentions(path: Path) -> list[str]:
    """Where the file names one of the hosts."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return [
        f"{path.relative_to(ROOT)}:{number}: names {host}"
        for number, line in enumerate(lines, 1)
        for host in HOSTS
        if host in line
    ]


if __name__ == "__main__":
    sys.exit(main())
