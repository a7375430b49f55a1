"""Everything that notifies, put together from the settings."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import structlog

from compose.accounts.devices import Devices
from compose.accounts.signing_in import book_in
from compose.notify import metrics
from compose.notify.channel import Channel
from compose.notify.delivering import Delivering
from compose.notify.destinations import Destination, DestinationsError, Mail, Push, Webhook, read_destinations
from compose.notify.drafting import drafts_of
from compose.notify.following import Following
from compose.notify.mail import MailChannel
from compose.notify.messages import GIVEN_UP, State
from compose.notify.outbox import FILE, Outbox, OutboxError
from compose.notify.recording import recorder
from compose.notify.web_push.places import Places
from compose.notify.web_push.pushing import Pushing, label_of, state_of_devices
from compose.notify.web_push.sending import PushSender
from compose.notify.web_push.sight import Sight
from compose.notify.webhook import WebhookChannel
from compose.notify.wording import span
from compose.observability import signs
from compose.settings import ConfigError, Settings
from schemas.events.alert import Alert
from schemas.events.incident import Incident
from schemas.wire.publisher import Publisher

log = structlog.get_logger(__name__)

#: Between looks at how each destination does, seconds.
LOOK_EVERY_S = 2.0
#: A destination that has failed, or let something wait, for so long is worth telling, seconds.
TELL_AFTER_S = 60.0


def destinations_in(settings: Settings) -> tuple[Destination, ...]:
    """Return the destinations of these settings. Raises ConfigError."""
    if settings.notify_file is None:
        raise ConfigError("notify_file is not set: it names the file that says who is told (docs/how-to/notify.md)")
    try:
        found = read_destinations(settings.notify_file)
    except DestinationsError as error:
        raise ConfigError(f"notify_file: {error}") from None
    if not settings.push_contact and (push := next((one for one in found if isinstance(one.way, Push)), None)):
        raise ConfigError(f"notify_file: push.{push.name}: push_contact is not set, so no device can be told")
    return found


def outbox_file(settings: Settings) -> Path:
    """Return where the outbox of these settings is."""
    return settings.data_dir / FILE


def channel_to(destination: Destination) -> Channel:
    """Return the way to a destination."""
    match destination.way:
        case Webhook() as way:
            return WebhookChannel(way)
        case Mail() as way:
            return MailChannel(way)
        case Push():
            raise TypeError("devices are told by lines of their own (web_push/pushing.py)")


class Notifying:
    """Follows the log, delivers and records, from ``run`` until it is cancelled."""

    def __init__(self, settings: Settings, destinations: Sequence[Destination], publisher: Publisher) -> None:
        self._outbox = Outbox(outbox_file(settings))
        rules = [one for one in destinations if isinstance(one.way, Push)]
        self._direct = [one for one in destinations if one not in rules]
        self._channels = [channel_to(one) for one in self._direct]
        self._lines = [
            Delivering(one.name, way, self._outbox) for one, way in zip(self._direct, self._channels, strict=True)
        ]
        self._names = {one.name for one in self._direct}
        self._devices = PushRole(settings, rules, self._outbox) if rules else None
        self._recorder = recorder(self._outbox, publisher)
        loop = asyncio.get_running_loop()
        self._following = Following(settings, self._take, lambda: _in_loop(loop, self._wake))
        self._told = ""

    async def run(self) -> None:
        """Notify until cancelled. Raises OutboxError when there can be no outbox."""
        with self._outbox.alone():
            await self._run()

    async def _run(self) -> None:
        await asyncio.to_thread(self._outbox.know, sorted(self._names))
        here = signs.here()
        here.watch("alerts", self._following.fault)
        here.note("destinations", lambda: self._told)
        if self._devices is not None:
            here.note("devices", self._devices.fault)
            self._devices.start()
        here.started = True
        self._following.start()
        try:
            async with asyncio.TaskGroup() as group:
                if self._devices is not None:
                    group.create_task(self._devices.pushing.run())
                for line in self._lines:
                    group.create_task(line.run())
                group.create_task(self._recorder.run())
                group.create_task(self._look())
        finally:
            await asyncio.to_thread(self._following.stop)
            for channel in self._channels:
                await channel.close()
            if self._devices is not None:
                await self._devices.close()
            self._outbox.close()

    def _take(self, events: Sequence[Alert | Incident]) -> int:
        count = self._outbox.put(list(drafts_of(events, self._direct)))
        return count if self._devices is None else count + self._devices.pushing.take(events)

    def _wake(self) -> None:
        for line in self._lines:
            line.woken.set()
        if self._devices is not None:
            self._devices.pushing.woken.set()

    async def _look(self) -> None:
        """Tell how each destination does, and end what has waited for too long."""
        while True:
            try:
                for name in await asyncio.to_thread(self._outbox.give_up_old):
                    metrics.SETTLED.labels(label_of(name), GIVEN_UP).inc()
                states = shown(await asyncio.to_thread(self._outbox.states), self._names, self._devices is not None)
            except OutboxError as error:
                self._told = str(error)
            else:
                now = time.time()
                for state in states:
                    metrics.WAITING.labels(state.name).set(state.waiting)
                    metrics.OLDEST.labels(state.name).set(waits_s(state, now))
                    metrics.DISABLED.labels(state.name).set(bool(state.disabled))
                self._told = " ".join(filter(None, (fault_of(one, now) for one in states)))
            await asyncio.sleep(LOOK_EVERY_S)


class PushRole:
    """What tells devices, and what it needs: the account book, places, a client."""

    def __init__(self, settings: Settings, rules: Sequence[Destination], outbox: Outbox) -> None:
        self._places = Places(settings)
        self._book = book_in(settings)
        self._sender = PushSender(settings.push_hosts, settings.push_contact)
        sight = Sight(settings.audiences, self._places)
        self.pushing = Pushing(rules, Devices(self._book), sight, self._sender, outbox)

    def start(self) -> None:
        """Begin to read where places are."""
        self._places.start()

    def fault(self) -> str:
        """Return what is wrong in words, or ""."""
        return self.pushing.fault

    async def close(self) -> None:
        """Stop reading, close connections and the book."""
        await asyncio.to_thread(self._places.stop)
        await self._sender.close()
        await asyncio.to_thread(self._book.close)


def shown(states: Sequence[State], names: Collection[str], with_devices: bool) -> list[State]:
    """Return how the destinations of the file do, and all devices as one."""
    return [one for one in states if one.name in names] + ([state_of_devices(states)] if with_devices else [])


def _in_loop(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    loop.call_soon_threadsafe(call)


def waits_s(state: State, now: float) -> float:
    """Return for how long the oldest message of a destination has waited, seconds."""
    return 0.0 if state.oldest_at is None else max(now - state.oldest_at, 0.0)


def fault_of(state: State, now: float) -> str:
    """Return what is wrong with a destination in words, or ""."""
    waits = f"{state.waiting} waiting, the oldest for {span(waits_s(state, now))}"
    if state.disabled:
        return f"{state.name} is told nothing more: {state.disabled}; {waits}."
    if state.failing_since is not None and now - state.failing_since > TELL_AFTER_S:
        return f"{state.name} has failed for {span(now - state.failing_since)} ({state.last_error}); {waits}."
    return f"{state.name}: {waits}." if waits_s(state, now) > TELL_AFTER_S else ""
