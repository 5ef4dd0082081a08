"""Starts the sandbox so that files change how its systems fare while it runs.

The sandbox takes its faults at the start. Here they follow the weather: while the folder that
`WEATHER` names holds a file `oim` or `servicenow`, that system answers as one that is down;
while it holds `oim-slow`, what OIM approves takes an hour to be provisioned. The arguments are
those of the sandbox.
"""

import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask

import sandbox.oim
import sandbox.servicenow
from sandbox.__main__ import main

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_AN_HOUR = 3600.0


def _follow(name: str, create: Callable[..., Flask], weather: Path) -> Callable[..., Flask]:
    def create_app(*arguments: object, **options: object) -> Flask:
        app = create(*arguments, **options)
        obeys = _obedience(name, app.extensions[name], weather)
        app.wsgi_app = _front(obeys, app.wsgi_app)  # type: ignore[method-assign, assignment]  # as Flask advises
        return app

    return create_app


def _obedience(name: str, system: Any, weather: Path) -> Callable[[], None]:  # noqa: ANN401 - either of two
    usual = getattr(system, "delays", None)

    def obey() -> None:
        system.faults = {"down"} if (weather / name).exists() else set()
        if usual:
            slow = (weather / f"{name}-slow").exists()
            system.delays = replace(usual, provisioning=_AN_HOUR) if slow else usual

    return obey


def _front(obey: Callable[[], None], inner: "WSGIApplication") -> "WSGIApplication":
    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        obey()
        return inner(environ, start_response)

    return answer


if __name__ == "__main__":
    sky = Path(os.environ["WEATHER"])
    sandbox.oim.create_app = _follow("oim", sandbox.oim.create_app, sky)
    sandbox.servicenow.create_app = _follow("servicenow", sandbox.servicenow.create_app, sky)
    sys.exit(main())
