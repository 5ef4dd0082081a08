"""The tokens of the token service.

Developer's Guide, "Using the JSON Web Token Service": RS256, half an hour, the life as a string of
seconds.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import timedelta
from functools import cached_property
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sandbox.oim.clock import Clock
from sandbox.oim.rows import User

_KEY_BITS, _KEY_EXPONENT = 2048, 65537
_BY_OUR_CLOCK: jwt.types.Options = {"verify_exp": False, "verify_iat": False}


class Tokens:
    """Gives tokens out and knows them again. `lifetime` counts for those given out from now on."""

    def __init__(self, clock: Clock, lifetime: timedelta = timedelta(minutes=30)) -> None:
        self.lifetime, self._clock = lifetime, clock
        self._given: set[str] = set()

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        """Made when first needed, for it takes a moment."""
        return rsa.generate_private_key(_KEY_EXPONENT, _KEY_BITS)

    @cached_property
    def _head(self) -> dict[str, str]:
        """Which key it is signed with; the thumbprint stands for that of a certificate."""
        public = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
        digest = hashlib.sha1(public, usedforsecurity=False).digest()
        return {"kid": "xell", "x5t": base64.urlsafe_b64encode(digest).decode().rstrip("=")}

    def issue(self, user: User) -> dict[str, str]:
        """A token for this user."""
        at, name = self._clock.now(), secrets.token_hex(8)
        claims = {"sub": user.login, "prn": user.login, "iss": "www.oracle.com", "iat": at,
                  "exp": at + self.lifetime, "jti": name}  # fmt: skip
        token = jwt.encode(claims, self._key, algorithm="RS256", headers=self._head)
        seconds = max(0, int(self.lifetime.total_seconds()) - 1)
        self._given.add(name)
        return {"accessToken": token, "tokenType": "Bearer", "expiresIn": str(seconds)}

    def login(self, token: str, *, expires: bool = True) -> str | None:
        """Whose token this is; None if it is not ours, or `expires` and its life is over."""
        if not self._given:
            return None
        try:
            claims: dict[str, Any] = jwt.decode(
                token, self._key.public_key(), ["RS256"], options=_BY_OUR_CLOCK
            )
        except jwt.InvalidTokenError:
            return None
        over = expires and float(claims["exp"]) <= self._clock.now().timestamp()
        return str(claims["sub"]) if claims["jti"] in self._given and not over else None

    def expire_all(self) -> None:
        """Every token given out so far is refused from now on."""
        self._given.clear()
