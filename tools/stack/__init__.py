"""The processes of production on this machine, without Docker: `make stack`."""

from tools.stack.services import Service
from tools.stack.site import Stack, running

__all__ = ["Service", "Stack", "running"]
