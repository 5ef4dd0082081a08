"""One running OIM, with the identity provider that it trusts, and clients for its people."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import requests

from sandbox import idp, oim
from sandbox.idp.responses import KeyPair
from sandbox.oim.sign_in import service_provider
from sandbox.web import Server, address, listen, serve
from sandbox.world import World

HOST_PATH = "/iam/governance"
API = f"{HOST_PATH}/selfservice/api/v1"
TOKENS = f"{HOST_PATH}/token/api/v1/tokens"
FACADE = f"{HOST_PATH}/FacadeWebApp/GetToken"
_PATIENCE_SECONDS = 30


class Api:
    """The Self Service API as one user calls it."""

    def __init__(self, url: str, user: str = "broker", password: str = "broker") -> None:
        self.url = url
        self.http = requests.Session()
        self.http.auth = (user, password)
        self.http.headers["X-Requested-By"] = "tests"

    def call(self, method: str, path: str, **more: Any) -> requests.Response:  # noqa: ANN401 -- as requests has it
        """Any call below the Self Service API; redirects are not followed."""
        return self.outside(method, API + path, **more)

    def outside(self, method: str, path: str, **more: Any) -> requests.Response:  # noqa: ANN401 -- as requests has it
        """Any call to this host."""
        more.setdefault("timeout", _PATIENCE_SECONDS)
        more.setdefault("allow_redirects", False)
        return self.http.request(method, self.url + path, **more)

    def get(self, path: str, **params: object) -> Any:  # noqa: ANN401 -- JSON
        answer = self.call("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def user(self, login: str) -> str:
        """The usr_key of a login."""
        return str(self.get("/users", q=f"User::Login eq {login}")["users"][0]["id"])

    def ask(self, beneficiary: str, role: str = "14", why: str = "month end") -> dict[str, Any]:
        """Request a role; the result of this one entry."""
        return self.order(wanted(beneficiary, role, why))

    def order(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Post one entry; its result."""
        answer = self.call("POST", "/requests", json={"requests": [entry]})
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()["requests"][0]
        return result

    def status(self, request_id: str) -> str:
        return str(self.get(f"/requests/{request_id}")["reqStatus"])

    def wait_for(self, request_id: str, status: str) -> None:
        until(lambda: self.status(request_id) == status, status)

    def take_token(self) -> None:
        """From now on, a token of the token service instead of the password."""
        answer = self.outside("POST", TOKENS)
        assert answer.status_code == 200, answer.text
        self.bear(answer.json()["accessToken"])

    def bear(self, token: str) -> None:
        """From now on, this token instead of the password."""
        self.http.auth = None
        self.http.headers["Authorization"] = f"Bearer {token}"


def wanted(beneficiary: str, role: str = "14", why: str = "month end") -> dict[str, Any]:
    """An entry that asks for a role."""
    return {
        "requestId": "mine-1",
        "reqJustification": why,
        "reqBeneficiaryList": [{"id": beneficiary}],
        "reqTargetEntities": [{"entityType": "role", "entityId": role}],
    }


def until(holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.01)


class Site:
    """One installation: its address, its state, and a client for each of its people."""

    def __init__(self, server: Server, provider: Server, world: World) -> None:
        self.server, self.provider, self.world = server, provider, world
        self.url = server.url
        self.state: oim.Oim = server.app.extensions["oim"]

    def as_(self, login: str) -> Api:
        """A new client for a person (password `demo`) or for `broker`."""
        return Api(self.url, login, "broker" if login == "broker" else "demo")


@contextmanager
def served(world: World, **options: Any) -> Iterator[Site]:  # noqa: ANN401 -- those of create_app
    """An installation and its identity provider, until the block ends."""
    console, provider = listen(), listen()
    console_url, provider_url = address(console), address(provider, "localhost")
    entity_id, acs_url = service_provider(console_url)
    chosen = {"start_seconds": 0.02, "provisioning_seconds": 0.1} | options
    apps = (
        oim.create_app(
            world, base_url=console_url, idp_metadata_url=f"{provider_url}/metadata", **chosen
        ),
        idp.create_app(
            world, base_url=provider_url, service_providers={entity_id: acs_url}, keys=_keys()
        ),
    )
    with (
        serve(apps[0], listener=console) as first,
        serve(apps[1], "localhost", listener=provider) as second,
    ):
        yield Site(first, second, world)


@cache
def _keys() -> KeyPair:
    """Made once, for it takes a moment."""
    return KeyPair.generate()
