"""Starts the sandbox so that a file takes one of its systems down while it runs.

The sandbox takes its faults at the start. Here they follow the weather: while the folder that
`WEATHER` names holds a file `oim` or `servicenow`, that system answers as one that is down.
The arguments are those of the sandbox.
"""

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask

import sandbox.oim
import sandbox.servicenow
from sandbox.__main__ import main

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def _follow(name: str, create: Callable[..., Flask], weather: Path) -> Callable[..., Flask]:
    def create_app(*arguments: object, **options: object) -> Flask:
        app = create(*arguments, **options)
        app.wsgi_app = _front(name, app, app.wsgi_app, weather)  # type: ignore[method-assign, assignment]  # as Flask advises
        return app

    return create_app


def _front(name: str, app: Flask, inner: "WSGIApplication", weather: Path) -> "WSGIApplication":
    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        app.extensions[name].faults = {"down"} if (weather / name).exists() else set()
        return inner(environ, start_response)

    return answer


if __name__ == "__main__":
    sky = Path(os.environ["WEATHER"])
    sandbox.oim.create_app = _follow("oim", sandbox.oim.create_app, sky)
    sandbox.servicenow.create_app = _follow("servicenow", sandbox.servicenow.create_app, sky)
    sys.exit(main())
