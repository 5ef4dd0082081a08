"""ServiceNow, by its Table and Batch APIs."""

from broker.connectors.desk.servicenow.servicenow import ServiceNow
from broker.connectors.desk.servicenow.settings import Settings
from broker.ports.desk import Desk

__all__ = ["Settings", "build"]


def build(name: str, settings: Settings) -> Desk:
    """The connection `name` to the instance that `settings` describes."""
    return ServiceNow(name, settings)
