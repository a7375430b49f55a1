"""What can go wrong with the store, sorted by what the caller should do about it."""

from __future__ import annotations

import re

from msgspec import Struct


class Limits(Struct, frozen=True):
    """What one query may use: seconds, rows and bytes of its answer, bytes of memory."""

    seconds: float = 10.0
    rows: int = 100_000
    answer_bytes: int = 32 * 2**20
    memory_bytes: int = 400 * 2**20


class StoreError(Exception):
    """Our mistake or a broken store; trying the same again gives the same. The process should stop and be looked at."""


class StoreUnavailableError(StoreError):
    """The store cannot be reached or cannot take rows just now; nothing was lost, trying again is safe."""


class BadRowsError(StoreError):
    """At least one of the rows cannot be stored, whatever is done; the other rows can."""


class QueryRefusedError(Exception):
    """The SQL was not run: it is not one read-only query over our tables. ``reason`` says what to change."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class QueryFailedError(Exception):
    """The SQL was allowed but did not work or went over a limit. ``reason`` is for the person who wrote it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


#: Error codes of ClickHouse (src/Common/ErrorCodes.cpp) that pass by themselves or when room is made.
_PASSING = frozenset({
    74, 75, 76,  # cannot read from, write to or open a file: the disk
    159, 160,  # took too long
    202, 203,  # too many queries at once
    209, 210,  # network
    236, 394,  # stopped while running
    241,  # memory
    243,  # disk full
    252,  # too many parts: merges must catch up
    279,  # all connections failed
    319,  # the outcome of an insert is not known
})  # fmt: skip
#: Codes that pass when a person has changed something at the server: nothing is wrong with the rows or with us.
_UNTIL_REPAIRED = frozenset({
    164, 242,  # read-only: the user, the table
    192, 193, 194, 516,  # who we are: no such user, wrong or no password
    201,  # quota used up
    497,  # not enough rights
})  # fmt: skip
_WAIT = _PASSING | _UNTIL_REPAIRED
#: Codes that say a value cannot be stored.
_BAD_VALUE = frozenset({6, 26, 27, 33, 38, 41, 43, 53, 69, 70, 72, 117, 131, 190, 321, 349, 407, 691})
_TIME_CODES = frozenset({159, 160})
_RESULT_CODES = frozenset({158, 307, 396})
_MEMORY_CODES = frozenset({241})
#: Codes that mean: the query went over one of its limits.
LIMIT_CODES = _TIME_CODES | _RESULT_CODES | _MEMORY_CODES
_CODE = re.compile(r"Code: (\d+)\.")
_NOISE = re.compile(r"Code: \d+\.\s*|DB::Exception:\s*|\s*\(version [^)]*\)\s*$|\s*Stack trace:.*$", re.DOTALL)


def code_of(message: str) -> int:
    """Return ClickHouse's error code in a message, or 0."""
    found = _CODE.search(message)
    return int(found.group(1)) if found else 0


def insert_error(message: str, code: int | None = None) -> StoreError:
    """Return the error that a failed insert means."""
    code = code_of(message) if code is None else code
    if code in _WAIT:
        return StoreUnavailableError(_NOISE.sub("", message))
    if code in _BAD_VALUE:
        return BadRowsError(_NOISE.sub("", message))
    return StoreError(_NOISE.sub("", message))


def command_error(message: str, code: int | None = None) -> StoreError:
    """Return the error that one of our own statements failed with."""
    code = code_of(message) if code is None else code
    return (StoreUnavailableError if code in _WAIT else StoreError)(_NOISE.sub("", message))


def query_error(message: str, limits: Limits, *, code: int | None = None) -> QueryFailedError:
    """Return what to tell the author of a query that failed; limits are said in plain words."""
    code = code_of(message) if code is None else code
    if code in _TIME_CODES:
        return QueryFailedError(
            f"The query took longer than {limits.seconds:g} s. Narrow the time or the place it looks at."
        )
    if code in _RESULT_CODES:
        return too_large(limits)
    if code in _MEMORY_CODES:
        return QueryFailedError("The query needs more memory than it may use. Narrow it, or group by fewer values.")
    return QueryFailedError(_NOISE.sub("", message).strip())


def too_large(limits: Limits) -> QueryFailedError:
    """Return what to tell the author of a query whose answer is too large."""
    return QueryFailedError(
        f"The answer has more than {limits.rows:,} rows or {limits.answer_bytes // 2**20:,} MiB. "
        "Add a LIMIT, or count instead of listing."
    )


def syntax_message(message: str) -> str:
    """Return the parser's complaint about a person's SQL, without our own query around it."""
    return _NOISE.sub("", message).split(": In scope SELECT formatQuerySingleLine")[0].strip()
