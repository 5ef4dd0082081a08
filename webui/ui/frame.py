"""What the frame around every page shows of the person who looks."""

from flask import Flask

from broker.store.views import approvals
from webui.ui.context import reading, the_broker, viewer


def decisions_waiting() -> int:
    """How many decisions wait for the viewer."""
    with reading() as session:
        return approvals.pending_count(session, viewer())


def viewers_iga() -> str:
    """The connection in which the viewer decides and asks."""
    return viewer().iga or the_broker().settings.iga


def own_desk() -> str:
    """The connection in which people order, unless they are told of another."""
    return the_broker().settings.desk


def register(app: Flask) -> None:
    """Make it known to the templates."""
    for function in (decisions_waiting, viewers_iga, own_desk):
        app.add_template_global(function)
