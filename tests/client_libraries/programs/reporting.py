"""What a program that drives one client library says: a line of JSON for each thing asked of it."""

import json
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass

ASKED = (
    "paging",
    "query",
    "create",
    "change",
    "delete",
    "display values",
    "attachments up",
    "attachments down",
    "OAuth",
    "batch",
    "aggregate",
    "asynchronous",
)


@dataclass(frozen=True)
class Lacks:
    """The library does not offer it."""

    why: str


@dataclass(frozen=True)
class Does:
    """The library offers it, by these names; `proof` raises when it does not work."""

    how: str
    proof: Callable[[], None]


@dataclass(frozen=True)
class Instance:
    """Where the program is sent."""

    host: str = os.environ.get("INSTANCE_HOST", "")
    user: tuple[str, str] = ("admin", "admin")
    client: tuple[str, str] = ("broker", "broker-secret")

    @property
    def url(self) -> str:
        return f"https://{self.host}"


def tell(answers: dict[str, Does | Lacks]) -> None:
    """Prove each thing and say how it went; the exit code is 1 when a proof failed."""
    assert set(answers) == set(ASKED), "every thing asked needs an answer"
    sys.exit(1 if [name for name in ASKED if not told(name, answers[name])] else 0)


def told(name: str, answer: Does | Lacks) -> bool:
    if isinstance(answer, Lacks):
        print(json.dumps({"asked": name, "lacks": answer.why}), flush=True)
        return True
    try:
        answer.proof()
    except Exception:  # noqa: BLE001 - whatever it is, the others are to be proved too
        print(json.dumps({"asked": name, "failed": traceback.format_exc()}), flush=True)
        return False
    print(json.dumps({"asked": name, "does": answer.how}), flush=True)
    return True
