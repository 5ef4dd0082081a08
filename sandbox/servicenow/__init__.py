"""A small server that behaves like a ServiceNow instance, as far as the broker meets one."""

from sandbox.servicenow.app import create_app

__all__ = ["create_app"]
