"""docker-compose.yml: what it promises, and that its words work, started here without Docker.

No engine reads the file here; what an engine would see is read with PyYAML.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from broker.connectors.registry import desk_products, iga_products
from broker.ports.queue import QueueName
from broker.settings import PREFIX, Settings
from cli.demo import Addresses, free_ports
from tests.conftest import or_skip
from tools.servers import postgresql_program, program, wait_until
from tools.stack.compose import FILE, ROOT, SECRETS, Here, read, secrets_of, settings_in

COMPOSE = yaml.safe_load(FILE.read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if "build" in service]
STACK = [sys.executable, "-m", "tools.stack"]
STEPS = [
    "start", "sign-in", "dashboard", "request", "login-event", "mirrored", "approve", "cleared",
    "order", "forged", "submitted", "referred-back", "provisioned", "closed", "audit",
]  # fmt: skip


# ---- what the file says --------------------------------------------------------------------------


def test_every_process_of_production_is_a_service_and_no_stand_in_is() -> None:
    workers = {f"worker-{queue}" for queue in QueueName}

    assert set(SERVICES) == {"postgresql", "redis", "migrate", "web", "clock"} | workers
    assert "sandbox" not in " ".join(word for part in read().values() for word in part.command)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_nobody_in_particular_on_a_file_system_it_cannot_write(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["user"].partition(":")[0]) > 0
    assert all(place.startswith("/") for place in service["tmpfs"])


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "migrate"])
def test_a_service_is_started_again_and_asked_for_its_health(name: str) -> None:
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"
    assert read()[name].health != ("true",)


def test_only_the_web_is_reached_from_outside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["web"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    for name in ("postgresql", "redis"):
        assert SERVICES[name]["networks"] == ["inside"]


def test_images_are_pinned_to_a_version() -> None:
    tags = [SERVICES[name]["image"].partition(":")[2] for name in ("postgresql", "redis")]
    assert all(tag[:1].isdigit() for tag in tags)


@pytest.mark.parametrize("name", [name for name in OURS if name != "migrate"])
def test_the_broker_starts_after_its_tables_are_made(name: str) -> None:
    after = SERVICES[name]["depends_on"]

    assert after["migrate"] == {"condition": "service_completed_successfully"}
    assert after["redis"] == {"condition": "service_healthy"}
    assert SERVICES["migrate"]["depends_on"]["postgresql"] == {"condition": "service_healthy"}
    assert SERVICES["migrate"]["restart"] == "no"


def test_redis_never_evicts() -> None:
    command = read()["redis"].command
    assert command[command.index("--maxmemory-policy") + 1] == "noeviction"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_given_exactly_the_secrets_that_it_reads(name: str) -> None:
    part, given = read()[name], set(SERVICES[name].get("secrets", ()))
    scripts = (ROOT / "deploy/compose/roles.sql").read_text() if name == "postgresql" else ""

    assert {secret for secret in given if f"{SECRETS}{secret}" in scripts} | set(
        secrets_of(part)
    ) == given
    assert given <= set(COMPOSE["secrets"])


def test_only_the_migration_knows_the_owner_of_the_tables() -> None:
    knows = {name for name in OURS if "database_owner_url" in SERVICES[name]["secrets"]}
    assert knows == {"migrate"}


def test_no_secret_stands_in_the_settings() -> None:
    """Whatever ends like a secret comes from a file."""
    endings = ("KEY", "SECRET", "PASSWORD", "TOKEN", "DATABASE_URL", "OWNER_URL")
    for part in read().values():
        assert [name for name in part.settings if name.endswith(endings)] == []


def test_every_setting_of_the_example_exists() -> None:
    named = settings_in(ROOT / "deploy" / "compose" / "broker.env.example")
    known = {f"{PREFIX}{field.upper()}" for field in Settings.model_fields}
    for products in (iga_products(), desk_products()):
        for name, product in products.items():
            known |= {f"{PREFIX}{name}_{field}".upper() for field in product.settings.model_fields}

    assert {name for name in named if name.startswith(PREFIX)} <= known
    assert {name for name in named if not name.startswith(PREFIX)} == {
        "WEB_CONCURRENCY",
        "WEB_THREADS",
    }


def test_every_file_that_is_mounted_exists_or_has_an_example() -> None:
    told = [*COMPOSE["configs"].values(), *COMPOSE["secrets"].values()]
    missing = [
        each["file"]
        for each in told
        if not (ROOT / each["file"]).exists() and not (ROOT / f"{each['file']}.example").exists()
    ]
    readme = (ROOT / "deploy" / "compose" / "README.md").read_text(encoding="utf-8")

    assert [path for path in missing if f"`{Path(path).name}`" not in readme] == []


# ---- the same words here -------------------------------------------------------------------------


def test_a_place_is_replaced_once_even_where_it_leads_to_another() -> None:
    here = Here({"/run/secrets/": "/tmp/x/secrets/", "/tmp/": "/elsewhere/"})

    assert here.text("/run/secrets/a /tmp/b") == "/tmp/x/secrets/a /elsewhere/b"


@pytest.fixture(scope="module")
def servers() -> None:
    """PostgreSQL and Redis are installed; a skip otherwise."""
    or_skip(lambda: postgresql_program("postgres"))
    or_skip(lambda: program("Redis", "redis-server"))


def starts(test: Callable[..., None]) -> Callable[..., None]:
    """The marks of a test that starts a whole stack."""
    for mark in (
        pytest.mark.slow,
        pytest.mark.timeout(400),
        pytest.mark.usefixtures("servers"),
    ):
        test = mark(test)
    return test


@starts
def test_the_main_job_works_and_nothing_is_left(tmp_path: Path) -> None:
    port = free_ports()

    done = subprocess.run(
        [*STACK, "--check", "--port", str(port)],
        cwd=ROOT, env=outside(tmp_path), capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    told = [line.split()[3].rstrip(":") for line in done.stdout.splitlines()]
    assert told == STEPS
    assert leftovers(port, tmp_path) == []


@starts
def test_ctrl_c_stops_all_that_make_stack_has_shown(tmp_path: Path) -> None:
    with started(tmp_path) as (process, at):
        said = (tmp_path / "said").read_text(encoding="utf-8")
        process.send_signal(signal.SIGINT)

        assert process.wait(120) == 0
        shown = set(read()) - {"migrate"} | {at.broker, at.servicenow, at.oim, at.idp}
        assert [word for word in (*shown, "password is demo") if word not in said] == []
        assert leftovers(at.port, tmp_path) == []


@starts
def test_nothing_outlives_a_killed_stack(tmp_path: Path) -> None:
    with started(tmp_path) as (process, at):
        process.kill()
        process.wait()

        wait_until(lambda: processes(at.port) == [], "the end of its processes", 120)
        shutil.rmtree(ROOT / "var" / f"stack-{at.port}")


@contextmanager
def started(folder: Path) -> Iterator[tuple["subprocess.Popen[bytes]", Addresses]]:
    """`make stack` on free ports, once it is ready."""
    at, said = Addresses(free_ports()), folder / "said"
    with said.open("wb") as out:
        process = subprocess.Popen(
            [*STACK, "--port", str(at.port)],
            cwd=ROOT, env=outside(folder), stdin=subprocess.DEVNULL, stdout=out,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        wait_until(lambda: "Ctrl-C" in said.read_text() or process.poll() is not None, "start", 200)
        assert requests.get(f"{at.broker}/healthz", timeout=30).ok, said.read_text()
        yield process, at
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(120)


def outside(folder: Path) -> dict[str, str]:
    """This environment with a folder of our own for what goes elsewhere, so that we see it."""
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    return {**os.environ, "TMPDIR": str(elsewhere)}


def leftovers(port: int, folder: Path) -> list[str]:
    """Processes and folders that a stack on this port has left."""
    mine = ROOT / "var" / f"stack-{port}"
    folders = [str(mine)] if mine.exists() else []
    return processes(port) + folders + [each.name for each in (folder / "elsewhere").iterdir()]


def processes(port: int) -> list[str]:
    """The processes that know the folder of the stack on this port."""
    mark = f"stack-{port}/".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if mark in told:
            found.append(told.partition(b"\0\0")[0].replace(b"\0", b" ").decode()[:200])
    return found
