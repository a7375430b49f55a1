"""The way to one device, as the line that delivers sees it: asks anew whether it may be told, then tells it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Sequence

import msgspec

from compose.accounts.devices import Devices, Receiver
from compose.notify.channel import AWAY, GONE, MOOT, Outcome, Room
from compose.notify.messages import Message
from compose.notify.occasions import WITHDRAWN
from compose.notify.web_push.encryption import b64
from compose.notify.web_push.sending import PushMessage, PushSender
from compose.notify.web_push.sight import PLACES_UNKNOWN, Sight
from compose.notify.web_push.told import Told, decode_told
from dashboards.server.access.session import AccountsUnavailableError

#: For how long after it came up something is worth a push, seconds, and how soon a push service is to bring it
#: (RFC 8030 §5.2, §5.3): what is less grave wakes no sleeping phone.
TTL_S = {"P1": 4 * 3600, "P2": 2 * 3600, "P3": 3600, "P4": 1800, "": 2 * 3600}
URGENCY = {"P1": "high", "P2": "high", "P3": "normal", "P4": "low", "": "normal"}


class DeviceChannel:
    """Implements ``compose.notify.channel.Channel``."""

    def __init__(self, device: str, devices: Devices, sight: Sight, sender: PushSender) -> None:
        self._device = device
        self._devices = devices
        self._sight = sight
        self._sender = sender

    def room(self, now: float) -> Room:
        """One at a time, always."""
        return Room(1)

    async def send(self, messages: Sequence[Message], now: float) -> Outcome:
        """As in the protocol."""
        (message,) = messages
        try:
            receiver = await asyncio.to_thread(self._devices.receiver, self._device)
            key = await asyncio.to_thread(self._devices.key)
        except AccountsUnavailableError:
            return Outcome(AWAY, "accounts_unavailable")
        if receiver is None:
            return Outcome(MOOT, "no_such_device")
        told = decode_told(message.content)
        left_s = int(told.at.timestamp() + TTL_S[told.severity] - now)
        if left_s <= 0:
            return Outcome(MOOT, "too_late")
        if why := await asyncio.to_thread(self._sight.why_not, receiver, told):
            return Outcome(AWAY if why == PLACES_UNKNOWN else MOOT, why)
        sent = PushMessage(body_of(told), left_s, URGENCY[told.severity], topic_of(receiver, told))
        outcome = await self._sender.send(receiver.address, sent, key, now)
        if outcome.kind != GONE:
            return outcome
        await asyncio.to_thread(self._devices.remove, receiver.account, self._device, "notify:push", outcome.reason)
        return Outcome(MOOT, outcome.reason)

    async def close(self) -> None:
        """Nothing of its own stays open."""


def body_of(told: Told) -> bytes:
    """Return what the browser is told: how grave, what kind, and by which id the page finds it."""
    return msgspec.json.encode({"kind": told.kind, "severity": told.severity, "id": told.id})


def topic_of(receiver: Receiver, told: Told) -> str:
    """Return what a newer message takes the place of (RFC 8030 §5.4): one of the same gravity of the same incident.

    Never a graver one, and a withdrawal only what it withdraws. By a secret of the device, so that a push service does
    not see which devices are told of the same thing.
    """
    group = told.id if told.kind == WITHDRAWN else told.incident_id or told.id
    said = f"{group}:{told.severity}".encode()
    return b64(hmac.digest(receiver.address.auth.encode(), said, hashlib.sha256))[:32]
