"""Logs: one JSON object a line, our own and the libraries', without plates, names or tokens."""

from __future__ import annotations

import asyncio
import logging
import sys
from types import TracebackType
from typing import Any

import structlog

from schemas.faults import kind_and_place


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
                structlog.processors.ExceptionRenderer(_without_text),
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


def _without_text(exc_info: tuple[type[BaseException], BaseException, TracebackType | None]) -> str:
    return kind_and_place(exc_info[1])


def tell_of_lost_tasks(loop: asyncio.AbstractEventLoop) -> None:
    """Have a loop log what nobody awaited by kind and place; by itself it quotes the error's text."""
    lost = structlog.get_logger("asyncio")

    def tell(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        told = kind_and_place(error) if isinstance(error, BaseException) else ""
        lost.error("event loop", why=str(context.get("message", "")).partition(":")[0], error=told)

    loop.set_exception_handler(tell)
