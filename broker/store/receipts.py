"""Signed posts already answered: the same id gets the same answer, another body a refusal."""

import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

from broker.store.base import Base


class ReceiptRow(Base):
    """One post of one client, by its webhook-id."""

    __tablename__ = "receipts"

    client: Mapped[str] = mapped_column(String(100), primary_key=True)
    family: Mapped[str] = mapped_column(String(20), primary_key=True)
    webhook_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    body_sha256: Mapped[str] = mapped_column(String(64))
    answer: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(index=True)


class DifferentBody(Exception):
    """The webhook-id was used before, with another body."""


def earlier_answer(
    session: Session, client: str, family: str, webhook_id: str, body_sha256: str
) -> dict[str, object] | None:
    """What was answered to this very post before; DifferentBody if the body has changed."""
    row = session.get(ReceiptRow, (client, family, webhook_id))
    if row is None:
        return None
    if row.body_sha256 != body_sha256:
        raise DifferentBody(webhook_id)
    answer: dict[str, object] = json.loads(row.answer)
    return answer


def keep(
    session: Session,
    client: str,
    family: str,
    webhook_id: str,
    body_sha256: str,
    answer: Mapping[str, object],
    at: datetime,
) -> None:
    """Remember the answer, for a month; a race loses by the primary key."""
    session.add(
        ReceiptRow(
            client=client,
            family=family,
            webhook_id=webhook_id,
            body_sha256=body_sha256,
            answer=json.dumps(answer),
            received_at=at,
        )
    )
    session.flush()
