"""notify: who outside of the room is told of alerts, how that goes, and telling them again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from compose.commands.moments import moment_of
from compose.commands.output import AsJson, answer, fail
from compose.commands.who import this_user
from compose.settings import Settings, load
from schemas.wire.publisher import BrokerUnavailableError

if TYPE_CHECKING:
    from compose.accounts.devices import Devices
    from compose.notify.channel import Outcome
    from compose.notify.destinations import Destination, Push
    from compose.notify.messages import Draft
    from compose.notify.outbox import Outbox

Name = Annotated[str, typer.Argument(help="The destination, as the file names it.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Tell people outside of the room, by webhook, mail and Web Push.")
    app.add_typer(group, name="notify")

    # What notifies brings clients that no other command needs, so it is imported where it is used.

    @group.callback(invoke_without_command=True)
    def notify(context: typer.Context) -> None:
        if context.invoked_subcommand is None:
            from compose.roles import notify as role
            from compose.roles.runner import run_role

            run_role("notify", load(), role.run)

    @group.command("list")
    def listed(as_json: AsJson = False) -> None:
        """Tell which destinations there are and what each is told; checks the file. Never shows a secret."""
        from compose.notify.destinations import told_of

        found = [told_of(one) for one in _destinations(load())]
        lines = [
            f"{one['name']:20} {one['kind']:8} {one['where']}\n    {', '.join(one['tell'])}; {one['severity']} and "
            f"graver; {one['schedule'] or 'always'} ({one['time_zone']}); "
            f"{'WITH PLATES' if one['plates'] else 'no plates'}"
            + (f"; restricted alerts for {', '.join(one['audiences'])}" if one["audiences"] else "")
            for one in found
        ]
        answer({"destinations": found}, as_json=as_json, text="\n".join(lines) or "The file names no destination.")

    @group.command("status")
    def status(as_json: AsJson = False) -> None:
        """Tell how each destination does: what waits, since when it fails, why; ends with 1 if something is wrong."""
        from compose.notify.run import fault_of, shown

        settings = load()
        found = _destinations(settings)
        names = {one.name for one in found if one.kind != "push"}
        with _outbox(settings, as_json) as outbox:
            outbox.know(sorted(names))
            states = shown(outbox.states(), names, len(names) < len(found))
        now = time.time()
        faults = [text for one in states if (text := fault_of(one, now))]
        lines = [
            f"{one.name:20} {one.waiting} waiting, {one.delivered} delivered, {one.given_up} given up; last delivered "
            f"{'never' if one.delivered_at is None else _moment(one.delivered_at)}"
            + (f"; last error {one.last_error}" if one.last_error else "")
            for one in states
        ]
        answer(
            {"ok": not faults, "destinations": states, "faults": faults}, as_json=as_json,
            text="\n".join([*lines, *faults]) or "The file names no destination.",
        )  # fmt: skip
        raise typer.Exit(1 if faults else 0)

    @group.command("test")
    def test(name: Name, as_json: AsJson = False) -> None:
        """Send a destination a made-up message now, marked as such; ends with 1 when it is not taken."""
        from compose.notify.channel import TAKEN

        settings = load()
        outcome = asyncio.run(_try(settings, _destination(settings, name, as_json)))
        taken = outcome.kind == TAKEN
        text = f"{name} took it ({outcome.reason})." if taken else f"{name} did not take it: {outcome.reason}."
        answer({"taken": taken, "reason": outcome.reason}, as_json=as_json, text=text)
        raise typer.Exit(0 if taken else 1)

    @group.command("replay")
    def replay(
        destination: Annotated[str, typer.Option(help="Who is told again.")],
        from_: Annotated[str, typer.Option("--from", help="What came up from here on: ISO 8601, UTC unless it says.")],
        to: Annotated[str, typer.Option("--to", help="And before this; now unless given.")] = "",
        as_json: AsJson = False,
    ) -> None:
        """Tell a destination again what came up in a time, under the same ids; also what came up before it was named.

        What the destination wants is asked as the file says it now. The log is read, and what the outbox still has of
        that time is told with it. `watchfloor notify` sends it.
        """
        settings = load()
        one = _lasting(settings, destination, as_json)
        begin = moment_of(from_, "--from", as_json).timestamp()
        end = moment_of(to, "--to", as_json).timestamp() if to else time.time()
        if begin >= end:
            fail("--from must be before --to.", 2, as_json=as_json)
        try:
            drafts = list(_from_log(settings, one, begin))
        except BrokerUnavailableError as error:
            fail(f"{error}. Nothing was changed.", as_json=as_json)
        with _outbox(settings, as_json) as outbox:
            outbox.know([one.name])
            count = outbox.replay(drafts, one.name, begin, end, this_user())
        text = f"{count} messages are told to {one.name} again, with the ids they had."
        answer({"destination": one.name, "count": count}, as_json=as_json, text=text)

    @group.command("enable")
    def enable(name: Name, as_json: AsJson = False) -> None:
        """Send to a destination again that answered that it is gone, and try at once what waits."""
        settings = load()
        one = _lasting(settings, name, as_json)
        with _outbox(settings, as_json) as outbox:
            outbox.know([one.name])
            outbox.enable(one.name, this_user())
        answer({"enabled": one.name}, as_json=as_json, text=f"{one.name} is told again what waits, and what comes.")

    @group.command("devices")
    def devices(as_json: AsJson = False) -> None:
        """Tell on which devices people are told, never where these are."""
        with devices_in(load()) as kept:
            found = kept.of()
        lines = [f"{one.account:20} {one.device}  since {_moment(one.made_at)}  {one.name}" for one in found]
        answer({"devices": found}, as_json=as_json, text="\n".join(lines) or "Nobody is told on a device.")

    @group.command("rotate-push-key")
    def rotate_push_key(as_json: AsJson = False) -> None:
        """Make another key by which push services know this server; each device must open the page once again."""
        with devices_in(load()) as kept:
            count = kept.rotate_key(this_user())
        text = f"There is another key. {count} devices are told nothing until their people open the page again."
        answer({"devices": count}, as_json=as_json, text=text)


def _destinations(settings: Settings) -> tuple[Destination, ...]:
    from compose.notify.run import destinations_in

    return destinations_in(settings)


def _destination(settings: Settings, name: str, as_json: bool) -> Destination:
    known = {one.name: one for one in _destinations(settings)}
    if name not in known:
        fail(f"There is no destination {name}. There are: {', '.join(known) or 'none'}.", 2, as_json=as_json)
    return known[name]


@contextmanager
def _outbox(settings: Settings, as_json: bool) -> Iterator[Outbox]:
    """Give the outbox; when it cannot be used the command ends in words."""
    from compose.notify.outbox import Outbox, OutboxError
    from compose.notify.run import outbox_file

    outbox = Outbox(outbox_file(settings))
    try:
        yield outbox
    except OutboxError as error:
        fail(f"{error}. It is in the data folder; is it another user's?", as_json=as_json)
    finally:
        outbox.close()


def _lasting(settings: Settings, name: str, as_json: bool) -> Destination:
    """Return a destination that is told again what it missed: a device is told what is new only."""
    one = _destination(settings, name, as_json)
    if one.kind == "push":
        fail(f"{name} is people's devices: they are told what is new, and turned on and off by their people.", 2,
             as_json=as_json)  # fmt: skip
    return one


async def _try(settings: Settings, destination: Destination) -> Outcome:
    from compose.notify.destinations import Push
    from compose.notify.run import channel_to
    from compose.notify.trial import trial_message

    if isinstance(destination.way, Push):
        return await _try_devices(settings, destination.way)
    channel = channel_to(destination)
    try:
        now = time.time()
        return await channel.send([trial_message(destination.name, now)], now)
    finally:
        await channel.close()


async def _try_devices(settings: Settings, way: Push) -> Outcome:
    from compose.notify.web_push.pushing import try_devices
    from compose.notify.web_push.sending import PushSender

    sender = PushSender(settings.push_hosts, settings.push_contact)
    with devices_in(settings) as devices:
        try:
            return await try_devices(way, devices, sender, time.time())
        finally:
            await sender.close()


@contextmanager
def devices_in(settings: Settings) -> Iterator[Devices]:
    """Give the devices of these settings."""
    from compose.accounts.devices import Devices
    from compose.accounts.signing_in import book_in

    book = book_in(settings)
    try:
        yield Devices(book, settings.push_hosts)
    finally:
        book.close()


def _from_log(settings: Settings, destination: Destination, begin: float) -> Iterator[Draft]:
    """Yield what the log has since a moment. Raises BrokerUnavailableError."""
    from compose.notify.drafting import drafts_of
    from compose.roles.broker_settings import NOTIFIED, log_reader
    from schemas.wire.frame import FrameDecoder

    since = {kind.topic: int(begin * 1000) for kind in NOTIFIED}
    decoders = {kind.topic: FrameDecoder(kind) for kind in NOTIFIED}
    reader = log_reader(settings, NOTIFIED, "watchfloor-notify-replay", since_ms=since)
    try:
        for records in reader.read_to_end():
            for record in records:
                yield from drafts_of(decoders[record.kind.topic].decode(record.value).events, [destination])
    finally:
        reader.close()


def _moment(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"
