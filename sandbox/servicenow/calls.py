"""A call that a script makes to another system, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reply:
    """What came of a call; a transport fault has status 0 and its error."""

    status: int
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    error: str = ""
    milliseconds: int = 0

    def told(self) -> dict[str, Any]:
        """As a script's response object reads it."""
        return {
            "status": self.status,
            "body": self.body,
            "headers": dict(self.headers),
            "error": self.error,
        }


@dataclass(frozen=True)
class Request:
    """One HTTP call of a script."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: str
    timeout_ms: float
    mid_server: str = ""
    correlator: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Request:
        """From what `RESTMessageV2` collected."""
        return cls(
            told["method"],
            told["url"],
            told["headers"],
            told["body"],
            float(told["timeout"]),
            told["mid"],
            told["correlator"],
            told["parameters"],
        )
