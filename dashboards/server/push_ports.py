"""What the server needs of whoever keeps the devices that people want to be told on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct


class Device(Struct, frozen=True, kw_only=True):
    """A device as its person sees it. ``device``: its id, a digest of its address. ``made_at``: Unix time, seconds."""

    device: str
    account: str
    name: str
    made_at: float


class PushAddress(Struct, frozen=True):
    """Where and how a browser is told. ``endpoint``: who has it can write there, so it is never shown or logged.

    ``p256dh``, ``auth``: the browser's key and secret (RFC 8291 §2), base64url.
    """

    endpoint: str
    p256dh: str
    auth: str


class PushRefusedError(Exception):
    """A device was not taken. The text says why, and never quotes its address."""


class PushDevices(Protocol):
    """Keeps the devices. Every method may raise AccountsUnavailableError."""

    async def key(self) -> str:
        """Return the public key that browsers are to take messages of."""
        ...

    async def of(self, account: str) -> Sequence[Device]:
        """Return an account's devices, the newest last."""
        ...

    async def add(self, account: str, address: PushAddress, name: str) -> None:
        """Have a device told what its person may see; it is nobody else's from now on. Raises PushRefusedError."""
        ...

    async def remove(self, account: str, device: str) -> bool:
        """Tell an account's device nothing more; False when it has none of this id."""
        ...
