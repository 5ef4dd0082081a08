"""An address at which `responses` answers, for answers that no sandbox gives."""

from typing import Any

import responses

from broker.ports.iga import Iga
from tests.connectors.conftest import oim_at

BASE = "https://oim.example.com"
API = f"{BASE}/iam/governance/selfservice/api/v1"


def answered(wire: responses.RequestsMock, path: str, data: object, **more: Any) -> None:  # noqa: ANN401
    """GET of this path is answered with this data, whatever is asked for there."""
    wire.add("GET", f"{API}{path}", json=data, **more)


def user(key: str, login: str) -> dict[str, object]:
    """A user as the API lists one."""
    return {"id": key, "fields": [{"name": "User Login", "value": login}]}


def asked(wire: responses.RequestsMock, end: str) -> int:
    """How many calls there were whose path ends so."""
    return sum((call.request.url or "").partition("?")[0].endswith(end) for call in wire.calls)


def connector(**settings: object) -> Iga:
    """A connector for that address."""
    return oim_at(BASE, **settings)
