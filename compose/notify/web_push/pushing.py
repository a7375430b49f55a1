"""Who of the people is told of what, and the lines to their devices: each device is a destination of the outbox."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec
import structlog
from msgspec.structs import replace

from compose.accounts.devices import Devices, Receiver
from compose.notify.channel import AWAY, TAKEN, Outcome
from compose.notify.delivering import LOOK_EVERY_S, Delivering
from compose.notify.destinations import DEVICES, Destination, Push
from compose.notify.drafting import draft_of
from compose.notify.messages import Draft, State
from compose.notify.occasions import Occasion, occasions_of, why_not
from compose.notify.outbox import Outbox, OutboxError
from compose.notify.web_push.device import TTL_S, DeviceChannel
from compose.notify.web_push.sending import PushMessage, PushSender
from compose.notify.web_push.sight import PLACES_UNKNOWN, Sight
from compose.notify.web_push.told import told_of, why_over
from compose.notify.wording import encode
from dashboards.server.access.session import AccountsUnavailableError
from schemas.events.alert import Alert
from schemas.events.incident import Incident

#: What devices are called in the outbox begins so, which no destination of the file can.
PREFIX = "push/"
#: Devices that are told at once.
AT_ONCE = 16
#: Between looks at which devices there are, seconds.
LOOK_AT_DEVICES_S = 10.0

log = structlog.get_logger(__name__)


def name_of(account: str, device: str) -> str:
    """Return what a device is called in the outbox, and in the record of who was told."""
    return f"{PREFIX}{account}/{device}"


class Pushing:
    """``rules``: the destinations of the file that are devices."""

    def __init__(
        self,
        rules: Sequence[Destination],
        devices: Devices,
        sight: Sight,
        sender: PushSender,
        outbox: Outbox,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._rules = rules
        self._devices = devices
        self._sight = sight
        self._sender = sender
        self._outbox = outbox
        self._now = now
        #: Set when something new may wait.
        self.woken = asyncio.Event()
        #: What is wrong in words, or "".
        self.fault = ""

    def take(self, events: Sequence[Alert | Incident]) -> int:
        """Put into the outbox what these states are an occasion for, and take out what they end; return how many came.

        Accounts that cannot be read hold up nobody else: devices are not told of these, and the log says so.
        """
        for event in events:
            if why := why_over(event):
                self._outbox.over(str(_id_of(event)), PREFIX, why)
        occasions = [occasion for event in events for occasion in occasions_of(event)]
        if not occasions:
            return 0
        try:
            receivers = self._known()
        except AccountsUnavailableError as error:
            self.fault = f"Devices are not told: {error}."
            log.error("devices are not told", why=str(error), count=len(occasions))
            return 0
        self.fault = ""
        return self._outbox.put(list(self._drafts_of(occasions, receivers)))

    def _drafts_of(self, occasions: Iterable[Occasion], receivers: Sequence[Receiver]) -> Iterator[Draft]:
        for occasion in occasions:
            rules = [one.way for one in self._rules if isinstance(one.way, Push) and not why_not(one, occasion)]
            told = told_of(occasion)
            for one in receivers:
                if any(is_named(way, one) for way in rules) and self._sight.why_not(one, told) in ("", PLACES_UNKNOWN):
                    yield draft_of(name_of(one.account, one.device), occasion, encode(told))

    def _known(self) -> list[Receiver]:
        """Return who may be told now; all of them are known to the outbox."""
        receivers = self._devices.receivers()
        self._outbox.know_since({name_of(one.account, one.device): one.made_at for one in receivers})
        return receivers

    async def run(self) -> None:
        """Tell the devices until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._deliver())
            group.create_task(self._look())

    async def _deliver(self) -> None:
        while True:
            if await self.step():
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self.woken.wait()
                self.woken.clear()

    async def step(self) -> bool:
        """Try each device once to which something is to be sent; return whether there was any."""
        try:
            names = await asyncio.to_thread(self._outbox.due_below, PREFIX, AT_ONCE)
            done = await asyncio.gather(*map(self._tell, names), return_exceptions=True)
        except OutboxError as error:
            log.error("notifications cannot be read", why=str(error))
            return False
        wrong = [one for one in done if isinstance(one, BaseException)]
        for one in wrong:
            log.error("a device could not be told", why=type(one).__name__)
        return bool(names) and not wrong

    async def _tell(self, name: str) -> None:
        channel = DeviceChannel(name.rpartition("/")[2], self._devices, self._sight, self._sender)
        await Delivering(name, channel, self._outbox, label=DEVICES, now=self._now).step()

    async def _look(self) -> None:
        """Forget the devices of who has ended, and in the outbox those that there are no more."""
        while True:
            try:
                await asyncio.to_thread(self._forget)
            except (AccountsUnavailableError, OutboxError) as error:
                log.error("devices cannot be looked at", why=str(error))
            await asyncio.sleep(LOOK_AT_DEVICES_S)

    def _forget(self) -> None:
        self._devices.forget_ended()
        here = {name_of(one.account, one.device) for one in self._devices.of()}
        known = [one for one in self._outbox.states() if one.name.startswith(PREFIX)]
        # What waits for one is given up by its line, with the reason.
        self._outbox.forget([one.name for one in known if one.name not in here and not one.waiting])


async def try_devices(way: Push, devices: Devices, sender: PushSender, now: float) -> Outcome:
    """Send a made-up message to every device of a rule, and say how many took it."""
    key, taken, count = await asyncio.to_thread(devices.key), 0, 0
    body = msgspec.json.encode({"kind": "test", "severity": "", "id": ""})
    for one in await asyncio.to_thread(devices.receivers):
        if is_named(way, one):
            outcome = await sender.send(one.address, PushMessage(body, TTL_S["P4"], "high", "test"), key, now)
            count, taken = count + 1, taken + (outcome.kind == TAKEN)
    return Outcome(TAKEN if count and taken == count else AWAY, f"{taken} of {count} devices")


def is_named(way: Push, receiver: Receiver) -> bool:
    """Return whether a rule is for this person."""
    return not way.roles or not way.roles.isdisjoint(receiver.roles)


def label_of(name: str) -> str:
    """Return what figures call a destination of the outbox: nobody is named there."""
    return DEVICES if name.startswith(PREFIX) else name


def state_of_devices(states: Iterable[State]) -> State:
    """Return how all devices together do."""
    found = [one for one in states if one.name.startswith(PREFIX)]
    base = State(
        name=DEVICES, waiting=0, delivered=0, given_up=0, oldest_at=None, disabled="", paused_until=0.0,
        failing_since=None, last_error="", delivered_at=None,
    )  # fmt: skip
    return replace(
        base,
        waiting=sum(one.waiting for one in found),
        delivered=sum(one.delivered for one in found),
        given_up=sum(one.given_up for one in found),
        oldest_at=min((one.oldest_at for one in found if one.oldest_at is not None), default=None),
        failing_since=min((one.failing_since for one in found if one.failing_since is not None), default=None),
        last_error=next((one.last_error for one in found if one.last_error), ""),
        delivered_at=max((one.delivered_at for one in found if one.delivered_at is not None), default=None),
    )


def _id_of(event: Alert | Incident) -> object:
    return event.alert_id if isinstance(event, Alert) else event.incident_id
