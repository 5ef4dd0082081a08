"""Sign-in: one-time login transactions, used assertions, and sessions kept as rows."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from broker.store.base import Base, changed
from broker.store.people import PersonRow


class LoginRow(Base):
    """A sign-in under way. Named by the handle that travels as RelayState."""

    __tablename__ = "logins"

    handle: Mapped[str] = mapped_column(String(64), primary_key=True)
    request_id: Mapped[str] = mapped_column(String(64))
    browser_hash: Mapped[str] = mapped_column(String(64))
    return_path: Mapped[str] = mapped_column(String(2000))
    expires_at: Mapped[datetime] = mapped_column(index=True)
    identity: Mapped[str | None] = mapped_column(Text)
    answer_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    answered: Mapped[bool] = mapped_column(default=False)


class UsedAssertionRow(Base):
    """An assertion that was accepted once and never will be again."""

    __tablename__ = "used_assertions"

    issuer: Mapped[str] = mapped_column(String(255), primary_key=True)
    assertion_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class SessionRow(Base):
    """One browser's session; the cookie's secret is stored only as a hash."""

    __tablename__ = "sessions"

    id_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"), index=True)
    person: Mapped[PersonRow | None] = relationship(lazy="joined")
    identity: Mapped[str] = mapped_column(Text)
    roles: Mapped[str] = mapped_column(String(100), default="")
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]


def secret() -> str:
    """256 random bits for a cookie or handle."""
    return secrets.token_urlsafe(32)


def hashed(value: str) -> str:
    """How a secret is stored: SHA-256, hex."""
    return hashlib.sha256(value.encode()).hexdigest()


def begin(
    session: Session, request_id: str, browser: str, return_path: str, expires_at: datetime
) -> str:
    """Note that a browser (by its secret) asked to sign in; returns the handle."""
    handle = secret()
    session.add(
        LoginRow(
            handle=handle,
            request_id=request_id,
            browser_hash=hashed(browser),
            return_path=return_path,
            expires_at=expires_at,
        )
    )
    return handle


def claim(session: Session, handle: str, now: datetime) -> str | None:
    """The request id behind a handle, for exactly one answer; None if unknown, late or used."""
    query = (
        update(LoginRow)
        .where(LoginRow.handle == handle, LoginRow.expires_at > now, LoginRow.answered.is_(False))
        .values(answered=True)
        .returning(LoginRow.request_id)
    )
    return session.scalar(query)


def keep_answer(session: Session, handle: str, identity: Mapping[str, object]) -> str:
    """Keep a verified answer until its browser comes for it; returns the one-time code."""
    code = secret()
    query = update(LoginRow).where(LoginRow.handle == handle)
    session.execute(query.values(identity=json.dumps(identity), answer_hash=hashed(code)))
    return code


def collect(
    session: Session, code: str, browser: str, now: datetime
) -> tuple[dict[str, Any], str] | None:
    """The identity and return path, for the browser that asked and only once."""
    row = session.execute(
        delete(LoginRow)
        .where(
            LoginRow.answer_hash == hashed(code),
            LoginRow.browser_hash == hashed(browser),
            LoginRow.expires_at > now,
        )
        .returning(LoginRow.identity, LoginRow.return_path)
    ).first()
    return (json.loads(row[0] or "{}"), row[1]) if row else None


def spend(session: Session, issuer: str, assertion_id: str, expires_at: datetime) -> None:
    """Mark an assertion as used; a second time violates the primary key (IntegrityError)."""
    session.add(UsedAssertionRow(issuer=issuer, assertion_id=assertion_id, expires_at=expires_at))
    session.flush()


def open_session(
    session: Session,
    person: PersonRow | None,
    identity: str,
    roles: str,
    now: datetime,
    expires_at: datetime,
) -> str:
    """Start a session; returns the secret for the cookie."""
    value = secret()
    session.add(
        SessionRow(
            id_hash=hashed(value),
            person_id=person.id if person else None,
            identity=identity,
            roles=roles,
            created_at=now,
            seen_at=now,
            expires_at=expires_at,
        )
    )
    return value


def session_of(session: Session, value: str, now: datetime) -> SessionRow | None:
    """The live session behind a cookie's secret."""
    query = select(SessionRow).where(
        SessionRow.id_hash == hashed(value), SessionRow.expires_at > now
    )
    return session.scalar(query)


def end_session(session: Session, value: str) -> None:
    """End it at once, for every process."""
    session.execute(delete(SessionRow).where(SessionRow.id_hash == hashed(value)))


def end_all(session: Session) -> int:
    """End every session and every sign-in under way; returns how many sessions."""
    session.execute(delete(LoginRow))
    return changed(session, delete(SessionRow))


def sweep(session: Session, now: datetime) -> None:
    """Forget what has expired."""
    for row in (LoginRow, UsedAssertionRow, SessionRow):
        session.execute(delete(row).where(row.expires_at < now))
