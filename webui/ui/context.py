"""What a request handler works with."""

from datetime import datetime

from flask import current_app
from flask_login import current_user
from sqlalchemy.orm import Session

from broker.context import Broker
from broker.domain.visibility import Viewer


def the_broker() -> Broker:
    """The Broker that this app was made for."""
    broker: Broker = current_app.extensions["broker"]
    return broker


def viewer() -> Viewer:
    """Who is signed in. Only behind the gate, where somebody always is."""
    found: Viewer = current_user.viewer
    return found


def now() -> datetime:
    """The present moment of the Broker's clock."""
    return the_broker().clock.now()


def reading() -> Session:
    """A database session for a screen's queries; close it before rendering or calling out."""
    return the_broker().sessions()
