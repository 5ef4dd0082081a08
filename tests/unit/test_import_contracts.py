"""The floors of docs/architecture.md: kept as they are, and broken by each forbidden import."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("broker", "webui", "jobs", "cli", "sandbox", "bench", "tools")
PRODUCTS = re.compile(r"\b(servicenow|oim|oracle)\b", re.IGNORECASE)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The source tree, to be spoilt."""
    for name in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__", "static", "templates")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    program = str(Path(sys.executable).with_name("lint-imports"))
    return subprocess.run(
        [program, "--no-cache"], cwd=tree, capture_output=True, text=True, check=False
    )


def test_the_contracts_hold(copy: Path) -> None:
    answer = lint(copy)
    assert answer.returncode == 0, answer.stdout


BREACHES = {
    "a connector imports the store": (
        "broker/connectors/iga/oim/values.py",
        "import broker.store.orders",
        "Connectors and queue know neither context nor store",
    ),
    "a connector imports another": (
        "broker/connectors/iga/oim/values.py",
        "import broker.connectors.desk.servicenow.values",
        "Connectors are independent of each other",
    ),
    "sync imports orders": (
        "broker/sync/reconcile.py",
        "import broker.orders.steps",
        "Inside the broker imports point down",
    ),
    "orders import a connector": (
        "broker/orders/steps.py",
        "import broker.connectors.registry",
        "Inside the broker imports point down",
    ),
    "a page imports another page": (
        "webui/dashboard/__init__.py",
        "import webui.orders",
        "Pages do not import each other",
    ),
    "a page builds its own broker": (
        "webui/dashboard/__init__.py",
        "import broker.bootstrap",
        "Only entry points build a broker",
    ),
    "the web reaches into the jobs": (
        "webui/dashboard/__init__.py",
        "import jobs.clock",
        "The floors stand on each other",
    ),
    "the domain uses a library": (
        "broker/domain/people.py",
        "import sqlalchemy",
        "The domain uses the standard library only",
    ),
    "a use case knows Flask": (
        "broker/orders/steps.py",
        "import flask",
        "Flask is for the web and the sandbox",
    ),
    "a page speaks HTTP": (
        "webui/dashboard/__init__.py",
        "import requests",
        "Only connectors speak HTTP",
    ),
    "the sandbox asks the broker": (
        "sandbox/web.py",
        "import broker.domain.people",
        "The sandbox is an independent second opinion",
    ),
    "the walker looks inside": (
        "cli/walk/journey.py",
        "import cli.demo",
        "The walker sees the product from outside only",
    ),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_a_forbidden_import_breaks_its_contract(copy: Path, breach: str) -> None:
    path, statement, contract = BREACHES[breach]
    spoilt = copy / path
    spoilt.write_text(spoilt.read_text(encoding="utf-8") + f"\n{statement}\n", encoding="utf-8")
    answer = lint(copy)
    assert answer.returncode == 1
    assert f"{contract} BROKEN" in answer.stdout


@pytest.mark.parametrize("package", ["broker/newcomer", "webui/newcomer"])
def test_a_new_package_fails_until_it_has_its_place(copy: Path, package: str) -> None:
    (copy / package).mkdir()
    (copy / package / "__init__.py").touch()
    answer = lint(copy)
    assert answer.returncode == 1
    assert "newcomer" in answer.stdout


def test_the_wsgi_module_only_builds_the_app() -> None:
    tree = ast.parse((ROOT / "wsgi.py").read_text(encoding="utf-8"))
    named = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    ours = {name for name in named if name.split(".")[0] in PACKAGES}
    assert {"broker.bootstrap", "webui.app"} <= ours
    assert {name for name in ours if not name.startswith("broker.")} == {"webui.app"}


@pytest.mark.parametrize("folder", ["broker/orders", "broker/sync"])
def test_orders_and_sync_name_no_product(folder: str) -> None:
    named = {
        f"{path.name}: {found.group()}"
        for path in (ROOT / folder).rglob("*.py")
        for found in PRODUCTS.finditer(path.read_text(encoding="utf-8"))
    }
    assert not named
