"""What is wrong with this installation, in sentences that say what to do about it."""

from broker.doctor.findings import Finding, Level, Look, examine
from broker.doctor.looks import looks

__all__ = ["Finding", "Level", "Look", "examine", "looks"]
