"""Whether two clocks agree well enough for signatures and sign-ins, which both carry times."""

from collections.abc import Iterator
from datetime import timedelta

from broker.doctor.findings import Finding, ok, warning, wrong

# Posts are refused from 5 minutes on, sign-ins from 2 on (webui/api/signature.py,
# webui/auth/saml/checks.py). Whoever is told at one minute has time to mend it.
_WARN, _WRONG = timedelta(seconds=60), timedelta(seconds=120)
_MINUTES_FROM = 120
_MEND = "set both by NTP (timedatectl says whether this machine is)"


def clock(what: str, ahead: timedelta | None) -> Iterator[Finding]:
    """Judge a clock that is so far ahead of ours; nothing is said of one that is not known."""
    if ahead is None:
        return
    if abs(ahead) > _WRONG:
        yield wrong(
            what,
            f"its clock is {_far(ahead)} ours, so that signed posts and sign-ins are refused"
            f" as too old or too early: {_MEND}.",
        )
    elif abs(ahead) > _WARN:
        yield warning(what, f"its clock is {_far(ahead)} ours: {_MEND}.")
    else:
        yield ok(what, "its clock agrees with ours.")


def _far(ahead: timedelta) -> str:
    seconds = round(abs(ahead.total_seconds()))
    length = f"{seconds} seconds" if seconds < _MINUTES_FROM else f"{seconds / 60:.0f} minutes"
    return f"{length} {'ahead of' if ahead > timedelta() else 'behind'}"
