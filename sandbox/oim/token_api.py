"""The token service, and the facade that gives the same to a GET.

REST API for OIG Token Service; REST API for OIG Facade Service, "GetToken", whose answer is not
shown there: that it is the token service's is our own reading.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, request

from sandbox.oim.access import TOKENS, caller, guard, state, unauthorized

token_api = Blueprint("oim_tokens", __name__)


def _deployed() -> None:
    """Some older installations have no token service: it came with a bundle patch."""
    if not state().switches.token_service_deployed:
        abort(404)


token_api.before_request(_deployed)
token_api.before_request(guard)


@token_api.post(f"{TOKENS}/tokens")
def issue_token() -> dict[str, Any]:
    """A token for the caller."""
    return _issued()


@token_api.put(f"{TOKENS}/tokens")
def renew_token() -> dict[str, Any] | Response:
    """A fresh one for a token that is still good, and for nothing else."""
    proof = request.authorization
    return _issued() if proof is not None and proof.type == "bearer" else unauthorized()


@token_api.get("/iam/governance/FacadeWebApp/GetToken")
def get_token() -> dict[str, Any]:
    """A token for the caller; from 12.2.1.3 on."""
    if state().profile != "12c" or not state().switches.token_facade_served:
        abort(404)
    return _issued()


def _issued() -> dict[str, Any]:
    issued: dict[str, Any] = dict(state().tokens.issue(caller()))
    if not state().switches.expires_in_is_text:
        issued["expiresIn"] = int(issued["expiresIn"])
    return issued
