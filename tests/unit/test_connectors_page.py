"""The page on writing a connector names what there is, and all that a newcomer has to offer."""

import dataclasses
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from broker.connectors.iga.oim import Settings
from broker.domain import errors
from broker.ports.iga import Iga, IgaCapabilities
from tests.contract.subject import Hands, Subject, UnderContract

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "connectors.md").read_text(encoding="utf-8")
PROSE = re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL)
WORDS = [word for quoted in re.findall(r"`([^`]+)`", PROSE) for word in quoted.split(", ")]
CODE = "\n".join(re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL))
PATH = re.compile(r"(?:broker|sandbox|tests|docs|webui)/[\w./]*\w|\w+\.(?:py|md)")
# The connector that the page writes: nobody finds it here.
IMAGINED = "acme"
OF_OTHERS = {"requests", "responses", "SecretStr", "description", "ge", "le", "create_app"}


def folders() -> Iterator[Path]:
    """Where a bare file name may lie."""
    yield ROOT
    yield ROOT / "broker/connectors/iga/oim"


def paths() -> list[str]:
    return [word.rstrip("/") for word in WORDS if PATH.fullmatch(word.rstrip("/"))]


def modules() -> Iterator[ModuleType]:
    """The modules that the page names."""
    for name in paths():
        if name.endswith(".py") and "/" in name and IMAGINED not in name:
            yield importlib.import_module(name.removesuffix(".py").replace("/", "."))


def known() -> set[str]:
    """Every name of these modules, with the members of their classes and the parameters."""
    found: set[str] = set()
    for module in modules():
        for name, value in vars(module).items():
            found.add(name)
            if inspect.isclass(value):
                found |= set(dir(value)) | set(getattr(value, "__annotations__", {}))
                found |= set(getattr(value, "model_fields", {}))
                found |= {f"{name}.{member}" for member in dir(value)}
                found |= set(inspect.signature(value.__init__).parameters)
    return found


def test_every_path_is_there() -> None:
    named = [name for name in paths() if IMAGINED not in name]
    assert len(named) > 20
    assert [n for n in named if not any((folder / n).exists() for folder in folders())] == []


def test_every_name_is_one_of_the_modules_that_the_page_names() -> None:
    named = {word for word in WORDS if re.fullmatch(r"[A-Za-z_]+(\.[a-z_]+)?", word)}
    named = {word for word in named if not word.upper().startswith(("BROKER_", IMAGINED.upper()))}
    elsewhere = {"SETTINGS", "MAY_LEAVE_OUT", "running", "ledger"} | set(Settings.model_fields)
    assert sorted(named - set(paths()) - known() - elsewhere - OF_OTHERS) == []


def methods(protocol: type) -> set[str]:
    return {name for name, value in vars(protocol).items() if inspect.isfunction(value)} - {
        "__init__",
        "_no_init_or_replace_init",
        "__subclasshook__",
    }


def fields(kind: type) -> set[str]:
    assert dataclasses.is_dataclass(kind)
    return {field.name for field in dataclasses.fields(kind)}


def kinds_of_error() -> set[str]:
    return {each.__name__ for each in errors.ConnectorError.__subclasses__()
            if each.__module__ == errors.__name__}  # fmt: skip


@pytest.mark.parametrize(
    "all_of_them",
    [methods(Iga), fields(IgaCapabilities), fields(Subject), fields(Hands), kinds_of_error()],
    ids=["methods", "capabilities", "subject", "hands", "errors"],
)
def test_nothing_that_has_to_be_offered_is_missing(all_of_them: set[str]) -> None:
    assert len(all_of_them) >= 5
    assert all_of_them - set(WORDS) == set()


def test_a_products_module_has_the_names_that_the_suite_reads() -> None:
    assert {"SETTINGS", "MAY_LEAVE_OUT", "running"} <= set(WORDS)
    assert {name.lower() for name in ("SETTINGS", "MAY_LEAVE_OUT", "running")} == fields(
        UnderContract
    )


def test_the_folder_that_the_page_writes_would_be_a_product() -> None:
    written: dict[str, object] = {}
    exec(CODE.replace("acme", "oim").replace("Acme", "Oim"), written)  # noqa: S102 - our own page
    assert {"Settings", "build"} <= written.keys()
