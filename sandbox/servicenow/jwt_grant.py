"""The JWT bearer grant: a client's signed word for whose token it wants.

ServiceNow docs, "JWT bearer grant" and "JWT bearer token support": RS or ES 256 to 512, `aud`
and `iss` are the client's id, `kid` names the verifier, a `jti` counts once, clocks may differ by
300 seconds.
"""

from __future__ import annotations

from typing import Any

import jwt

from sandbox.servicenow.accounts import Account
from sandbox.servicenow.instance import ServiceNow

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
VERIFIERS = "jwt_verifier_map"
SKEW_SECONDS = 300
ALGORITHMS = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"]


def account_of(instance: ServiceNow, client_id: str, assertion: str) -> Account | None:
    """The account for which a client's signed assertion speaks; None when it does not hold."""
    try:
        claims = _verified(instance, client_id, assertion)
    except (jwt.PyJWTError, LookupError):
        return None
    if instance.switches.jwt_id_counts_once and not instance.tokens.first_use(str(claims["jti"])):
        return None
    return instance.accounts.account(str(claims["sub"]))


def _verified(instance: ServiceNow, client_id: str, assertion: str) -> dict[str, Any]:
    """The claims. Raises PyJWTError, or LookupError when no verifier is registered."""
    kid = str(jwt.get_unverified_header(assertion).get("kid", ""))
    verifiers = instance.records.where(VERIFIERS, kid=kid, client_id=client_id)
    claims: dict[str, Any] = jwt.decode(
        assertion,
        verifiers[0]["certificate"],
        ALGORITHMS,
        audience=client_id,
        issuer=client_id,
        leeway=SKEW_SECONDS,
        options={"require": ["exp", "aud", "iss", "sub", "jti"]},
    )
    return claims
