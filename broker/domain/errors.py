"""What can go wrong when we speak to somebody else's system.

A connector turns every failure into one of these, so that use cases decide by kind
and never by status code.
"""


class ConnectorError(Exception):
    """A call to an outside system did not do what was asked.

    `system` is the name of the connection; `reason` is one sentence an operator can act on.
    """

    def __init__(self, system: str, reason: str) -> None:
        super().__init__(f"{system}: {reason}")
        self.system = system
        self.reason = reason


class Unavailable(ConnectorError):
    """Nothing happened; try later. `retry_after` is in seconds, if the system named a time."""

    def __init__(self, system: str, reason: str, retry_after: float | None = None) -> None:
        super().__init__(system, reason)
        self.retry_after = retry_after


class UnknownOutcome(ConnectorError):
    """The write may or may not have happened: look before trying again."""


class Refused(ConnectorError):
    """The system understood and said no. Final."""


class NotFound(ConnectorError):
    """There is no such record, or this account may not see it."""


class Misconfigured(ConnectorError):
    """Credentials, address or rights are wrong: stop, and tell an operator.

    `advice` is what to do about it, where the connector knows better than "look at the settings".
    """

    def __init__(self, system: str, reason: str, advice: str = "") -> None:
        super().__init__(system, reason)
        self.advice = advice


class Postponed(Exception):
    """Not yet, and nobody's fault: look again in `seconds`. The message says what is awaited.

    `forgives` failures that came before, unless this wait is only part of mending one.
    """

    def __init__(self, seconds: float, why: str, *, forgives: bool = True) -> None:
        super().__init__(why)
        self.seconds = seconds
        self.forgives = forgives
