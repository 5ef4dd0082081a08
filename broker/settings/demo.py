"""Every secret that the demo uses. Outside loopback, start refuses each of them."""

from collections.abc import Iterator, Mapping
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

DEMO_SECRETS = frozenset(
    {
        "request-broker-demo-secret-key-000001",
        "request-broker-demo-audit-key-0000001",
        "broker",
        "broker-secret",
        "demo",
        "whsec_cmVxdWVzdC1icm9rZXItZGVtby1vcmRlcnMta2V5LTAwMDEh",
        "whsec_cmVxdWVzdC1icm9rZXItZGVtby1ldmVudHMta2V5LTAwMDEh",
    }
)
SECRET_ENDINGS = ("KEY", "KEYS_BEFORE", "SECRET", "PASSWORD", "TOKEN")


def demo_secrets(values: Mapping[str, str]) -> list[str]:
    """A sentence for every setting that is one of the demo's secrets, or an address with one."""
    return [
        f"{name} {_verb(value)} a secret that the demo uses: choose your own."
        for name, value in sorted(values.items())
        if not DEMO_SECRETS.isdisjoint(_secrets_in(name, value))
    ]


def _verb(value: str) -> str:
    return "holds" if "://" in value else "is"


def _secrets_in(name: str, value: str) -> Iterator[str]:
    if name.endswith(SECRET_ENDINGS):
        yield value
        # some are lists
        yield from map(str.strip, value.split(","))
    if parts := _address(value):
        yield unquote(parts.password or "")
        # as PostgreSQL's addresses may have it
        yield from parse_qs(parts.query).get("password", [])


def _address(value: str) -> SplitResult | None:
    try:
        return urlsplit(value) if "://" in value else None
    except ValueError:
        return None
