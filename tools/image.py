"""Make a folder that holds the installed product and nothing else: what the image consists of.

`dependencies` makes a virtual environment from the hashed locks, `product` puts the product into
it. Two steps, so that the image's first layer lasts while only our own code changes. Runs on a
bare Python 3.11, with the standard library only.
"""

import shutil
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.txt", "requirements-assets.txt")
BUILDER = ("requirements-build.txt",)
# What the package is built from, and what gunicorn reads beside it.
FILES = ("pyproject.toml", "README.md", "LICENSE", "requirements.in", "wsgi.py")
BESIDE = ("gunicorn.conf.py",)
HASHED = ("--require-hashes", "--no-deps", "--only-binary", ":all:")


def dependencies(prefix: Path) -> None:
    """A new virtual environment with the locked packages, and a builder beside it that has pip:
    the product needs none.
    """
    shutil.rmtree(prefix, ignore_errors=True)
    builder = builder_of(prefix)
    venv.create(builder, with_pip=True, clear=True)
    venv.create(prefix, with_pip=False, symlinks=True)
    install(prefix, *HASHED, *(word for name in LOCKS for word in ("-r", str(ROOT / name))))
    install(builder, *HASHED, *(word for name in BUILDER for word in ("-r", str(ROOT / name))))


def product(prefix: Path) -> None:
    """Build the package from copies of its sources, and install it; the builder goes."""
    builder = builder_of(prefix)
    sources, wheels = builder / "sources", builder / "wheels"
    copy_sources(sources)
    build = ("wheel", "-q", "--no-deps", "--no-index", "--no-build-isolation", "-w", str(wheels))
    run(*pip(builder), *build, str(sources))
    install(prefix, "--no-deps", "--no-index", *map(str, wheels.iterdir()))
    for name in BESIDE:
        shutil.copy(ROOT / name, prefix / name)
    shutil.rmtree(builder)


def builder_of(prefix: Path) -> Path:
    """The folder of what builds, beside what is built."""
    return prefix.with_name(f"{prefix.name}-builder")


def copy_sources(folder: Path) -> None:
    """Only what the package names: an old build folder or the sandbox cannot slip in."""
    folder.mkdir()
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = told["tool"]["setuptools"]["packages"]["find"]["include"]
    for name in FILES:
        shutil.copy(ROOT / name, folder / name)
    for name in packages:
        package = name.rstrip("*")
        unwanted = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, folder / package, ignore=unwanted)


def install(target: Path, *words: str) -> None:
    """Install into `target` with the builder's pip."""
    python = str(target / "bin" / "python")
    own = builder_of(target) if builder_of(target).exists() else target
    run(*pip(own), "--python", python, "install", "-q", *words)


def pip(environment: Path) -> tuple[str, ...]:
    """The pip of an environment, which looks for no newer one."""
    return (str(environment / "bin" / "python"), "-m", "pip", "--disable-pip-version-check")


def run(*command: str) -> None:
    subprocess.run(command, check=True, cwd=ROOT)


STEPS = {"dependencies": dependencies, "product": product}


def main(arguments: list[str]) -> int:
    """`dependencies FOLDER` or `product FOLDER`; exit code 1 when a command fails."""
    step, prefix = arguments
    try:
        STEPS[step](Path(prefix).absolute())
    except subprocess.CalledProcessError as error:
        print(f"{' '.join(error.cmd)} ended with {error.returncode}.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
