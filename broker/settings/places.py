"""Where an address leads: to this machine, or over a network that others may listen to."""

import ipaddress
from urllib.parse import urlsplit


def is_local(address: str) -> bool:
    """Whether the host of a web address is this machine."""
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def unsafe(address: str) -> bool:
    """Whether what is sent there can be read, or answered, by others on the way."""
    return address.lower().startswith("http://") and not is_local(address)
