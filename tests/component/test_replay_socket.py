"""Replays over a real websocket: what is shown when, what is refused, and that past and present never mix."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from websockets.asyncio.client import ClientConnection

from dashboards.server.audience import Audiences
from dashboards.server.channel import BY_KIND
from dashboards.server.fold import Fold
from dashboards.server.ports import StoreUnavailableError, TooSlowError
from dashboards.server.replay import playing
from dashboards.server.replay_ports import Mark, Marks, Portion, Recorded
from schemas.envelope import Event
from schemas.event_type import EventType, Push
from schemas.events.action import RECORDS, Action
from schemas.events.alert import ALERT
from schemas.events.camera import CAMERA
from schemas.events.emergency_call import EMERGENCY_CALL
from schemas.events.sighting import SIGHTING
from schemas.identity import identity
from tests.component.server_fixtures import World, alert, listening
from tests.component.test_server_access import Site, open_page
from tests.component.test_server_websocket import closed_with, hear, hello, on_a_loop, page_of, say

DAY = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
BEGIN = int(DAY.timestamp())
HOUR = 3_600


class Tape:
    """A recording in memory: events by when they became known, seconds after DAY."""

    def __init__(self, *rows: tuple[float, EventType[Any], Event]) -> None:
        self.rows = sorted(rows, key=lambda row: row[0])
        self.asked: list[str] = []
        self.error: Exception | None = None
        self.gate: asyncio.Event | None = None

    async def state(self, kind: EventType[Any], at: datetime) -> Sequence[Recorded]:
        await self._heard(f"state {kind.name}")
        fold, now = Fold(BY_KIND[kind.name]), at.timestamp()
        if kind.push is Push.FLOW:
            return [row for row in self._all(kind) if row.at <= now]
        newest: dict[str, Recorded] = {}
        for row in self._all(kind):
            if row.at <= now and fold.offer(row.event, now) is not None:
                newest[kind.key_of(row.event)] = row
        return list(newest.values())

    async def stretch(self, kind: EventType[Any], begin: datetime, end: datetime, apart_s: float, most: int) -> Portion:
        await self._heard(f"stretch {kind.name}")
        found = [row for row in self._all(kind) if begin.timestamp() < row.at <= end.timestamp()]
        return Portion(rows=found[-most:], left_out=max(0, len(found) - most))

    async def marks(self, begin: datetime, end: datetime, most: int) -> Marks:
        await self._heard("marks")
        marks = [
            Mark(at=DAY, alert_id=event.alert_id, severity="P1", title=event.title, audience=event.audience)
            for _, kind, event in self.rows
            if kind is ALERT
        ]
        return Marks(rows=marks, is_cut=False, oldest=DAY)

    def _all(self, kind: EventType[Any]) -> list[Recorded]:
        return [Recorded(BEGIN + second, event) for second, of, event in self.rows if of is kind]

    async def _heard(self, what: str) -> None:
        self.asked.append(what)
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error


def wanted(**changes: Any) -> dict[str, Any]:
    replay = {"from": BEGIN * 1000, "to": (BEGIN + HOUR) * 1000, "speed": 60, "actor": "r.diaz"} | changes
    return hello(["alerts", "calls", "cameras", "sightings"]) | {"replay": replay}


def raised(number: int, second: float, **changes: Any) -> tuple[float, EventType[Any], Event]:
    moment = DAY + timedelta(seconds=second)
    return second, ALERT, alert(number, occurred_at=moment, observed_at=moment, raised_at=moment, **changes)


class Screen:
    """A page: applies what it is sent, and notes when each alert came by the replayed clock."""

    def __init__(self, page: ClientConnection) -> None:
        self.page = page
        self.alerts: dict[str, str] = {}
        self.came: dict[str, int] = {}
        self.epochs: list[str] = []
        self.state: dict[str, Any] = {}
        self.states: list[str] = []
        self.snapshots: list[str] = []
        self.nows: list[int] = []
        self.sightings = 0
        self.left_out = 0

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not done():
                self.take(await hear(self.page))

    async def for_some_rounds(self) -> None:
        """Hear whatever comes for a while."""
        try:
            async with asyncio.timeout(1.3):
                await self.until(lambda: False)
        except TimeoutError:
            pass

    def take(self, message: dict[str, Any]) -> None:
        if "now" in message:
            self.nows.append(message["now"])
        match message["t"]:
            case "welcome":
                self.epochs.append(message["epoch"])
            case "replay":
                self.state = message
                self.states.append(message["state"])
            case "snap":
                self.snapshots.append(message["ch"])
                if message["ch"] == "alerts":
                    self.alerts = {row["title"]: row["status"] for row in message["rows"]}
            case "d":
                body = message["ch"].get("sightings", {"rows": [], "dropped": 0})
                self.sightings += len(body["rows"])
                self.left_out += body["dropped"]
                for row in message["ch"].get("alerts", {"rows": []})["rows"]:
                    self.alerts[row["title"]] = row["status"]
                    self.came.setdefault(row["title"], message["now"])


@on_a_loop
async def test_a_period_is_replayed_from_its_state_with_the_recorded_time() -> None:
    tape = Tape(
        raised(1, -60, title="before"), raised(2, 30, title="soon"), raised(3, 45, title="later"),
        raised(1, 50, title="before", rev=2, status="acknowledged"), raised(4, 3_500, title="late"),
        (-10, CAMERA, CAMERA.examples[0]),
    )  # fmt: skip
    world = World(recording=tape)
    async with listening(world) as address, page_of(address) as page:
        await say(page, wanted())
        screen = Screen(page)
        await screen.until(lambda: "alerts" in screen.snapshots)
        assert screen.alerts == {"before": "open"}
        assert screen.nows[0] == BEGIN * 1000
        await screen.until(lambda: screen.alerts == {"before": "acknowledged", "soon": "open", "later": "open"})
        assert list(screen.came) == ["soon", "later", "before"]
        for title, second in (("soon", 30), ("later", 45), ("before", 50)):
            assert screen.came[title] >= (BEGIN + second) * 1000, "nothing is shown before its time"
        assert screen.nows == sorted(screen.nows)
        assert set(screen.snapshots) == {"alerts", "calls", "cameras", "sightings"}
        assert "late" not in screen.alerts


@on_a_loop
async def test_a_jump_shows_the_state_there_and_a_step_within_what_was_read_is_played_through() -> None:
    tape = Tape(raised(1, 5, title="one"), raised(2, 1_800, title="two"), raised(3, 1_803, title="three"))
    async with listening(World(recording=tape)) as address, page_of(address) as page:
        await say(page, wanted(paused=True, speed=1))
        screen = Screen(page)
        await screen.until(lambda: screen.state.get("state") == "paused")
        await say(page, {"t": "seek", "at": (BEGIN + 1_801) * 1000})
        await screen.until(lambda: len(screen.epochs) == 2 and "two" in screen.alerts)
        assert screen.alerts == {"one": "open", "two": "open"}
        await screen.until(lambda: screen.state["state"] == "paused" and screen.state["now"] == (BEGIN + 1_801) * 1000)
        await screen.for_some_rounds()
        assert screen.nows[-1] == (BEGIN + 1_801) * 1000, "paused is paused"
        await say(page, {"t": "seek", "at": (BEGIN + 1_804) * 1000})
        await screen.until(lambda: "three" in screen.alerts)
        assert len(screen.epochs) == 2, "a step needs no new snapshots"
        await say(page, {"t": "seek", "at": BEGIN * 1000})
        await screen.until(lambda: len(screen.epochs) == 3 and screen.snapshots.count("alerts") == 3)
        assert screen.alerts == {}
        await say(page, {"t": "play", "speed": 60})
        await screen.until(lambda: "one" in screen.came and screen.came["one"] >= (BEGIN + 5) * 1000)
        assert screen.state["speed"] == 60


@on_a_loop
async def test_a_replay_ends_at_its_end_and_stays_in_its_period() -> None:
    async with listening(World(recording=Tape())) as address, page_of(address) as page:
        await say(page, wanted(to=(BEGIN + 30) * 1000))
        screen = Screen(page)
        await screen.until(lambda: screen.state.get("state") == "ended")
        assert screen.state["now"] == (BEGIN + 30) * 1000
        await say(page, {"t": "seek", "at": (BEGIN - 5_000) * 1000})
        await screen.until(lambda: len(screen.epochs) == 2)
        assert screen.nows[-1] == BEGIN * 1000, "what was not written down is not looked at"


@on_a_loop
async def test_past_and_present_never_mix() -> None:
    tape = Tape(raised(1, 5, title="past"))
    world = World(recording=tape)
    world.hub.caught_up()
    async with listening(world) as address, page_of(address) as page, page_of(address) as other:
        await say(page, wanted())
        await say(other, hello(["alerts"]))
        screen, live = Screen(page), Screen(other)
        await live.until(lambda: bool(live.snapshots))
        await screen.until(lambda: "past" in screen.alerts)
        world.hub.offer(ALERT, [alert(9, title="present")], 1.0)
        await live.until(lambda: "present" in live.alerts)
        await screen.for_some_rounds()
        assert list(screen.alerts) == ["past"]
        assert list(live.alerts) == ["present"]
        assert world.hub.figures()["clients"] == 1


@on_a_loop
async def test_a_replay_is_written_down_before_anything_is_read() -> None:
    tape = Tape()
    world = World(recording=tape)
    world.log.answering = asyncio.Event()
    async with listening(world) as address, page_of(address) as page:
        await say(page, wanted())
        await asyncio.sleep(0.2)
        assert tape.asked == []
        world.log.answering.set()
        await Screen(page).until(lambda: bool(tape.asked))
        (record,) = world.log.events
        assert isinstance(record, Action)
        assert (record.name, record.actor, record.subject_id) == ("view.replay", "r.diaz", "replay")
        assert record.name.startswith(RECORDS)
        assert record.details == {"from": "2026-03-03T12:00:00+00:00", "to": "2026-03-03T13:00:00+00:00"}
    world.log.answering, world.log.away, tape.asked = None, True, []
    async with listening(world) as address, page_of(address) as page:
        await say(page, wanted())
        assert await closed_with(page) == 1012
        assert tape.asked == []


@on_a_loop
async def test_more_replays_than_may_be_are_refused_and_a_place_is_given_back() -> None:
    world = World(recording=Tape(), most_replays=1)
    async with listening(world) as address:
        async with page_of(address) as first, page_of(address) as second:
            await say(first, wanted())
            screen = Screen(first)
            await screen.until(lambda: bool(screen.snapshots))
            await say(second, wanted())
            assert await closed_with(second) == 4429
            assert "try again later" in (second.close_reason or "")
        async with asyncio.timeout(20):
            while True:
                async with page_of(address) as third:
                    await say(third, wanted())
                    if (await hear(third))["t"] == "welcome":
                        break


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"to": BEGIN * 1000}, 4404),
        ({"to": (BEGIN + 26 * HOUR) * 1000}, 4404),
        ({"from": int(time.time() + HOUR) * 1000, "to": int(time.time() + 2 * HOUR) * 1000}, 4404),
        ({"actor": " "}, 4404),
        ({"speed": 7}, 4400),
        ({"from": "yesterday"}, 4400),
    ],
)
@on_a_loop
async def test_what_is_no_replay_is_refused_with_a_reason(changes: dict[str, Any], code: int) -> None:
    world = World(recording=Tape())
    async with listening(world) as address, page_of(address) as page:
        await say(page, wanted(**changes))
        assert await closed_with(page) == code
        assert page.close_reason
        assert world.log.events == []


@on_a_loop
async def test_without_a_store_there_is_no_past() -> None:
    async with listening(World(with_store=False)) as address, page_of(address) as page:
        await say(page, wanted())
        assert await closed_with(page) == 4404


@on_a_loop
async def test_a_replay_stays_one_and_a_live_page_has_no_controls() -> None:
    world = World(recording=Tape())
    world.hub.caught_up()
    async with listening(world) as address, page_of(address) as page, page_of(address) as live:
        await say(page, wanted())
        for _ in range(3):
            await say(page, {"t": "sub", "sub": ["units"]})
        assert await closed_with(page) == 4400
        await say(live, hello(["alerts"]))
        for _ in range(3):
            await say(live, {"t": "seek", "at": BEGIN * 1000})
        assert await closed_with(live) == 4400


@pytest.mark.parametrize("error", [StoreUnavailableError("secret"), TooSlowError("secret")])
@on_a_loop
async def test_a_store_that_does_not_answer_is_said_and_asked_again_on_request(error: Exception) -> None:
    tape = Tape(raised(1, 5, title="one"))
    tape.error = error
    async with listening(World(recording=tape)) as address, page_of(address) as page:
        await say(page, wanted())
        screen = Screen(page)
        await screen.until(lambda: screen.state.get("state") == "failed")
        assert "secret" not in screen.state["why"]
        assert screen.state["why"]
        tape.error = None
        await say(page, {"t": "play", "speed": 10})
        await screen.until(lambda: "one" in screen.alerts)


@on_a_loop
async def test_while_the_store_is_read_the_page_hears_from_the_server() -> None:
    tape = Tape()
    tape.gate = asyncio.Event()
    async with listening(World(recording=tape)) as address, page_of(address) as page:
        await say(page, wanted())
        screen = Screen(page)
        await screen.until(lambda: screen.states.count("reading") >= 2)
        assert screen.snapshots == []
        tape.gate.set()
        await screen.until(lambda: "playing" in screen.states)


@on_a_loop
async def test_somebody_who_leaves_a_replay_standing_gives_up_his_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playing, "MOST_IDLE_S", 0.3)
    async with listening(World(recording=Tape())) as address, page_of(address) as page:
        await say(page, wanted(paused=True))
        assert await closed_with(page) == 4404


@on_a_loop
async def test_a_crowded_stretch_is_read_in_parts_with_nothing_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playing, "MOST_ROWS", 10)
    total = 80
    tape = Tape(*(raised(number, 2 * number + 2, title=f"a{number}") for number in range(total)))
    async with listening(World(recording=tape)) as address, page_of(address) as page:
        await say(page, wanted())
        screen = Screen(page)
        await screen.until(lambda: f"a{total - 1}" in screen.alerts)
        assert list(screen.came) == [f"a{number}" for number in range(total)]


@on_a_loop
async def test_a_sample_of_reads_says_how_many_it_leaves_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playing, "MOST_FLOWING", 20)
    example = SIGHTING.examples[0]
    rows = [(5.0, SIGHTING, replace(example, event_id=identity("s", number), hits=())) for number in range(100)]
    async with listening(World(recording=Tape(*rows))) as address, page_of(address) as page:
        await say(page, wanted())
        screen = Screen(page)
        await screen.until(lambda: screen.left_out + screen.sightings >= 100)
        assert screen.sightings <= 20
        assert screen.left_out + screen.sightings == 100


HEADER = "x-watchfloor-audiences"


@on_a_loop
async def test_what_is_for_others_is_in_no_replay(monkeypatch: pytest.MonkeyPatch) -> None:
    tape = Tape(
        raised(1, -5, title="open before"), raised(2, -5, title="secret before", audience="restricted"),
        raised(3, 5, title="secret", audience="restricted"), raised(4, 6, title="open"),
    )  # fmt: skip
    world = World(recording=tape, audiences=Audiences(HEADER))
    async with listening(world) as address:
        async with page_of(address) as page:
            await say(page, wanted())
            screen = Screen(page)
            await screen.until(lambda: "open" in screen.alerts)
            assert set(screen.alerts) == {"open before", "open"}
        async with page_of(address, additional_headers={HEADER: "restricted"}) as page:
            await say(page, wanted())
            screen = Screen(page)
            await screen.until(lambda: "open" in screen.alerts)
            assert len(screen.alerts) == 4


def test_the_time_line_keeps_what_is_for_others_and_refuses_what_is_no_period() -> None:
    tape = Tape(raised(1, 5, title="open"), raised(2, 6, title="secret", audience="restricted"))
    world = World(recording=tape, audiences=Audiences(HEADER))
    params = {"from": DAY.isoformat(), "to": (DAY + timedelta(hours=1)).isoformat()}
    with world.browser() as browser:
        told = browser.get("/api/replay", params=params).json()
        assert [mark["title"] for mark in told["marks"]] == ["open"]
        assert told["oldest"] == "2026-03-03T12:00:00Z"
        assert told["speeds"] == [1, 2, 5, 10, 30, 60]
        assert browser.get("/api/replay", params=params | {"to": params["from"]}).status_code == 422
        assert browser.get("/api/replay", params=params | {"to": "2026-03-05T12:00:00Z"}).status_code == 422
        tape.error = TooSlowError("secret")
        assert browser.get("/api/replay", params=params).status_code == 504
        tape.error = StoreUnavailableError("secret")
        assert browser.get("/api/replay", params=params).status_code == 503
    with World(with_store=False).browser() as browser:
        assert browser.get("/api/replay", params=params).status_code == 503


@on_a_loop
async def test_roles_see_of_the_past_what_they_see_of_the_present_and_their_account_is_written_down(
    tmp_path: Path,
) -> None:
    tape = Tape(raised(1, -5, title="one"), (-5, EMERGENCY_CALL, EMERGENCY_CALL.examples[0]))
    site = Site(tmp_path, recording=tape)
    site.add("wall")
    site.add("auditor")
    replay = wanted(actor="somebody else")["replay"]
    async with listening(site.world) as address:
        page = await open_page(site, address, "auditor", "alerts", "calls", replay=replay)
        assert await closed_with(page) == 4403
        assert tape.asked == []
        page = await open_page(site, address, "wall", "alerts", "calls", replay=replay)
        screen = Screen(page)
        await screen.until(lambda: {"alerts", "calls"} <= set(screen.snapshots))
        assert screen.alerts == {"one": "open"}
        records = [event for event in site.world.log.events if isinstance(event, Action)]
        assert [one.actor for one in records if one.name == "view.replay"] == ["wall"]
        site.book.disable("wall", "left", "admin")
        assert await closed_with(page) == 4401, "an account that is shut sees no more of it"
