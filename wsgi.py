"""The web application for a WSGI server such as gunicorn: `wsgi:app`."""

import os
import sys

from broker.bootstrap import build
from broker.context import Broker
from broker.settings import BadSettings
from webui.app import create_app


def _broker_or_exit() -> Broker:
    """The Broker; one line per fault on standard error, and the exit code of wrong usage."""
    try:
        return build(os.environ)
    except BadSettings as bad:
        print(*bad.faults, sep="\n", file=sys.stderr)
        # gunicorn's code for "the application could not be loaded": it does not try again.
        raise SystemExit(4) from None


app = create_app(_broker_or_exit())
