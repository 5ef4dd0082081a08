"""Who is calling? Standard Webhooks, version 1: an HMAC over id, time and body.

The specification signs neither method nor address, so each family of addresses has keys of
its own (https://www.standardwebhooks.com, "Signature scheme" and "Verifying signatures").
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from werkzeug.datastructures import Headers

from broker.files import ApiClient

TOLERANCE_SECONDS = 300
CLIENT = "X-Broker-Client"

# The id is printable and has no dot, or `id.timestamp` could be read in two ways.
_ID = re.compile(r"[!-\-/-~]{1,255}")
_SECONDS = re.compile(r"[0-9]{1,12}")
# Stands in for the keys of nobody, so that unknown clients cost the same work.
_NOBODYS_KEYS = (secrets.token_bytes(32),)


class BadSignature(Exception):
    """The request is not signed by a client of ours. The message is for our log only."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A client who has proved itself, and the id it gave to this message."""

    client: ApiClient
    webhook_id: str


def verify(
    clients: Mapping[str, ApiClient],
    family: str,
    headers: Headers,
    content: bytes,
    now: datetime,
) -> Caller:
    """The caller who signed `content` with a key of `family`, within five minutes of `now`.

    Several signatures and several keys are allowed, so that keys can be exchanged in peace.
    Raises BadSignature, after the same work, whatever is wrong.
    """
    client = clients.get(headers.get(CLIENT, ""))
    webhook_id, seconds = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature", "").split(" ")
    signed = f"{webhook_id}.{seconds}.".encode("utf-8", "replace") + content
    genuine = _any_matches(_keys(client, family), signed, given)
    if client is None:
        raise BadSignature("unknown client")
    if not _ID.fullmatch(webhook_id) or not _fresh(seconds, now):
        raise BadSignature("bad id, or a time that is not near ours")
    if not genuine:
        raise BadSignature("no signature fits")
    return Caller(client, webhook_id)


def _keys(client: ApiClient | None, family: str) -> Sequence[bytes]:
    return (client.keys.get(family) if client else None) or _NOBODYS_KEYS


def _fresh(seconds: str, now: datetime) -> bool:
    if not _SECONDS.fullmatch(seconds):
        return False
    return abs(now.timestamp() - int(seconds)) <= TOLERANCE_SECONDS


def _any_matches(keys: Sequence[bytes], signed: bytes, given: Sequence[str]) -> bool:
    right = [signature(key, signed).encode() for key in keys]
    offered = [entry.encode("utf-8", "replace") for entry in given]
    # Summed up, so that every pair is compared, whichever fits.
    return sum(hmac.compare_digest(one, other) for one in right for other in offered) > 0


def signature(key: bytes, signed: bytes) -> str:
    """One entry of the header `webhook-signature`."""
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
