"""Links into other people's systems."""

from flask import Flask

from broker.ports.desk import OrderRef
from webui.ui.context import the_broker


def iga_request(iga: str, request_id: str) -> str:
    """Where the IGA's console shows a request."""
    return the_broker().iga(iga).request_link(request_id)


def iga_inbox(iga: str | None = None) -> str:
    """Where the IGA's console lets people decide."""
    return the_broker().iga(iga or None).inbox_link()


def iga_access(iga: str | None = None) -> str:
    """Where the IGA's console shows people their access."""
    return the_broker().iga(iga or None).access_link()


def desk_item(ref: OrderRef) -> str:
    """Where the desk shows an item."""
    return the_broker().desk(ref.source).item_link(ref)


def register(app: Flask) -> None:
    """Make the links known to the templates."""
    for function in (iga_request, iga_inbox, iga_access, desk_item):
        app.add_template_global(function)
