"""Up to when cameras count as heard: as far as the log was read, and no further."""

from __future__ import annotations

import time
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from compose.roles.process import _heard_until
from schemas.wire.frame import utc_now


def test_cameras_were_heard_until_the_log_was_read_to_its_ends_and_not_until_now() -> None:
    follower: Any = SimpleNamespace(fresh_as_of=time.monotonic() - 12.0)
    heard = _heard_until(follower)
    assert heard is not None
    assert timedelta(seconds=11.5) < utc_now() - heard < timedelta(seconds=20)


def test_before_the_log_was_read_once_nobody_was_heard() -> None:
    follower: Any = SimpleNamespace(fresh_as_of=None)
    assert _heard_until(follower) is None
