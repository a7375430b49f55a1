"""Delivering: back-off, Retry-After, 410, refusals that step aside, and one line that holds up no other."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook as Judge

from compose.notify.channel import AWAY, GONE, TAKEN, UNWANTED, Outcome, Room
from compose.notify.delivering import AGAIN_S, LONGEST_PAUSE_S, Delivering
from compose.notify.drafting import drafts_of
from compose.notify.messages import Message
from compose.notify.outbox import GIVE_UP_S, Outbox
from compose.notify.signing import signed_headers
from compose.notify.webhook import MOST_RETRY_AFTER_S, body_of, outcome_of
from schemas.events.alert import Alert
from tests.unit.notify_facts import KEY, NOW, SECRET, alert, destination, withdrawn

OK = Outcome(TAKEN, "http_204")


class Receiver:
    """A channel that answers what it is told to, and remembers what it got."""

    def __init__(self, *answers: Outcome) -> None:
        self.answers = list(answers)
        self.got: list[str] = []

    def room(self, now: float) -> Room:
        return Room(1)

    async def send(self, messages: Sequence[Message], now: float) -> Outcome:
        self.got += [one.message_id for one in messages]
        return self.answers.pop(0) if self.answers else OK

    async def close(self) -> None: ...


class World:
    """A destination, its outbox, and a clock that goes on only when it is told to."""

    def __init__(self, folder: Path, *answers: Outcome) -> None:
        self.at = NOW.timestamp()
        self.outbox = Outbox(folder / "notify.sqlite", now=lambda: self.at)
        self.outbox.know(["dispatch"])
        self.receiver = Receiver(*answers)
        self.line = Delivering("dispatch", self.receiver, self.outbox, now=lambda: self.at, spread=lambda _a, b: b)

    def put(self, *alerts: Alert) -> None:
        self.outbox.put(list(drafts_of(alerts, [destination()])))

    def steps(self, count: int) -> None:
        async def go() -> None:
            for _ in range(count):
                await self.line.step()

        asyncio.run(go())

    @property
    def paused_s(self) -> float:
        (state,) = self.outbox.states()
        return state.paused_until - self.at


def test_a_destination_that_is_away_is_tried_ever_more_rarely_with_the_same_message(tmp_path: Path) -> None:
    world = World(tmp_path, *[Outcome(AWAY, "unreachable")] * 12)
    world.put(alert("1"), alert("2"))
    pauses = []
    for _ in range(12):
        world.steps(1)
        pauses.append(world.paused_s)
        world.steps(3)  # paused, it is left alone
        world.at += world.paused_s
    assert pauses[:5] == pytest.approx([1, 2, 4, 8, 16])
    assert pauses[-1] == LONGEST_PAUSE_S
    assert len(world.receiver.got) == 12
    assert len(set(world.receiver.got)) == 1
    world.steps(3)
    assert len(set(world.receiver.got)) == 2
    assert [one.waiting for one in world.outbox.states()] == [0]


def test_the_pause_is_spread_so_that_not_all_come_back_at_once(tmp_path: Path) -> None:
    world = World(tmp_path, Outcome(AWAY, "http_503"))
    asked: list[tuple[float, float]] = []
    world.line._spread = lambda low, high: asked.append((low, high)) or low  # type: ignore[func-returns-value]
    world.put(alert())
    world.steps(1)
    assert asked == [(0.5, 1.0)]
    assert world.paused_s == pytest.approx(0.5)


def test_a_destination_that_says_when_to_come_back_is_left_alone_until_then(tmp_path: Path) -> None:
    world = World(tmp_path, outcome_of(429, "90", 0.0))
    world.put(alert())
    world.steps(1)
    assert world.paused_s == 90
    world.at += 89
    world.steps(2)
    assert len(world.receiver.got) == 1
    world.at += 1
    world.steps(1)
    assert len(world.receiver.got) == 2


def test_one_that_is_gone_is_sent_nothing_more_until_somebody_enables_it(tmp_path: Path) -> None:
    world = World(tmp_path, Outcome(GONE, "http_410"))
    world.put(alert("1"), alert("2"))
    world.steps(1)
    world.at += 3600
    world.steps(5)
    assert len(world.receiver.got) == 1
    (state,) = world.outbox.states()
    assert "http_410" in state.disabled
    assert [one.name for one in world.outbox.records(9)] == ["notify.disabled"]
    world.outbox.enable("dispatch", "me")
    world.steps(2)
    assert len(world.receiver.got) == 3


def test_a_message_that_is_not_wanted_steps_aside_for_the_others_and_is_tried_again_for_a_day(tmp_path: Path) -> None:
    world = World(tmp_path, Outcome(UNWANTED, "http_400"))
    world.put(alert("1"), alert("2"))
    world.steps(2)
    first, second = world.receiver.got
    assert first != second
    world.receiver.answers = [Outcome(UNWANTED, "http_400")] * 99
    began = world.at
    while world.at - began < GIVE_UP_S:
        world.at += 60
        world.steps(1)
    tries = world.receiver.got.count(first)
    assert tries >= len(AGAIN_S)
    world.at += 60
    assert world.outbox.give_up_old() == ["dispatch"]
    (lost,) = [one for one in world.outbox.records(9) if one.name == "notify.given_up"]
    assert lost.details["tries"] == str(tries)


def test_an_alert_is_not_told_after_its_withdrawal(tmp_path: Path) -> None:
    world = World(tmp_path, Outcome(UNWANTED, "http_400"), Outcome(UNWANTED, "http_400"))
    world.put(alert())
    world.steps(1)
    world.put(withdrawn(alert(), NOW + timedelta(seconds=1)))
    world.steps(2)  # the alert is tried once more before its withdrawal, which is taken
    world.at += 3600
    world.steps(2)
    assert [one.details["outcome"] for one in world.outbox.records(9)] == ["http_204", "withdrawn_meanwhile"]


def test_a_destination_that_hangs_holds_up_no_other(tmp_path: Path) -> None:
    async def go() -> None:
        at = NOW.timestamp()
        outbox = Outbox(tmp_path / "notify.sqlite", now=lambda: at)
        outbox.know(["slow", "quick"])
        outbox.put(list(drafts_of([alert()], [destination("slow"), destination("quick")])))

        class Hanging(Receiver):
            async def send(self, messages: Sequence[Message], now: float) -> Outcome:
                await asyncio.Event().wait()
                raise AssertionError

        quick = Receiver()
        lines = [Delivering(name, to, outbox, now=lambda: at) for name, to in (("slow", Hanging()), ("quick", quick))]
        tasks = [asyncio.create_task(line.run()) for line in lines]
        async with asyncio.timeout(20):
            while not quick.got:
                await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(go())


@pytest.mark.parametrize(
    ("status", "retry_after", "expected"),
    [
        (200, "", Outcome(TAKEN, "http_200")),
        (204, "", Outcome(TAKEN, "http_204")),
        (302, "", Outcome(AWAY, "http_302")),
        (400, "", Outcome(UNWANTED, "http_400")),
        (401, "", Outcome(UNWANTED, "http_401")),
        (408, "", Outcome(AWAY, "http_408")),
        (410, "", Outcome(GONE, "http_410")),
        (429, "30", Outcome(AWAY, "http_429", 30)),
        (503, "Thu, 15 Jan 2026 12:01:00 GMT", Outcome(AWAY, "http_503", 60)),
        (503, "Thu, 15 Jan 2026 11:00:00 GMT", Outcome(AWAY, "http_503", 0)),
        (503, "99999999999999", Outcome(AWAY, "http_503", MOST_RETRY_AFTER_S)),
        (503, "soon", Outcome(AWAY, "http_503")),
        (500, "", Outcome(AWAY, "http_500")),
    ],
)
def test_an_answer_means_what_the_specification_says(status: int, retry_after: str, expected: Outcome) -> None:
    assert outcome_of(status, retry_after, NOW.timestamp()) == expected


def test_the_signature_is_that_of_the_specifications_example() -> None:
    headers = signed_headers("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}', [KEY])
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_with_two_secrets_a_receiver_that_has_either_believes_it(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.put(alert())
    (message,) = world.outbox.due("dispatch", 1)
    body, now = body_of(message, world.at), int(time.time())
    other = b"another secret, thirty-two bytes"
    headers = signed_headers(message.message_id, now, body, [other, KEY])
    for secret in (SECRET, other):
        told = Judge(secret).verify(body, headers)
        assert told["type"] == "alert.raised"
    with pytest.raises(Exception, match="No matching signature"):
        Judge(SECRET).verify(body.replace(b"P2", b"P1"), headers)
    assert set(json.loads(body)) == {"type", "timestamp", "data"}
    assert len(body) < 20_000


def test_where_there_is_room_for_the_gravest_only_the_others_wait(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.put(alert("1", severity="P2"), alert("2", severity="P1"))
    gravest, other = world.outbox.due("dispatch", 9)
    world.receiver.room = lambda now: Room(0, gravest=5, wait_s=60.0)  # type: ignore[method-assign]
    world.steps(3)
    assert world.receiver.got == [gravest.message_id]
    world.receiver.room = lambda now: Room(1)  # type: ignore[method-assign]
    world.steps(1)
    assert world.receiver.got == [gravest.message_id, other.message_id]
