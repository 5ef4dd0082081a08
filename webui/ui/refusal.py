"""An operator's act that was refused: the sentence and what was typed, until the form is shown."""

from dataclasses import dataclass

from flask import Flask, request, session

from webui.ui.live import wants_fragment

_KEY = "refusal"
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the act on one order was refused, and what stood in its form."""

    adopts: bool
    sentence: str
    reason: str
    request_id: str

    @property
    def about(self) -> str:
        """The field that has to be changed: without a reason nothing is looked at."""
        return "request_id" if self.reason and self.adopts else "reason"


def keep(order_id: str, sentence: str) -> None:
    """Remember for the next page what this request's form held."""
    typed = [request.form.get(name, "").strip()[:_LONGEST] for name in ("reason", "request_id")]
    session[_KEY] = [order_id, request.form.get("act") == "adopt", sentence, *typed]


def refusal_of(order_id: str) -> Refusal | None:
    """What was refused about this order, once; parts of a page that renew themselves leave it."""
    kept = session.get(_KEY)
    if wants_fragment() or not kept or kept[0] != order_id:
        return None
    session.pop(_KEY)
    return Refusal(*kept[1:])


def register(app: Flask) -> None:
    """Make it known to the templates."""
    app.add_template_global(refusal_of)
