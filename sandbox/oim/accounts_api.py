"""`/accounts`: what people have in applications; REST API for OIG Self Service, "Account"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from flask import Response, jsonify, request

from sandbox.oim.access import caller, failure, no_such, state
from sandbox.oim.envelope import Json, links, selected
from sandbox.oim.query import Values
from sandbox.oim.records import Holding, User
from sandbox.oim.resource_rows import ACCOUNT_STATUS, account_name, account_row, held_of
from sandbox.oim.resources import known, listing, matching, resource_api, sees, wanted
from sandbox.oim.rows import Target
from sandbox.oim.service import body
from sandbox.oim.workflow import Workflow

accounts_api = resource_api("accounts")


class Account(NamedTuple):
    """Somebody's account in an application."""

    user: User
    held: Holding


_ATTRIBUTES: dict[str, Values[Account]] = {
    "accountname": lambda account: (account_name(account.user),),
    "accountstatus": lambda _: (ACCOUNT_STATUS,),
    "accounttype": lambda _: ("primary",),
    "applicationinstance": lambda account: (account.held.item.name,),
}


@accounts_api.get("/accounts")
def list_accounts() -> Json:
    """The accounts of one user, one's own by default, or all of an application (`appInstance`)."""
    test = matching(_ATTRIBUTES)
    found = [account for account in _asked_for() if test(account)]
    answer = listing("accounts", found, "/accounts")
    rows = [account_row(state(), *account) for account in answer["accounts"]]
    return answer | {"accounts": [selected(row, wanted()) for row in rows]}


def _asked_for() -> Iterable[Account]:
    key, application = request.args.get("userId", request.args.get("userid")), _application()
    if key is None and application is not None:
        return [one for one in _all() if one.held.item.name == application and sees(one.user)]
    user = known(key or caller().key)
    return [
        Account(user, held)
        for held in held_of(state(), user.key, "account")
        if application in (None, held.item.name)
    ]


def _application() -> str | None:
    return request.args.get("appInstance")


def _all() -> Iterator[Account]:
    oim = state()
    for key in list(oim.holdings):
        for held in held_of(oim, key, "account"):
            yield Account(oim.users[key], held)


def _account(account_id: str) -> Account:
    found = next((account for account in _all() if account.held.id == account_id), None)
    if found is None or not sees(found.user):
        no_such("account")
    return found


@accounts_api.get("/accounts/<account_id>")
def show_account(account_id: str) -> Json:
    """One account."""
    return selected(account_row(state(), *_account(account_id)), wanted())


@accounts_api.delete("/accounts/<account_id>")
def revoke_account(account_id: str) -> Response:
    """Revoke an account, by a request unless a rule says direct: then its id stays empty, as in the
    sample of 11.1.2.3, whose `status` this is, too. The word beside a request is our own reading.
    """
    user, held = _account(account_id)
    raised = Workflow(state()).submit(
        caller(), [user.key], [Target(held.item)], "", operation="Revoke Account"
    )
    status = "SUCCESS" if raised.id else "Revoked"
    row = account_row(state(), user, held)
    return jsonify(requestId=raised.id, status=status, id=account_id, name=row["name"])


@accounts_api.put("/accounts/<account_id>/password")
def change_account_password(account_id: str) -> Json | Response:
    """A new password in the target system, which is all that knows it."""
    _account(account_id)
    asked = body()
    if not asked.get("password"):
        return failure(500, "IAM-3050020: The password is against the policy.")
    place = links(f"/accounts/{account_id}/password")
    echo = str(asked.get("requestId") or "")
    return {"links": place, "requestId": echo, "status": "UPDATED", "id": account_id}
