"""Answers of the store for the server: what goes wrong there, in the words of the server's ports."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dashboards.server import ports
from pipeline.store.errors import QueryFailedError, StoreError


@contextmanager
def for_the_server() -> Iterator[None]:
    """Run a question. Raises ports.TooSlowError when the store, or whoever waits, gave up on it, and
    ports.StoreUnavailableError when there is no store to ask."""
    try:
        yield
    except (TimeoutError, QueryFailedError) as error:
        raise ports.TooSlowError(str(error)) from error
    except StoreError as error:
        raise ports.StoreUnavailableError(str(error)) from error
