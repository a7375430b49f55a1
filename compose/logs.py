"""Logs: one JSON object a line, our own and the libraries', without plates, names or tokens."""

from __future__ import annotations

import logging
import sys

import structlog


def configure(level: str, role: str) -> None:
    """Send structlog's and the standard library's logs to standard error as JSON lines."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # These tell of every fetch and every request; a request line may hold a plate typed into an address.
    for noisy in ("aiokafka", "faust", "uvicorn.access", "uvicorn.error", "httpx2", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # These warn of every tenth of a second that the machine was busy.
    for nervous in ("mode", "kafka"):
        logging.getLogger(nervous).setLevel(logging.ERROR)
    structlog.contextvars.bind_contextvars(role=role)
