"""Products are folders, and a connection is a name with settings."""

import inspect
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from broker.connectors.registry import desk_products, iga_products

OIM = {"url": "http://127.0.0.1:1", "console_url": "http://127.0.0.1:1", "username": "broker"}
DESK = {"url": "http://127.0.0.1:1", "username": "broker", "password": "geheim"}


def every_settings() -> list[tuple[str, type[BaseModel]]]:
    igas = [(name, product.settings) for name, product in iga_products().items()]
    return igas + [(name, product.settings) for name, product in desk_products().items()]


def test_every_folder_is_a_product() -> None:
    assert "oim" in iga_products()
    assert "servicenow" in desk_products()


@pytest.mark.parametrize(("name", "settings"), every_settings())
def test_every_setting_is_described(name: str, settings: type[BaseModel]) -> None:
    assert not [field for field, info in settings.model_fields.items() if not info.description]


@pytest.mark.parametrize(("name", "settings"), every_settings())
def test_every_setting_is_in_the_readme(name: str, settings: type[BaseModel]) -> None:
    told = Path(inspect.getfile(settings)).with_name("README.md").read_text()
    assert [f for f in settings.model_fields if f"| `{f.upper()}` |" not in told] == []


def test_a_connection_keeps_the_name_it_is_given() -> None:
    product = iga_products()["oim"]
    iga = product.build("oim-emea", product.settings(**OIM, password="geheim"))
    assert iga.name == "oim-emea"


def test_settings_do_not_show_their_secrets() -> None:
    settings = desk_products()["servicenow"].settings(**DESK)
    assert "geheim" not in repr(settings)


def test_a_missing_setting_is_named() -> None:
    with pytest.raises(ValidationError, match="password"):
        iga_products()["oim"].settings(**OIM)


def test_lists_are_written_with_commas() -> None:
    settings = desk_products()["servicenow"].settings(**DESK, closed_states="3, 4 ,8,")
    assert settings.model_dump()["closed_states"] == ("3", "4", "8")


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "not an address"},
        {"batch_size": "101"},
        {"correlation_id_field": "a^b"},
        {"portal_path": "sp?x"},
        {"grant": "magic"},
    ],
)
def test_a_wrong_setting_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        desk_products()["servicenow"].settings(**{**DESK, **wrong})
