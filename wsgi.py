"""The web application for a WSGI server such as gunicorn: `wsgi:app`."""

import os
import sys

from flask import Flask

from broker.bootstrap import build
from broker.settings import BadSettings
from webui.app import create_app


def _app_or_exit() -> Flask:
    """The application; or one line per fault on standard error, and an exit code."""
    try:
        return create_app(build(os.environ))
    except BadSettings as bad:
        print(*bad.faults, sep="\n", file=sys.stderr)
        # gunicorn's code for "the application could not be loaded": it does not try again.
        raise SystemExit(4) from None


app = _app_or_exit()
