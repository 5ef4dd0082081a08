"""Oracle Identity Manager in small: the Self Service API, the token service, and a console."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from datetime import timedelta
from functools import cache
from typing import Literal

from flask import Flask
from werkzeug.exceptions import HTTPException

from sandbox.fault_plan import FaultPlan
from sandbox.oim.access import timed, web_server_error
from sandbox.oim.acting import acting
from sandbox.oim.attachments_api import attachments_api
from sandbox.oim.faults import FaultyFront
from sandbox.oim.records import Delays, Oim
from sandbox.oim.requests_api import requests_api
from sandbox.oim.resource_apis import RESOURCE_APIS
from sandbox.oim.submitting import submitting
from sandbox.oim.switches import SWITCHES, Switches
from sandbox.oim.token_api import token_api
from sandbox.world import World

__all__ = ["Oim", "create_app"]
_SERVICES = (token_api, requests_api, submitting, acting, attachments_api, *RESOURCE_APIS)


def create_app(
    world: World,
    *,
    base_url: str = "http://127.0.0.1:8082",
    idp_metadata_url: str = "http://localhost:8083/metadata",
    provisioning_seconds: float = 1.5,
    start_seconds: float = 0.1,
    approval_seconds: float = 0,
    token_seconds: float = 1800,
    latency_ms: float = 0,
    faults: Iterable[str] = (),
    plan: FaultPlan | None = None,
    profile: Literal["12c", "11g"] = "12c",
) -> Flask:
    """An installation that starts with this world's users, catalogue, requests and holdings.

    `base_url` is where browsers reach the console, `idp_metadata_url` where it learns its IdP
    (read at the first sign-in). `approval_seconds` is how long there is for an approval, 0 for
    ever. `faults` are names from `faults.py`, and from `switches.py` to flip those; `plan` lets
    further faults happen now and then; `profile` is the generation of the product.
    `app.extensions["oim"]` is its state: `faults` is the set of faults in force, `ledger` lists
    the ids of all requests it has accepted, in order.
    """
    from sandbox.oim.sign_in import SignIns

    oim = Oim(world, Delays(start_seconds, provisioning_seconds, approval_seconds))
    oim.tokens.lifetime = timedelta(seconds=token_seconds)
    oim.switches = Switches.flipped(SWITCHES.keys() & set(faults))
    oim.switches.profile_12c &= profile == "12c"
    oim.faults.update(set(faults) - SWITCHES.keys())
    oim.plan = plan
    app = copy(_stateless())
    app.extensions = {
        "oim": oim,
        "oim_sign_ins": SignIns(base_url.rstrip("/"), idp_metadata_url),
    }
    app.wsgi_app = FaultyFront(app.wsgi_app, oim, latency_ms)  # type: ignore[method-assign]  # as Flask advises
    return app


@cache
def _stateless() -> Flask:
    """The addresses and templates of every installation, compiled once: half of what an app would
    cost. All that one installation knows is in its `extensions`.
    """
    from sandbox.oim.console import console
    from sandbox.oim.sign_in import sign_in

    app = Flask(__name__)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it
    for part in (*_SERVICES, sign_in, console):
        app.register_blueprint(part)
    app.after_request(timed)
    app.register_error_handler(HTTPException, web_server_error)
    return app
