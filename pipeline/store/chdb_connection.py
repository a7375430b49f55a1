"""One connection to chDB, kept clean.

What the engine does that this is here for (all measured with chDB 4.4.0):

- What a failed query had written of its answer stands before the *next* answer on the same connection, so one person's
  rows would reach another. After any failure the connection is replaced, which takes less than a millisecond.
- It has two classes called ChdbError; the one that connections raise is a RuntimeError, so that is what is caught.
- A connection does one thing at a time; each must be used by one thread at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.store.parameters import Parameter, chdb_parameter


class ChdbConnection:
    """A connection with settings that are made again when it is replaced. Methods raise RuntimeError on failure."""

    def __init__(self, target: str, preparation: Sequence[str] = ()) -> None:
        """``target``: folder and options. ``preparation``: statements run on every new connection, in order."""
        self._target = target
        self._preparation = list(preparation)
        self._connection: Any = None
        self._open()

    def answer(self, sql: str, fmt: str, params: Mapping[str, Parameter] | None = None) -> bytes:
        """Run a query and return its answer."""
        texts = {name: chdb_parameter(value) for name, value in (params or {}).items()}
        try:
            return bytes(self._connection.query(sql, fmt, params=texts).bytes())
        except RuntimeError:
            self._replace()
            raise

    def insert(self, sql: str, fmt: str, data: bytes) -> None:
        """Run an INSERT with its data. When it returns, the rows are stored."""
        try:
            stream = self._connection.send_insert(sql, fmt)
            stream.append(data)
            stream.finish()
        except RuntimeError:
            self._replace()
            raise

    def prepare(self, *statements: str) -> None:
        """Replace the preparation by these statements and run them now, on a new connection."""
        self._preparation = list(statements)
        self._replace()

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _replace(self) -> None:
        # The new one first: when the last connection closes, the engine shuts down and lets the folder go.
        old = self._connection
        self._open()
        if old is not None:
            old.close()

    def _open(self) -> None:
        import chdb  # not above: importing it reads the working directory, which the store checks first

        self._connection = chdb.connect(self._target)
        for statement in self._preparation:
            self._connection.query(statement)
