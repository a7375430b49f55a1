"""One try of a signed webhook: no redirects, bounded in time, to the machine that was looked up and found allowed."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2
import msgspec

from compose.notify.channel import AWAY, GONE, TAKEN, UNWANTED, Outcome, Room
from compose.notify.destinations import Webhook
from compose.notify.messages import Message
from compose.notify.signing import signed_headers
from compose.notify.wording import data_of, decode
from compose.pictures.allowed import AllowedAddresses, NotAllowedError, Resolve

#: A receiver must have answered within this time; the specification says 15 to 30 s.
MAX_S = 15.0
#: A receiver may put us off for so long at most.
MOST_RETRY_AFTER_S = 6 * 3600.0
#: Answers that are about the receiver, not about this message. Any 5xx is too.
_AWAY = frozenset({408, 425, 429})


class WebhookChannel:
    """Implements ``compose.notify.channel.Channel``."""

    def __init__(self, way: Webhook, *, max_s: float = MAX_S, resolve: Resolve | None = None) -> None:
        url = httpx2.URL(way.url)
        self._way = way
        self._max_s = max_s
        self._allowed = AllowedAddresses([f"{url.scheme}://{url.netloc.decode()}"], way.networks, resolve)
        tls = ssl.create_default_context(cafile=way.ca_file) if way.ca_file else True
        self._client = httpx2.AsyncClient(follow_redirects=False, trust_env=False, timeout=max_s, verify=tls)

    def room(self, now: float) -> Room:
        """One at a time, always."""
        return Room(1)

    async def send(self, messages: Sequence[Message], now: float) -> Outcome:
        """As in the protocol."""
        (message,) = messages
        body = body_of(message, now)
        headers = {
            "content-type": "application/json",
            "user-agent": "watchfloor",
            **signed_headers(message.message_id, int(now), body, self._way.keys),
        }
        try:
            async with asyncio.timeout(self._max_s):
                target = await self._allowed.target(self._way.url)
                self._client.cookies.clear()
                request = target.request(self._client, "POST", headers, body)
                answer = await self._client.send(request, stream=True)
                await answer.aclose()  # what it says is of no use, and need not end
        except NotAllowedError as error:
            return Outcome(AWAY, error.reason)
        except TimeoutError:
            return Outcome(AWAY, "too_slow")
        except (OSError, httpx2.HTTPError):
            return Outcome(AWAY, "unreachable")
        return outcome_of(answer.status_code, answer.headers.get("retry-after", ""), now)

    async def close(self) -> None:
        """Close connections."""
        await self._client.aclose()


def body_of(message: Message, now: float) -> bytes:
    """Return what is sent: type, time and data, as the specification names them."""
    return msgspec.json.encode(
        {
            "type": message.kind,
            "timestamp": datetime.fromtimestamp(message.at, UTC),
            "data": data_of(decode(message.content), now),
        }
    )


def outcome_of(status: int, retry_after: str, now: float) -> Outcome:
    """Return what an answer means."""
    reason = f"http_{status}"
    if 200 <= status < 300:
        return Outcome(TAKEN, reason)
    if status == 410:
        return Outcome(GONE, reason)
    if status in _AWAY or status >= 500 or 300 <= status < 400:
        return Outcome(AWAY, reason, _seconds(retry_after, now))
    return Outcome(UNWANTED, reason)


def _seconds(retry_after: str, now: float) -> float | None:
    """Return for how long a receiver puts us off: seconds or a date (RFC 9110 §10.2.3)."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), MOST_RETRY_AFTER_S)
    try:
        wait = parsedate_to_datetime(text).timestamp() - now
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(wait, 0.0), MOST_RETRY_AFTER_S)
