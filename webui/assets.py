"""Files for the browser. htmx comes from an installed package and is checked before use."""

import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from flask import Blueprint, Flask, Response

from broker.settings import BadSettings
from webui.ui.access import public

HTMX_SHA256 = "71ea67185bfa8c98c39d31717c6fce5d852370fcdfd129db4543774d3145c0de"
_HTMX_FILE = "static/django_htmx/htmx-2.min.js"
_YEAR = "public, max-age=31536000, immutable"

assets = Blueprint("assets", __name__)


def load_htmx() -> bytes:
    """htmx 2, minified; BadSettings unless it is exactly the file we know."""
    spec = find_spec("django_htmx")
    if spec is None or spec.origin is None:
        raise BadSettings(["htmx is missing: install requirements-assets.txt (with --no-deps)."])
    path = Path(spec.origin).parent / _HTMX_FILE
    content = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(content).hexdigest() != HTMX_SHA256:
        raise BadSettings([f"{path} is not the htmx that was reviewed: its SHA-256 differs."])
    return content


@assets.get(f"/assets/htmx-{HTMX_SHA256[:12]}.js")
@public
def htmx_file() -> Response:
    """htmx, under a name that changes with its content."""
    return Response(load_once(), mimetype="text/javascript", headers={"Cache-Control": _YEAR})


@cache
def load_once() -> bytes:
    """The checked file, read once a process."""
    return load_htmx()


def register(app: Flask) -> None:
    """Serve the files, and let templates name ours by content, so that browsers may keep them."""
    load_once()
    app.register_blueprint(assets)
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 31536000
    ours = Path(str(app.static_folder))
    theirs = Path(str(app.blueprints["bootstrap"].static_folder))

    # Bound to no request: whoever asks under an unknown host has no addresses, but an error page.
    urls = app.url_map.bind("")

    @app.template_global()
    def asset(name: str) -> str:
        """The address of one of our own static files."""
        return urls.build("static", {"filename": name, "v": version(ours / name)})

    @app.template_global()
    def bootstrap_css() -> str:
        """The address of Bootstrap's style sheet."""
        name = "css/bootstrap.min.css"
        return urls.build("bootstrap.static", {"filename": name, "v": version(theirs / name)})


@cache
def version(file: Path) -> str:
    """A word that changes with the file's content."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]
