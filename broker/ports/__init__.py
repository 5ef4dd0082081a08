"""Protocols for what we do not own: the IGA, the desk, the queue and the clock."""
