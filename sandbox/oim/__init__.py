"""Oracle Identity Manager in small: the Self Service API, the token service, and a console."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import timedelta

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from sandbox.oim.access import Tokens, token_service, web_server_error
from sandbox.oim.faults import be_down
from sandbox.oim.people_api import people_api
from sandbox.oim.records import Delays, Oim
from sandbox.oim.requests_api import requests_api
from sandbox.world import World

__all__ = ["Oim", "create_app"]


def create_app(
    world: World,
    *,
    base_url: str = "http://127.0.0.1:8082",
    idp_metadata_url: str = "http://localhost:8083/metadata",
    provisioning_seconds: float = 1.5,
    start_seconds: float = 0.1,
    token_seconds: float = 1800,
    latency_ms: float = 0,
    faults: Iterable[str] = (),
) -> Flask:
    """An installation that starts with this world's users, catalogue, requests and holdings.

    `base_url` is where browsers reach the console, `idp_metadata_url` where it learns its IdP
    (read at the first sign-in). `app.extensions["oim"]` is its state: `faults` is the set of
    faults in force, `ledger` lists the ids of all requests it has accepted, in order.
    """
    from sandbox.oim.console import console
    from sandbox.oim.sign_in import SignIns, sign_in

    app = Flask(__name__)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it
    oim = Oim(world, Delays(start_seconds, provisioning_seconds))
    oim.faults.update(faults)
    app.extensions["oim"] = oim
    app.extensions["oim_tokens"] = Tokens(timedelta(seconds=token_seconds), oim.clock)
    app.extensions["oim_sign_ins"] = SignIns(base_url.rstrip("/"), idp_metadata_url)

    @app.before_request
    def _weather() -> Response | None:
        time.sleep(latency_ms / 1000)
        return be_down()

    for part in (token_service, requests_api, people_api, sign_in, console):
        app.register_blueprint(part)
    app.register_error_handler(HTTPException, web_server_error)
    return app
