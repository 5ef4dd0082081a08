"""How gunicorn serves `wsgi:app`. WEB_CONCURRENCY and WEB_THREADS size it.

Each process loads the application after the fork (no preload): connections to PostgreSQL and
Redis must not be shared between processes.
"""

import os
import sys

from broker.bootstrap import build
from broker.settings import BadSettings
from cli import logs

# The same lines as the other processes write; without this a failure would be printed with the
# values of its variables.
logs.configure(talkative=True)

workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS", "8"))
preload_app = False

# A process whose loop says nothing for so long is replaced. A page that takes long does not
# count: with threads the loop goes on beside it.
timeout = 60
# SIGTERM: no new connections, those being served have so long to end. Shorter than what the
# container (stop_grace_period) or systemd (TimeoutStopSec) allows.
graceful_timeout = 30
keepalive = 5

# Whom to believe about X-Forwarded-… is decided in one place, by BROKER_TRUSTED_PROXIES
# (webui/security.py); gunicorn itself believes nobody.
forwarded_allow_ips = ""

# The root file system is read-only: no socket to control it, no file but in /tmp.
control_socket_disable = True

# Errors go to standard error. There is no access log: addresses of pages name people's requests;
# /metrics counts them.
accesslog = None
errorlog = "-"
loglevel = "warning"


def on_starting(_server: object) -> None:
    """Refuse settings that do not do once and in words, before a worker is there to fail."""
    try:
        build(os.environ)
    except BadSettings as bad:
        print(*bad.faults, sep="\n", file=sys.stderr)
        raise SystemExit(4) from None
