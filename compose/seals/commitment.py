"""What a seal commits to of a deed: a keyed hash, so that it tells nothing once the key of its month is gone."""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from compose.on_disk import sync
from schemas.envelope import Event
from schemas.events.action import Action

KEY_BYTES = 32


def canonical(event: Event, without: Collection[str] = ()) -> bytes:
    """Return an event as bytes that are the same from log and store, and after fields with a default were added.

    Keys are sorted, moments have the store's milliseconds, and what is as its default says is left out.
    """
    fields = {}
    for field in msgspec.structs.fields(type(event)):
        value = kept(getattr(event, field.name))
        default = field.default_factory() if callable(field.default_factory) else field.default
        if field.name not in without and value != default:
            fields[field.name] = value
    return msgspec.json.encode(fields, order="sorted")


def kept(value: Any) -> Any:
    """Return a value as the store keeps it: moments to the millisecond, in UTC."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(microsecond=value.microsecond // 1000 * 1000)
    return value


class MonthKeys:
    """A key for the deeds of each month (of ``observed_at``, UTC), in files that only their owner may read.

    Without its file a month's commitments can be neither guessed nor compared: so they are erased.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keys: dict[str, bytes | None] = {}

    def commitment(self, deed: Action, *, make: bool = False) -> str | None:
        """Return what is committed to; None when the month's key is gone. ``make``: a month without a key gets one."""
        month = f"{deed.observed_at.astimezone(UTC):%Y-%m}"
        key = self._keys.get(month)
        if key is None:
            path = self._folder / f"{month}.key"
            key = self._keys[month] = secret_file(path, secrets.token_bytes(KEY_BYTES)) if make else _read(path)
        if key is None:
            return None
        # Each deed has a salt of its own, so one can be shown to somebody without the key of the others.
        salt = hmac.digest(key, deed.event_id.bytes, "sha256")
        return hmac.digest(salt, canonical(deed), "sha256").hex()


def secret_file(path: Path, new: bytes) -> bytes:
    """Return what a secret file holds; it is made with ``new``, on the disk before it is used, when there is none."""
    found = _read(path)
    if found is not None:
        return found
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(new)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync(path.parent)
    return new


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
