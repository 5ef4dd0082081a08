"""Where log lines go: to standard error, so that what a command prints stays clean."""

import logging
import sys

import structlog


def configure(talkative: bool) -> None:
    """Lines with time and level. Commands that end soon only say what went wrong."""
    level = logging.INFO if talkative else logging.WARNING
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper("iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # Looked up at each use: whoever redirects standard error gets the lines too.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
