"""To whom an alert may be given: people with a page open here who may see it and act on it, and nobody else."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from dashboards.server.access.gate import MACHINE
from dashboards.server.access.session import Session
from dashboards.server.audience import Audiences
from dashboards.server.room import Room
from tests.component.server_fixtures import action, alert, listening
from tests.component.test_server_access import Site, open_page, subjects
from tests.component.test_server_websocket import on_a_loop


def person(account: str, *roles: str, **limits: object) -> Session:
    told = {"audiences": None, **limits}
    return Session(key=account, account=account, name=account, roles=roles or ("monitor",), ends_at=9e9, **told)  # type: ignore[arg-type]


def who(*here: Session, **of_alert: str) -> list[str] | None:
    return Room(Audiences(), lambda: here).may_take(alert(1, **of_alert))


def test_each_who_may_act_is_named_once_and_in_order() -> None:
    assert who(person("c.kim"), person("b.lee", "supervisor"), person("c.kim")) == ["b.lee", "c.kim"]


@pytest.mark.parametrize("role", ["wall", "analyst", "auditor", "administrator"])
def test_who_may_not_act_or_not_see_alerts_is_given_none(role: str) -> None:
    assert who(person("somebody", role)) == []


def test_neither_a_machine_nor_a_locked_page_is_given_one() -> None:
    assert who(MACHINE, person("c.kim", locked=True)) == []


def test_a_restricted_alert_is_given_to_those_it_is_for() -> None:
    outside, inside = person("outside", audiences=()), person("inside", audiences=("restricted",))
    assert who(outside, inside, audience="restricted") == ["inside"]
    assert who(outside, inside) == ["inside", "outside"]


def test_an_agencys_alert_is_given_to_its_own_people_and_what_lies_elsewhere_to_nobody() -> None:
    ours, theirs = person("ours", agencies=("nola",)), person("theirs", agencies=("parish",))
    assert who(ours, theirs, person("of.an.area", areas=("unknown",)), jurisdiction="nola") == ["ours"]


@on_a_loop
async def test_an_alert_is_given_only_to_whom_a_page_is_open_and_the_list_names_them(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.add("diaz", "monitor")
    site.add("kim", "monitor")
    diaz = await asyncio.to_thread(site.enter, "diaz")
    giving = action(name="alert.assign", details={"owner": "kim"})

    async def people(number: int) -> Any:
        asked = await asyncio.to_thread(diaz.get, f"/api/alerts/{alert(number).alert_id}/people")
        return asked.json() if asked.status_code == 200 else asked.status_code

    async with listening(site.world) as address:
        assert await people(1) == {"people": []}
        refused = await asyncio.to_thread(diaz.post, "/api/actions", json=giving)
        assert (refused.status_code, "somebody who is here now" in refused.text) == (409, True)
        page = await open_page(site, address, "kim", "alerts")
        assert await subjects(page) == {str(alert(1).alert_id)}
        assert await people(1) == {"people": ["kim"]}
        again = giving | {"key": str(UUID(int=2))}
        assert (await asyncio.to_thread(diaz.post, "/api/actions", json=again)).status_code == 200
        assert await people(2) == 404
