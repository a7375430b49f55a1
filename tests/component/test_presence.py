"""Who else has an incident open: told to those who may see it, gone with its page, and kept nowhere."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import msgspec

from dashboards.server.audience import Audience
from dashboards.server.client import Client
from dashboards.server.hub import Hub
from dashboards.server.hubs import Hubs
from dashboards.server.presence import SILENT_S
from schemas.events.incident import EXAMPLE, INCIDENT
from tests.component.server_fixtures import World, listening
from tests.component.test_server_websocket import closed_with, hear, hello, on_a_loop, page_of, say

ROOM = EXAMPLE.incident_id


class Floor:
    """Pages of one server, and what each was told of who is there."""

    def __init__(self) -> None:
        self.at = 1_000.0
        self.hubs = Hubs(Hub(mono=lambda: self.at, wall=lambda: self.at))
        self.hubs.whole.offer(INCIDENT, [EXAMPLE], 1.0)
        self.hubs.caught_up()

    def page(self, name: str, sub: tuple[str, ...] = ("incidents",), agencies: frozenset[str] | None = None) -> Client:
        client = self.hubs.of(Audience(names=None, agencies=agencies)).join(_nowhere)
        client.start(sub, None)
        self.hubs.presence.enter(client, ROOM, name)
        return client

    def told(self, client: Client) -> list[str] | None:
        """The names in the newest word of this round; None: it was told nothing."""
        self.hubs.presence.tell()
        found = None
        while (text := client._next()) is not None:
            message = msgspec.json.decode(text)
            if message["t"] == "present":
                assert message["incident"] == str(ROOM)
                found = [one["name"] for one in message["people"]]
        return found


async def _nowhere(text: str) -> None:
    raise AssertionError(text)


def test_each_is_told_the_others_once_and_when_they_change() -> None:
    floor = Floor()
    diaz = floor.page("r.diaz")
    assert floor.told(diaz) == []
    floor.at += 5
    lee, kim = floor.page("b.lee"), floor.page("c.kim")
    assert floor.told(diaz) == ["b.lee", "c.kim"]
    assert floor.told(lee) == ["r.diaz", "c.kim"]
    assert floor.told(diaz) is None
    floor.hubs.presence.leave(kim)
    assert floor.told(diaz) == ["b.lee"]


def test_one_person_with_two_pages_is_one_and_is_not_told_of_himself() -> None:
    floor = Floor()
    one, other, lee = floor.page("r.diaz"), floor.page("r.diaz"), floor.page("b.lee")
    assert (floor.told(one), floor.told(other), floor.told(lee)) == (["b.lee"], ["b.lee"], ["r.diaz"])


def test_somebody_who_gave_no_name_is_still_somebody() -> None:
    floor = Floor()
    pages = [floor.page(""), floor.page(""), floor.page("")]
    assert floor.told(pages[0]) == ["", ""]


def test_a_page_that_may_not_see_the_incident_tells_nobody_and_is_told_nothing() -> None:
    floor = Floor()
    diaz = floor.page("r.diaz")
    others = floor.page("other.agency", agencies=frozenset({"another"}))
    no_right = floor.page("no.right", sub=("alerts",))
    assert floor.told(diaz) == []
    assert floor.told(others) is None
    assert floor.told(no_right) is None
    own = floor.page("own.agency", agencies=frozenset({EXAMPLE.jurisdiction}))
    assert (floor.told(diaz), floor.told(own)) == (["own.agency"], ["r.diaz"])


def test_who_is_not_heard_of_is_gone_within_half_a_minute_and_back_when_heard() -> None:
    floor = Floor()
    diaz, lee = floor.page("r.diaz"), floor.page("b.lee")
    assert floor.told(diaz) == ["b.lee"]
    assert SILENT_S < 30 - 1
    floor.at += SILENT_S + 0.1
    diaz.heard()
    assert floor.told(diaz) == []
    lee.heard()
    assert floor.told(diaz) == ["b.lee"]


def test_a_page_that_reads_slowly_is_told_the_newest_only_and_after_all_else() -> None:
    floor = Floor()
    diaz = floor.page("r.diaz")
    floor.hubs.presence.tell()
    floor.page("b.lee")
    floor.hubs.presence.tell()
    texts = []
    while (text := diaz._next()) is not None:
        texts.append(msgspec.json.decode(text))
    assert [one["t"] for one in texts] == ["welcome", "snap", "present"]
    assert [one["name"] for one in texts[-1]["people"]] == ["b.lee"]


async def people(page: Any) -> list[str]:
    """The names of the next word of who is there."""
    while (message := await hear(page))["t"] != "present":
        if message["t"] == "ping":
            await say(page, {"t": "pong", "n": message["n"]})
    return [one["name"] for one in message["people"]]


@on_a_loop
async def test_on_real_sockets_people_come_move_and_go_and_nothing_is_published() -> None:
    world = World()
    world.hub.offer(INCIDENT, [EXAMPLE], 1.0)
    world.hub.caught_up()
    async with listening(world) as address, page_of(address) as diaz:
        await say(diaz, hello(["incidents"]))
        await say(diaz, {"t": "present", "incident": str(ROOM), "actor": "r.diaz"})
        assert await people(diaz) == []
        lee = await page_of(address)
        await say(lee, hello(["incidents"]))
        await say(lee, {"t": "present", "incident": str(ROOM), "actor": "b.lee"})
        assert await people(lee) == ["r.diaz"]
        assert await people(diaz) == ["b.lee"]
        await say(lee, {"t": "present", "incident": str(UUID(int=1)), "actor": "b.lee"})
        assert await people(diaz) == []
        await say(lee, {"t": "present", "incident": str(ROOM), "actor": "b.lee"})
        assert await people(diaz) == ["b.lee"]
        lee.transport.abort()
        async with asyncio.timeout(5):
            assert await people(diaz) == []
        await say(diaz, {"t": "present", "incident": None})
        await asyncio.sleep(0.2)
        assert world.hubs.presence._guests == {}
        for _ in range(3):
            await say(diaz, {"t": "present", "incident": "nonsense"})
        assert await closed_with(diaz) == 4400
    assert world.log.events == []
