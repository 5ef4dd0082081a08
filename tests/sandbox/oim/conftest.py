"""An OIM of the test's own, spoken to over HTTP."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from sandbox import idp, oim
from sandbox.idp.responses import KeyPair
from sandbox.oim.sign_in import service_provider
from sandbox.web import Server, address, listen, serve
from sandbox.world import World, build_world

API = "/iam/governance/selfservice/api/v1"


class Api:
    """The Self Service API as one user calls it."""

    def __init__(self, url: str, user: str = "broker", password: str = "broker") -> None:
        self.url = url
        self.http = requests.Session()
        self.http.auth = (user, password)
        self.http.headers["X-Requested-By"] = "tests"

    def call(self, method: str, path: str, **more: Any) -> requests.Response:  # noqa: ANN401 -- as requests has it
        return self.http.request(method, self.url + API + path, timeout=5, **more)

    def get(self, path: str, **params: object) -> Any:  # noqa: ANN401 -- JSON
        answer = self.call("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def user(self, login: str) -> str:
        return str(self.get("/users", q=f"User::Login eq {login}")["users"][0]["id"])

    def ask(self, beneficiary: str, role: str = "14", why: str = "month end") -> dict[str, Any]:
        entry = {
            "requestId": "mine-1",
            "reqJustification": why,
            "reqBeneficiaryList": [{"id": beneficiary}],
            "reqTargetEntities": [{"entityType": "role", "entityId": role}],
        }
        answer = self.call("POST", "/requests", json={"requests": [entry]})
        assert answer.status_code == 200
        result: dict[str, Any] = answer.json()["requests"][0]
        return result

    def status(self, request_id: str) -> str:
        return str(self.get(f"/requests/{request_id}")["reqStatus"])

    def wait_for(self, request_id: str, status: str) -> None:
        until(lambda: self.status(request_id) == status, status)


def until(holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.01)


@pytest.fixture(scope="session")
def world() -> World:
    return build_world()


@pytest.fixture(scope="session")
def keys() -> KeyPair:
    return KeyPair.generate()


@pytest.fixture
def site(world: World, keys: KeyPair) -> Iterator[tuple[Server, Server]]:
    """An OIM and the identity provider that it trusts."""
    console, provider = listen(), listen()
    console_url, provider_url = address(console), address(provider, "localhost")
    entity_id, acs_url = service_provider(console_url)
    apps = (
        oim.create_app(
            world,
            base_url=console_url,
            idp_metadata_url=f"{provider_url}/metadata",
            start_seconds=0.02,
            provisioning_seconds=0.1,
        ),
        idp.create_app(
            world, base_url=provider_url, service_providers={entity_id: acs_url}, keys=keys
        ),
    )
    with (
        serve(apps[0], listener=console) as first,
        serve(apps[1], "localhost", listener=provider) as second,
    ):
        yield first, second


@pytest.fixture
def server(site: tuple[Server, Server]) -> Server:
    return site[0]


@pytest.fixture
def installation(server: Server) -> oim.Oim:
    found: oim.Oim = server.app.extensions["oim"]
    return found


@pytest.fixture
def broker(server: Server) -> Api:
    return Api(server.url)


@pytest.fixture
def ada(server: Server) -> Api:
    return Api(server.url, "ada", "demo")


@pytest.fixture
def ben(server: Server) -> Api:
    return Api(server.url, "BEN", "demo")
