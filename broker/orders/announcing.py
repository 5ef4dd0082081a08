"""What the desk's own script would post of an item, made by us from the desk's record."""

from pydantic import ValidationError

from broker.context import Broker
from broker.orders.operate import NotPossible
from broker.orders.post import OrderPost
from broker.ports.desk import DeskOrder

_LONGEST_JUSTIFICATION = 8000


def post_of(broker: Broker, seen: DeskOrder) -> OrderPost:
    """The post of this item; NotPossible if the desk's record does not make one."""
    ref = seen.ref
    if seen.requested_for is None:
        raise NotPossible(f"{ref.item_number} is for nobody at the desk.")
    approvers = [d.approver for d in seen.decisions if d.decision == "approved" and d.approver]
    content = {
        "source": ref.source,
        "request": _record(ref.request_number, ref.request_id),
        "item": _record(ref.item_number, ref.item_id),
        "task": _record(ref.task_number, ref.task_id),
        "action": broker.catalogue.action(ref.source, seen.catalogue_item).value,
        "beneficiary": {"user_name": seen.requested_for.login},
        "requested_by": {"user_name": seen.opened_by.login} if seen.opened_by else None,
        "approved_by": [{"user_name": approver} for approver in approvers],
        "justification": seen.justification[:_LONGEST_JUSTIFICATION],
        "start_date": seen.start_at.isoformat() if seen.start_at else None,
        "end_date": seen.end_at.isoformat() if seen.end_at else None,
    }
    try:
        return OrderPost.model_validate(content)
    except ValidationError as error:
        fields = ", ".join(str(fault["loc"][0]) for fault in error.errors() if fault["loc"])
        raise NotPossible(
            f"{ref.item_number} cannot be announced: the desk's record is odd ({fields})."
        ) from None


def _record(number: str | None, key: str | None) -> dict[str, str] | None:
    return {"number": number, "sys_id": key} if number and key else None
