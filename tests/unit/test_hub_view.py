"""A page on a thin line: it is sent what it looks at, at its pace."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from dashboards.server.messages import BadMessageError, Hello, View, read_client_message
from schemas.events.unit_position import UNIT_POSITION, UnitPosition
from schemas.identity import identity
from tests.unit.hub_fixtures import Clock, Page, alert, give, new_hub, settle

BOX = (-90.2, 29.9, -90.0, 30.0)


def unit(name: str, second: int, lon: float, lat: float = 29.95) -> UnitPosition:
    example: UnitPosition = UNIT_POSITION.examples[0]
    return msgspec.structs.replace(
        example, unit_id=name, lon=lon, lat=lat, occurred_at=example.occurred_at + timedelta(seconds=second),
        event_id=identity("unit_position", name, second),
    )  # fmt: skip


class Field:
    """A hub with a page that looks at a box."""

    def __init__(self, *given: Any, view: View, sub: tuple[str, ...] = ("alerts", "units")) -> None:
        self.clock = Clock()
        self.hub = new_hub(self.clock)
        give(self.hub, *given)
        self.hub.caught_up()
        self.page = Page(self.hub, list(sub))
        self.view = view

    def connect(self) -> None:
        client = self.page.client = self.hub.join(self.page._receive)
        client.start(self.page.sub, None, self.view)
        self.page._task = asyncio.create_task(client.run())

    async def told(self, *events: Any, after_s: float = 0.0) -> list[dict[str, Any]]:
        """Return what the page is sent when these events come in and so much time passes."""
        before = len(self.page.texts)
        give(self.hub, *events)
        self.hub.flush()
        self.clock.seconds += after_s
        if self.page.client is not None:
            self.page.client.wake()
        await settle()
        return [json.loads(text) for text in self.page.texts[before:]]

    def units(self) -> set[str]:
        return set(self.page.rows["units"])


def test_units_are_those_in_the_box_and_those_that_are_followed() -> None:
    async def run() -> None:
        field = Field(
            unit("near", 0, -90.1), unit("far", 0, -91.0), unit("mine", 0, -91.0), unit("north", 0, -90.1, 31.0),
            view=View(bbox=BOX, units=["mine"]),
        )  # fmt: skip
        field.connect()
        await settle()
        assert field.units() == {"near", "mine"}
        assert await field.told(unit("far", 1, -91.1), after_s=5) == []
        await field.told(unit("far", 2, -90.1), after_s=5)
        assert field.units() == {"near", "mine", "far"}
        await field.page.cut()

    asyncio.run(run())


def test_a_unit_that_leaves_the_box_is_told_once_more_and_then_no_more() -> None:
    async def run() -> None:
        field = Field(unit("a", 0, -90.1), view=View(bbox=BOX))
        field.connect()
        await settle()
        (left,) = await field.told(unit("a", 1, -91.0), after_s=5)
        assert left["ch"]["units"]["rows"][0]["lon"] == -91.0
        assert await field.told(unit("a", 2, -92.0), after_s=5) == []
        await field.page.cut()

    asyncio.run(run())


def test_positions_come_at_the_pace_that_was_asked_for_and_alerts_at_once() -> None:
    async def run() -> None:
        field = Field(unit("a", 0, -90.1), view=View(bbox=BOX, every_s=1.0))
        field.connect()
        await settle()
        assert len(await field.told(unit("a", 1, -90.11))) == 1
        assert await field.told(unit("a", 2, -90.12), after_s=0.3) == []
        assert await field.told(unit("a", 3, -90.13), after_s=0.3) == []
        (raised,) = await field.told(alert(1))
        assert list(raised["ch"]) == ["alerts"]
        (moved,) = await field.told(after_s=0.5)
        assert [row["lon"] for row in moved["ch"]["units"]["rows"]] == [-90.13]
        assert field.page.spared == {}, "it asked to be told seldom: that is not slowness"
        await field.page.cut()

    asyncio.run(run())


def test_another_view_brings_its_own_units_and_takes_the_others_away() -> None:
    async def run() -> None:
        field = Field(unit("east", 0, -90.1), unit("west", 0, -93.1), view=View(bbox=BOX))
        field.connect()
        await settle()
        assert field.units() == {"east"}
        assert field.page.client is not None
        field.page.client.look(View(bbox=(-93.2, 29.9, -93.0, 30.0)))
        await settle()
        assert field.units() == {"west"}
        await field.page.cut()

    asyncio.run(run())


def test_a_box_may_lie_across_the_date_line() -> None:
    async def run() -> None:
        field = Field(
            unit("fiji", 0, 179.9), unit("samoa", 0, -179.9), unit("home", 0, -90.1),
            view=View(bbox=(179.0, 29.0, -179.0, 31.0)),
        )  # fmt: skip
        field.connect()
        await settle()
        assert field.units() == {"fiji", "samoa"}
        await field.page.cut()

    asyncio.run(run())


def test_what_is_over_is_not_sent_when_the_page_opens_and_is_told_when_it_ends() -> None:
    async def run() -> None:
        field = Field(alert(1), alert(2, 2, "closed"), view=View(bbox=BOX))
        field.connect()
        await settle()
        assert field.page.shown("alerts") == {str(alert(1).alert_id): 1}
        await field.told(alert(1, 2, "closed"))
        assert field.page.shown("alerts") == {str(alert(1).alert_id): 2}
        await field.page.cut()

    asyncio.run(run())


def test_a_view_is_read_from_a_hello_and_by_itself() -> None:
    hello = read_client_message('{"t":"hello","v":1,"sub":["units"],"view":{"t":"view","bbox":[-90.2,29.9,-90,30]}}')
    assert isinstance(hello, Hello)
    assert hello.view == View(bbox=BOX)
    assert read_client_message('{"t":"view","bbox":[-90.2,29.9,-90,30],"every_s":2}') == View(bbox=BOX, every_s=2)


@pytest.mark.parametrize("bad", ['"bbox":[0,0,0]', '"bbox":[0,-91,0,0]', '"bbox":[0,0,0,0],"every_s":-1', '"units":[]'])
def test_a_view_that_makes_no_sense_is_refused(bad: str) -> None:
    with pytest.raises(BadMessageError):
        read_client_message(f'{{"t":"view",{bad}}}')
