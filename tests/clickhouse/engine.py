"""The process that is ClickHouse: runs `clickhouse-local` out of the library until it is killed or its parent is gone.

`python -m tests.clickhouse.engine LIBRARY CONFIG_FILE`, with a pipe as standard input that the parent holds open.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading

#: Listen, then keep the session busy: clickhouse-local ends with its last query.
STATEMENTS = (
    "SYSTEM START LISTEN TCP; "
    "SELECT sleepEachRow(1) FROM system.numbers "
    "SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0, max_threads = 1 FORMAT Null"
)


class _Result(ctypes.Structure):
    """`local_result_v2` of chdb.h."""

    _fields_ = (
        ("buf", ctypes.c_void_p),
        ("len", ctypes.c_size_t),
        ("_vec", ctypes.c_void_p),
        ("elapsed", ctypes.c_double),
        ("rows_read", ctypes.c_uint64),
        ("bytes_read", ctypes.c_uint64),
        ("error_message", ctypes.c_char_p),
    )


def end_with_the_parent() -> None:
    """Wait until nobody holds the other end of our standard input, then end at once."""
    while os.read(0, 1):
        pass
    os._exit(1)


def main() -> None:
    """Run until killed."""
    library = ctypes.CDLL(sys.argv[1])
    library.query_stable_v2.restype = ctypes.POINTER(_Result)
    threading.Thread(target=end_with_the_parent, daemon=True).start()
    arguments = ["clickhouse-local", "--config-file", sys.argv[2], "--query", STATEMENTS]
    given = (ctypes.c_char_p * len(arguments))(*(one.encode() for one in arguments))
    result = library.query_stable_v2(len(arguments), given)
    sys.exit((result.contents.error_message or b"ClickHouse ended by itself").decode("utf-8", "replace"))


if __name__ == "__main__":
    main()
