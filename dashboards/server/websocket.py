"""The websocket route: hello, then a client of the hub until either side ends it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from functools import partial

import structlog
from starlette.datastructures import Headers
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from dashboards.server.access.gate import actor_of
from dashboards.server.access.sockets import NotLetInError, SocketAccess, WatchedSocket
from dashboards.server.audience import WHOLE, Audience
from dashboards.server.channel import CHANNELS
from dashboards.server.client import Client
from dashboards.server.hub import Hub, HubFullError
from dashboards.server.messages import (
    CLOSE_BAD_MESSAGE,
    CLOSE_FULL,
    CLOSE_NO_REPLAY,
    CLOSE_VERSION,
    SUBPROTOCOL,
    BadMessageError,
    ClientMessage,
    Hello,
    Pause,
    Play,
    Pong,
    Present,
    ReplayWanted,
    Resync,
    Seek,
    Subscribe,
    View,
    read_client_message,
)
from dashboards.server.origin import is_same_origin
from dashboards.server.presence import Presence
from dashboards.server.replay.playing import Replay
from dashboards.server.replay.replays import NoReplayError, Replays

#: Seconds a client has to say hello.
HELLO_S = 5.0
#: The so-manyeth bad message closes the connection.
MAX_BAD_MESSAGES = 3
#: Subscriptions and resyncs a client may ask for at once, and how many come back per second: each makes a snapshot.
REQUESTS_BURST = 20.0
REQUESTS_PER_S = 2.0
#: A close that a stuck client does not take in this time is left to the transport's own timeout.
_CLOSE_S = 1.0

_log = structlog.get_logger(__name__)

Allowed = Callable[[Sequence[str]], list[str]]
Apply = Callable[[ClientMessage], None]


class _RequestBudget:
    def __init__(self, mono: Callable[[], float]) -> None:
        self._mono = mono
        self._left = REQUESTS_BURST
        self._at = mono()

    def spend(self) -> bool:
        now = self._mono()
        self._left = min(REQUESTS_BURST, self._left + (now - self._at) * REQUESTS_PER_S)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class HubRoute:
    """Serves ``/ws``."""

    def __init__(
        self,
        hub_of: Callable[[Headers], Hub],
        whole: Hub,
        hello_s: float = HELLO_S,
        access: SocketAccess | None = None,
        replays: Replays | None = None,
        audience_of: Callable[[Headers], Audience] = lambda headers: WHOLE,
        presence: Presence | None = None,
    ) -> None:
        """``hub_of``: the hub for who asks, by the headers of the handshake; may raise HubFullError. ``whole``: counts
        what is no hello. ``access``: None where nobody is asked who they are. ``replays``: None where there are none.
        ``audience_of``: what who asks may see of them. ``presence``: who has which incident open."""
        self._presence = presence or Presence()
        self._access = access
        self._replays = replays
        self._audience_of = audience_of
        self._hub_of = hub_of
        self._whole = whole
        self._hello_s = hello_s

    async def serve(self, websocket: WebSocket) -> None:
        """Serve one connection from the handshake to its end."""
        if not is_same_origin(websocket.scope):
            await websocket.close()  # before accepting: the handshake is answered with 403
            return
        if SUBPROTOCOL not in websocket.scope.get("subprotocols", ()):
            await websocket.accept()
            await _close(websocket, CLOSE_VERSION, f"subprotocol {SUBPROTOCOL} is required")
            return
        await websocket.accept(subprotocol=SUBPROTOCOL)
        try:
            await self._serve_accepted(websocket)
        except WebSocketDisconnect:
            pass
        except HubFullError:
            await _close(websocket, CLOSE_FULL, "as many clients as this server takes")
        except (NotLetInError, NoReplayError) as error:
            await _close(websocket, error.code, str(error))

    async def _serve_accepted(self, websocket: WebSocket) -> None:
        hello = await self._hello(websocket)
        if hello is None:
            return
        if self._access is None:
            await self._serve_known(websocket, hello, list, None)
            return
        access, session = self._access, self._access.let_in(websocket, hello.ticket)
        with access.watched(websocket, session) as watched:
            await self._serve_known(websocket, hello, lambda sub: access.channels(watched.session, sub), watched)

    async def _serve_known(
        self, websocket: WebSocket, hello: Hello, allowed: Allowed, watched: WatchedSocket | None
    ) -> None:
        """Serve somebody who was let in. ``allowed``: gives those of some channels that may be sent."""
        channels = allowed(hello.sub)
        if hello.replay is not None:
            await self._serve_replay(websocket, hello.replay, channels, watched)
            return
        # Only now: a hub that nobody watches may be let go while we wait, and whoever says nothing needs none.
        hub = self._hub_of(websocket.headers)
        client = hub.join(websocket.send_text)
        client.start(channels, hello.resume, hello.view)
        apply = partial(self._apply, client=client, allowed=allowed, websocket=websocket)
        await self._serve_client(websocket, client, apply, watched, leave=partial(self._leave, hub, client))

    def _leave(self, hub: Hub, client: Client) -> None:
        self._presence.leave(client)
        hub.leave(client)

    async def _serve_replay(
        self, websocket: WebSocket, wanted: ReplayWanted, channels: Sequence[str], watched: WatchedSocket | None
    ) -> None:
        """Serve somebody who looks at the past: the connection never carries anything that is live."""
        if self._replays is None:
            raise NoReplayError(CLOSE_NO_REPLAY, "there are no replays here")
        actor, audience = actor_of(websocket, wanted.actor), self._audience_of(websocket.headers)
        async with self._replays.opened(wanted, actor, audience, channels, websocket.send_text) as replay:
            playing = asyncio.create_task(replay.run(), name="replay")
            apply = partial(_apply_to_replay, replay)
            await self._serve_client(websocket, replay.client, apply, watched, playing, leave=replay.leave)

    async def _serve_client(
        self,
        websocket: WebSocket,
        client: Client,
        apply: Apply,
        watched: WatchedSocket | None,
        *others: asyncio.Task[None],
        leave: Callable[[], None],
    ) -> None:
        """Send and read until either side, or one of the ``others``, ends it; then ``leave``."""
        tasks = [
            asyncio.create_task(client.run(), name="hub-client-send"),
            asyncio.create_task(self._read(websocket, client, apply), name="hub-client-read"),
            asyncio.create_task(client.must_close.wait(), name="hub-client-close"),
            *others,
        ]
        if watched is not None:
            tasks.append(asyncio.create_task(watched.gone.wait(), name="hub-client-access"))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leave()
            for task in tasks:
                task.cancel()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        if watched is not None and watched.gone.is_set():
            await _close(websocket, watched.code, watched.reason)
        for outcome in outcomes:
            if isinstance(outcome, NotLetInError):
                raise outcome
            if isinstance(outcome, Exception) and not isinstance(outcome, WebSocketDisconnect | OSError):
                _log.error("websocket_client_failed", exc_info=outcome)
                await _close(websocket, 1011, "internal error")
        if client.must_close.is_set():
            await _close(websocket, client.close_code, client.close_reason)

    async def _hello(self, websocket: WebSocket) -> Hello | None:
        """Return a valid hello, or close the connection and return None."""
        try:
            async with asyncio.timeout(self._hello_s):
                message = read_client_message(await _receive(websocket))
        except TimeoutError:
            await _close(websocket, CLOSE_BAD_MESSAGE, "no hello in time")
            return None
        except BadMessageError as error:
            self._whole.violations += 1
            await _close(websocket, CLOSE_VERSION if error.version else CLOSE_BAD_MESSAGE, str(error))
            return None
        if not isinstance(message, Hello) or not CHANNELS.keys() >= set(message.sub):
            self._whole.violations += 1
            reason = "unknown channel" if isinstance(message, Hello) else "hello must come first"
            await _close(websocket, CLOSE_BAD_MESSAGE, reason)
            return None
        return message

    async def _read(self, websocket: WebSocket, client: Client, apply: Apply) -> None:
        """Read what the client says until it leaves or has said too much nonsense."""
        bad = 0
        budget = _RequestBudget(self._whole.mono)
        while bad < MAX_BAD_MESSAGES:
            try:
                message = read_client_message(await _receive(websocket))
                client.heard()
                if isinstance(message, Pong):
                    continue
                if not budget.spend():
                    client.close(CLOSE_BAD_MESSAGE, "too many requests")
                    return
                apply(message)
            except BadMessageError:
                bad += 1
                self._whole.violations += 1
        client.close(CLOSE_BAD_MESSAGE, "too many bad messages")

    def _apply(self, message: ClientMessage, *, client: Client, allowed: Allowed, websocket: WebSocket) -> None:
        if isinstance(message, Subscribe) and CHANNELS.keys() >= set(message.sub):
            client.subscribe(allowed(message.sub))
        elif isinstance(message, Resync) and message.ch in client.channels:
            client.resync(message.ch)
        elif isinstance(message, View):
            client.look(message)
        elif isinstance(message, Present):
            if message.incident is None:
                self._presence.leave(client)
            else:
                self._presence.enter(client, message.incident, actor_of(websocket, message.actor))
        else:
            raise BadMessageError("hello twice, or a channel that is unknown or not subscribed")


def _apply_to_replay(replay: Replay, message: ClientMessage) -> None:
    match message:
        case Play():
            replay.play(message.speed)
        case Pause():
            replay.pause()
        case Seek():
            replay.seek(message.at / 1000)
        case Resync() if message.ch in replay.client.channels:
            replay.client.resync(message.ch)
        case _:
            raise BadMessageError("a replay stays one, with the channels it began with")


async def _receive(websocket: WebSocket) -> str | bytes | None:
    message = await websocket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005))
    text: str | None = message.get("text")
    return text if text is not None else message.get("bytes")


async def _close(websocket: WebSocket, code: int, reason: str) -> None:
    """Close if the client still takes it. A stuck one is cut by TCP's own timeout (serve.py)."""
    if websocket.application_state is not WebSocketState.CONNECTED:
        return
    with contextlib.suppress(TimeoutError, WebSocketDisconnect, RuntimeError, OSError):
        async with asyncio.timeout(_CLOSE_S):
            await websocket.close(code, reason)
