"""One try of a push message (RFC 8030): encrypted, signed, to a push service that is named, never redirected."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence

import httpx2
from msgspec import Struct

from compose.notify.channel import AWAY, GONE, Outcome
from compose.notify.web_push.encryption import encrypted, unb64
from compose.notify.web_push.services import origin_of
from compose.notify.web_push.vapid import Vapid
from compose.notify.webhook import outcome_of
from compose.pictures.allowed import AllowedAddresses, NotAllowedError, Resolve
from dashboards.server.push_ports import PushAddress

#: A push service must have answered within this time, seconds.
MAX_S = 15.0


class PushMessage(Struct, frozen=True):
    """What a push service is told: for how long to keep it, how soon to bring it, and what it takes the place of."""

    body: bytes
    ttl_s: int
    urgency: str
    topic: str


class PushSender:
    """Sends to devices. ``networks``: those inside that a push service may be in; none: only the internet."""

    def __init__(
        self,
        hosts: Sequence[str],
        contact: str,
        *,
        networks: Sequence[str] = (),
        tls: ssl.SSLContext | None = None,
        resolve: Resolve | None = None,
        max_s: float = MAX_S,
    ) -> None:
        self._hosts = hosts
        self._contact = contact
        self._networks = networks
        self._resolve = resolve
        self._max_s = max_s
        self._vapid: Vapid | None = None
        self._client = httpx2.AsyncClient(
            follow_redirects=False, trust_env=False, timeout=max_s, verify=True if tls is None else tls
        )

    async def send(self, address: PushAddress, message: PushMessage, key: str, now: float) -> Outcome:
        """Try once. ``key``: the private one, as PEM. Never raises for what the other side does."""
        origin = origin_of(address.endpoint, self._hosts)
        if not origin:
            return Outcome(GONE, "host_not_allowed")
        if self._vapid is None or self._vapid.pem != key:
            self._vapid = Vapid(key, self._contact)
        body = encrypted(message.body, unb64(address.p256dh), unb64(address.auth))
        headers = {
            "authorization": self._vapid.header(origin, now),
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "ttl": str(message.ttl_s),
            "urgency": message.urgency,
            "topic": message.topic,
        }
        try:
            async with asyncio.timeout(self._max_s):
                allowed = AllowedAddresses([origin], self._networks, self._resolve)
                target = await allowed.target(address.endpoint)
                self._client.cookies.clear()
                answer = await self._client.send(target.request(self._client, "POST", headers, body), stream=True)
                await answer.aclose()  # what it says is of no use, and need not end
        except NotAllowedError as error:
            return Outcome(AWAY, error.reason)
        except TimeoutError:
            return Outcome(AWAY, "too_slow")
        except (OSError, httpx2.HTTPError):
            return Outcome(AWAY, "unreachable")
        if answer.status_code in (404, 410):  # RFC 8030 §7.3: the subscription has ended
            return Outcome(GONE, f"http_{answer.status_code}")
        return outcome_of(answer.status_code, answer.headers.get("retry-after", ""), now)

    async def close(self) -> None:
        """Close connections."""
        await self._client.aclose()
