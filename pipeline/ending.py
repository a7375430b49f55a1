"""How a worker ends that cannot make something durable, or stands still: at once, to be started anew."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time

import structlog

from pipeline.stall import Stall

log = structlog.get_logger(__name__)

#: Exit status of a worker that could not make an outcome durable (EX_SOFTWARE of sysexits.h).
EXIT_NOT_DURABLE = 70
#: Exit status of a worker that stood still (EX_TEMPFAIL): its supervisor starts it again.
EXIT_STALLED = 75
#: A process that ends may say why, but not for longer than this: whatever blocks it may hold the log's lock, seconds.
SAY_WITHIN_S = 3.0


def end_process(why: str, *, status: int = EXIT_NOT_DURABLE, **context: object) -> None:
    """End at once: no final commit, no orderly shutdown that may hang or acknowledge. Never returns."""
    threading.Thread(target=_exit_anyway, args=(status,), daemon=True).start()
    log.critical("not acknowledged, ending the process", why=why, status=status, **context)
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _exit_anyway(status: int) -> None:
    time.sleep(SAY_WITHIN_S)
    os._exit(status)


def end_stalled(stall: Stall, where: str) -> None:
    """End because something stands still. ``where``: what the event loop's thread does. Never returns."""
    topic, partition = stall.place if stall.place is not None else (None, None)
    end_process(
        stall.why,
        status=EXIT_STALLED,
        topic=topic,
        partition=partition,
        for_s=round(stall.for_s, 1),
        behind=stall.behind,
        loop_at=where,
    )
