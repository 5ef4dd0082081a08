"""Oracle Identity Manager 11g R2 PS3 and Identity Governance 12c (Self Service REST API)."""

from broker.connectors.iga.oim.oim import Oim
from broker.connectors.iga.oim.settings import Settings
from broker.ports.iga import Iga

__all__ = ["Settings", "build"]


def build(name: str, settings: Settings) -> Iga:
    """The connection `name` to the installation that `settings` describes."""
    return Oim(name, settings)
