"""What start refuses: no Redis for several processes, and whatever belongs to the demo only."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel, SecretStr

from broker.bootstrap import build
from broker.connectors.registry import desk_products, iga_products
from broker.queue.rq import MISSING
from broker.settings import DEMO_SECRETS, BadSettings, Settings
from broker.settings.demo import SECRET_ENDINGS
from cli import demo_settings
from cli.installation import NobodyToWake
from cli.main import main
from sandbox.world import build_world

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
BROKER = [sys.executable, "-m", "cli.main"]
GUNICORN = [str(BIN / "gunicorn"), "--bind", "127.0.0.1:0", "--workers", "2", "wsgi:app"]
STARTS = {
    "web": [*BROKER, "web", "--port", "0"],
    "worker": [*BROKER, "worker", "orders"],
    "clock": [*BROKER, "clock"],
    "gunicorn": GUNICORN,
}
ADDRESSES = {
    "BROKER_DATABASE_URL": "postgresql+psycopg://broker:{}@127.0.0.1/broker",
    "BROKER_DATABASE_OWNER_URL": "postgresql+psycopg://127.0.0.1/broker?password={}",
    "BROKER_REDIS_URL": "redis://:{}@127.0.0.1:1/0",
}


def demo(folder: Path, base_url: str = "https://broker.example.com") -> dict[str, str]:
    """The demo's environment, with another public address."""
    return demo_settings.prepare(
        folder,
        broker=base_url,
        servicenow="http://127.0.0.1:2",
        oim="http://127.0.0.1:3",
        idp="http://localhost:4",
    )


def secrets_of(environment: Mapping[str, str]) -> dict[str, str]:
    ours = {name: value for name, value in environment.items() if name.startswith("BROKER_")}
    return {name: value for name, value in ours.items() if name.endswith(SECRET_ENDINGS)}


def in_clients_file(environment: Mapping[str, str]) -> set[str]:
    text = Path(environment["BROKER_API_CLIENTS"]).read_text(encoding="utf-8")
    return set(re.findall(r'"(whsec_[^"]+)"', text))


def replaced(environment: dict[str, str]) -> dict[str, str]:
    """The same with secrets that nobody knows, and no clients."""
    unknown = {name: f"{index}" * 40 for index, name in enumerate(secrets_of(environment))}
    environment = environment | unknown | {"BROKER_REDIS_URL": "redis://127.0.0.1:1"}
    del environment["BROKER_API_CLIENTS"]
    return environment | {"BROKER_DATABASE_URL": "postgresql+psycopg://127.0.0.1/broker"}


def faults(environment: Mapping[str, str]) -> list[str]:
    with pytest.raises(BadSettings) as refused:
        build(environment, bell=NobodyToWake())
    return refused.value.faults


def start(command: list[str], environment: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, cwd=ROOT, env=dict(environment), capture_output=True, text=True, timeout=110,
        check=False,
    )  # fmt: skip


# ---- Redis ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_gunicorn_refuses_to_start_without_redis_and_does_not_try_again(tmp_path: Path) -> None:
    done = start(GUNICORN, demo(tmp_path / "demo", "http://127.0.0.1:1"))

    said = [line for line in done.stderr.splitlines() if "BROKER_" in line]
    assert done.returncode == 4
    assert said == [MISSING], "said once, and nothing is started again"
    assert said[0].startswith("BROKER_REDIS_URL is missing: several processes need Redis")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [["clock"], ["worker", "orders"]], ids=" ".join)
def test_a_missing_redis_is_told_beside_every_other_fault(
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    environment = demo(tmp_path / "demo", "http://127.0.0.1:1") | {"BROKER_AUDIT_KEY": "short"}
    for name in [name for name in os.environ if name.startswith("BROKER_")]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert main(words) == 2

    said = capsys.readouterr().err.splitlines()
    assert said == ["BROKER_AUDIT_KEY: must have at least 32 characters.", MISSING]


# ---- the demo's secrets --------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", STARTS)
def test_every_process_refuses_every_secret_of_the_demo_in_one_go(
    name: str, tmp_path: Path
) -> None:
    environment = demo(tmp_path / "demo")
    environment |= {key: text.format("broker") for key, text in ADDRESSES.items()}

    done = start(STARTS[name], environment)

    assert done.returncode not in (0, None)
    for setting in [*secrets_of(environment), *ADDRESSES, "BROKER_API_CLIENTS"]:
        assert re.search(f"^{setting}[ :].*a secret that the demo uses", done.stderr, re.MULTILINE)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("by_file", [False, True], ids=["set", "in a file"])
@pytest.mark.parametrize("setting", [
    "BROKER_SECRET_KEY", "BROKER_AUDIT_KEY", "BROKER_OIM_PASSWORD",
    "BROKER_SERVICENOW_CLIENT_SECRET", "BROKER_SERVICENOW_PASSWORD",
])  # fmt: skip
def test_each_secret_of_the_demo_is_refused_by_itself(
    setting: str, by_file: bool, tmp_path: Path
) -> None:
    environment = demo(tmp_path / "demo")
    value, others = environment[setting], replaced(environment)

    found = faults(given(others, setting, value, by_file, tmp_path))

    assert found == [f"{setting} is a secret that the demo uses: choose your own."]


@pytest.mark.parametrize("by_file", [False, True], ids=["set", "in a file"])
@pytest.mark.parametrize("setting", ADDRESSES)
def test_an_address_with_a_password_of_the_demo_is_refused(
    setting: str, by_file: bool, tmp_path: Path
) -> None:
    address = ADDRESSES[setting].format("broker%2Dsecret")

    found = faults(given(replaced(demo(tmp_path / "demo")), setting, address, by_file, tmp_path))

    assert found == [f"{setting} holds a secret that the demo uses: choose your own."]


@pytest.mark.parametrize("secret", sorted(DEMO_SECRETS))
def test_no_secret_of_the_demo_is_fine_in_another_place(secret: str, tmp_path: Path) -> None:
    environment = replaced(demo(tmp_path / "demo")) | {"BROKER_SERVICENOW_PASSWORD": secret}

    assert faults(environment) == [
        "BROKER_SERVICENOW_PASSWORD is a secret that the demo uses: choose your own."
    ]


def test_a_secret_of_the_demo_is_refused_among_others_in_a_list(tmp_path: Path) -> None:
    environment = demo(tmp_path / "demo")
    keys = f"{'x' * 40}, {environment['BROKER_AUDIT_KEY']}"

    (fault,) = faults(replaced(environment) | {"BROKER_AUDIT_KEYS_BEFORE": keys})

    assert fault.startswith("BROKER_AUDIT_KEYS_BEFORE is a secret that the demo uses")


def test_each_secret_in_the_file_of_clients_is_refused(tmp_path: Path) -> None:
    environment = demo(tmp_path / "demo")
    file = Path(environment["BROKER_API_CLIENTS"])
    for secret in in_clients_file(environment):
        file.write_text(
            f'[[client]]\nname = "x"\nsources = []\nsecrets = {{events = ["{secret}"]}}\n'
        )
        others = replaced(environment) | {"BROKER_API_CLIENTS": str(file)}

        (fault,) = faults(others)
        assert fault.startswith(f"BROKER_API_CLIENTS: {file}: client 1 is wrong: a secret that the")


def given(
    environment: Mapping[str, str], name: str, value: str, by_file: bool, folder: Path
) -> dict[str, str]:
    """The environment with one setting more, as it is or by the name of its file."""
    if not by_file:
        return {**environment, name: value}
    file = folder / "secret"
    file.write_text(f"{value}\n")
    others = {key: each for key, each in environment.items() if key != name}
    return {**others, f"{name}_FILE": str(file)}


def test_with_secrets_of_its_own_the_same_installation_starts(tmp_path: Path) -> None:
    environment = replaced(demo(tmp_path / "demo"))

    broker = build(environment)

    assert not broker.settings.on_loopback
    broker.sessions.kw["bind"].dispose()


def test_the_list_of_refused_secrets_is_what_the_demo_uses(tmp_path: Path) -> None:
    environment = demo(tmp_path / "demo")
    people = {person.password for person in build_world().people.values()}

    assert {*secrets_of(environment).values(), *in_clients_file(environment), *people} == (
        DEMO_SECRETS
    )


def test_the_stack_has_no_secrets_but_the_demos_and_new_ones() -> None:
    """In docker-compose.yml every secret is a file; tools/stack fills these with what the demo
    uses, and with random passwords for the database.
    """
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    settings = [service.get("environment", {}) for service in compose["services"].values()]
    lines = (ROOT / "deploy/compose/broker.env.example").read_text(encoding="utf-8").splitlines()
    settings.append(dict(line.split("=", 1) for line in lines if re.match(r"[A-Z_]+=", line)))
    literal = {name for each in settings for name in each if name.endswith(SECRET_ENDINGS)}
    addresses = [str(value) for each in settings for value in each.values() if "://" in str(value)]

    assert literal == set()
    assert [address for address in addresses if "@" in address] == []


def test_every_secret_setting_has_a_name_by_which_it_is_known() -> None:
    models: list[type[BaseModel]] = [Settings]
    models += [product.settings for product in iga_products().values()]
    models += [product.settings for product in desk_products().values()]
    secret = [
        name.upper()
        for model in models
        for name, field in model.model_fields.items()
        if SecretStr in (field.annotation, *getattr(field.annotation, "__args__", ()))
    ]

    assert secret
    # a certificate is shown to everybody
    assert [name for name in secret if not name.endswith((*SECRET_ENDINGS, "CERTIFICATE"))] == []


# ---- the network ---------------------------------------------------------------------------------


@pytest.mark.parametrize("connection", ["OIM", "SERVICENOW"])
def test_passwords_do_not_travel_in_plain_text(connection: str, tmp_path: Path) -> None:
    setting = f"BROKER_{connection}_URL"
    environment = replaced(demo(tmp_path / "demo")) | {setting: "http://vendor.example.com"}

    assert faults(environment) == [
        f"{setting}: must begin with https://: passwords and orders travel there."
    ]


def test_on_loopback_a_connection_may_be_in_plain_text(tmp_path: Path) -> None:
    environment = demo(tmp_path / "demo", "http://127.0.0.1:1")
    environment["BROKER_OIM_URL"] = "http://oim.test"

    build(environment, bell=NobodyToWake()).sessions.kw["bind"].dispose()


@pytest.mark.parametrize("base_url", ["https://broker.example.com", "http://127.0.0.1:1"])
@pytest.mark.parametrize("source", ["http://idp.example.com/metadata", "ftp://localhost/m"])
def test_metadata_that_anybody_can_change_on_its_way_is_refused(
    base_url: str, source: str, tmp_path: Path
) -> None:
    environment = replaced(demo(tmp_path / "demo", base_url))

    (fault,) = faults(environment | {"BROKER_SAML_IDP_METADATA": source})

    assert fault.startswith("BROKER_SAML_IDP_METADATA: must be a file, or begin with https://")


# ---- the database --------------------------------------------------------------------------------


def test_outside_loopback_several_processes_need_postgresql(tmp_path: Path) -> None:
    environment = replaced(demo(tmp_path / "demo")) | {"BROKER_DATABASE_URL": "sqlite:///x"}

    with pytest.raises(BadSettings) as refused:
        build(environment)

    (fault,) = refused.value.faults
    assert fault.startswith("BROKER_DATABASE_URL: SQLite serves one process only")


def test_all_that_is_missing_is_told_in_one_go() -> None:
    with pytest.raises(BadSettings) as refused:
        build({})

    assert [fault.split(" ")[0] for fault in refused.value.faults] == [
        "BROKER_BASE_URL", "BROKER_SECRET_KEY", "BROKER_AUDIT_KEY", "BROKER_SAML_IDP_METADATA",
        "BROKER_OIM_URL", "BROKER_OIM_USERNAME", "BROKER_OIM_PASSWORD", "BROKER_OIM_CONSOLE_URL",
        "BROKER_SERVICENOW_URL", "BROKER_SERVICENOW_USERNAME", "BROKER_REDIS_URL",
        "BROKER_DATABASE_URL:",
    ]  # fmt: skip
