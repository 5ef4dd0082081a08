"""Where people look at something in OIM's console.

The defaults are addresses meant for use in other pages (Oracle, Developer's Guide, "Using URLs").
No documented address opens a single approval task.
"""

import string
from urllib.parse import quote

REQUEST_ID = "request_id"
# what a browser shows of a session: useless to others, and a secret in one case
_OF_A_SESSION = ("bpmworklistcontext", "_afrloop", "_afrwindow", "_adf.ctrl-state", "jsessionid")


def fault(template: str, *, names: frozenset[str]) -> str:
    """What is wrong with the template of an address, or nothing. `names` are the placeholders
    that it must have, each once.
    """
    if not template.startswith(("/", "https://", "http://")) or template.startswith("//"):
        return "begin with / (then it is below CONSOLE_URL) or with https://"
    if any(mark in template.casefold() for mark in _OF_A_SESSION):
        return "leave out what belongs to a session of a browser: take a documented address"
    if not template.isprintable() or " " in template:
        return "leave out spaces"
    if _placeholders(template) != sorted(names):
        wanted = " and ".join(f"{{{name}}}" for name in sorted(names)) or "no placeholder"
        return f"have {wanted}, once" if names else f"have {wanted}"
    return ""


def _placeholders(template: str) -> list[str]:
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError:
        return ["broken"]
    return sorted(
        f"{name}{form}{turned or ''}" for _, name, form, turned in parts if name is not None
    )


def filled(console: str, template: str, request_id: str = "") -> str:
    """The address; the id cannot leave its place in it, whatever it is."""
    place = template.format(**{REQUEST_ID: quote(request_id, safe="")})
    return place if place.startswith("http") else console.rstrip("/") + place
