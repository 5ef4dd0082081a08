"""The settings of one installation, read once and checked before anything starts.

Every name begins with BROKER_. Any secret may come from a file instead, named by the same
name with _FILE at its end. A connection's own settings are described in its connector's
folder and arrive here untouched.
"""

from broker.settings.demo import DEMO_SECRETS
from broker.settings.faults import BadSettings, Faults, sentences
from broker.settings.given import PREFIX, Given, given, with_files
from broker.settings.model import Settings, load
from broker.settings.names import typos, unknown
from broker.settings.places import is_local, unsafe

__all__ = [
    "DEMO_SECRETS",
    "PREFIX",
    "BadSettings",
    "Faults",
    "Given",
    "Settings",
    "given",
    "is_local",
    "load",
    "sentences",
    "typos",
    "unknown",
    "unsafe",
    "with_files",
]
