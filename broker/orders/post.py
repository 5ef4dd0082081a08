"""The body of a posted order, parsed strictly (first version; see webui.api for its rules)."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from broker.domain.people import normal


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Ref(_Strict):
    number: str
    sys_id: str


class UserName(_Strict):
    user_name: str


class Approval(UserName):
    at: datetime


class Item(_Strict):
    type: Literal["role", "account", "entitlement"]
    name: str


class OrderPost(_Strict):
    source: str
    request: Ref | None = None
    item: Ref
    task: Ref | None = None
    action: Literal["grant", "revoke"]
    beneficiary: UserName
    requested_by: UserName | None = None
    approved_by: tuple[Approval, ...] = ()
    items: tuple[Item, ...] | None = None
    justification: str | None = None
    start_date: datetime | None = None
    end_date: datetime | None = None

    def claims(self) -> dict[str, Any]:
        return {
            "action": self.action,
            "beneficiary": normal(self.beneficiary.user_name),
            "items": sorted((i.type, i.name) for i in self.items) if self.items else None,
            "item": self.item.number,
            "dates": [str(self.start_date), str(self.end_date)],
        }


def parse(body: bytes) -> OrderPost:
    return OrderPost.model_validate_json(body)
