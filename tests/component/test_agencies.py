"""People of some agencies see what is these agencies', in whatever way they ask."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace
from starlette.datastructures import Headers

from compose.accounts.book import AccountBook
from compose.accounts.oidc.groups import GroupRights, granted
from dashboards.server.access.gate import AGENCY_HEADER, AUDIENCE_HEADER, NOT_LIMITED
from dashboards.server.access.rights import DOORS, ROLES
from dashboards.server.audience import ALL_AGENCIES, Audience, Audiences, as_seen_by
from dashboards.server.hub import Hub
from dashboards.server.hubs import Hubs
from dashboards.server.search_ports import PlateQuestion, ReadsFound
from schemas.event_type import EventType, Push
from schemas.events.alert import ALERT
from schemas.events.camera import CAMERA
from schemas.events.emergency_call import EMERGENCY_CALL
from schemas.events.image import EXAMPLE as AN_IMAGE
from schemas.events.image import Image
from schemas.events.incident import EXAMPLE as AN_INCIDENT
from schemas.events.incident import INCIDENT, Incident
from schemas.events.map_layer import MAP_LAYER
from schemas.events.unit_position import EXAMPLE as A_UNIT
from schemas.events.unit_position import UNIT_POSITION
from schemas.identity import identity
from schemas.registry import EVENT_TYPES
from tests.component.server_fixtures import alert, listening
from tests.component.test_server_access import Known, Site, action, open_page, subjects
from tests.component.test_server_websocket import closed_with, hear

OURS, THEIRS = "nopd", "jpso"
WHY = {"actor": "x", "purpose_code": "stolen_vehicle", "reference": "26-0112", "purpose": "taken from Canal Street"}


def incident(number: int, agency: str) -> Incident:
    return replace(
        AN_INCIDENT, incident_id=identity("agencies", number), event_id=identity("agencies", "event", number),
        jurisdiction=agency, merged_into=None, lat=29.95, lon=-90.07, synthetic=False,
    )  # fmt: skip


class Pictures:
    """Has a picture of every read, each of the agency told."""

    def __init__(self, agency: str) -> None:
        self.agency = agency

    def get(self, read_id: Any) -> Image:
        return replace(AN_IMAGE, jurisdiction=self.agency, audience="")

    async def picture(self, image: Image) -> bytes:
        return b"\xff\xd8\xff"


class Reads:
    """Remembers whose reads were asked for."""

    def __init__(self) -> None:
        self.asked: list[PlateQuestion] = []

    async def search(self, asked: PlateQuestion, limit: int) -> ReadsFound:
        self.asked.append(asked)
        return ReadsFound(reads=(), is_cut=False, unsaid=0, oldest=None)


class Estate(Site):
    """A site of two agencies."""

    def __init__(self, folder: Path) -> None:
        self.reads, now = Reads(), datetime.now(UTC)
        units = [
            replace(
                A_UNIT, unit_id=name, event_id=identity("agencies", name), jurisdiction=agency, occurred_at=now,
                observed_at=now, synthetic=False, status="available", lat=29.951, lon=-90.071,
            )
            for name, agency in (("A1", OURS), ("B1", THEIRS))
        ]  # fmt: skip
        known: list[Known] = [
            (ALERT, [alert(11, jurisdiction=OURS), alert(12, jurisdiction=THEIRS)]),
            (INCIDENT, [incident(1, OURS), incident(2, THEIRS)]),
            (UNIT_POSITION, units),
        ]
        super().__init__(folder, known, images=Pictures(THEIRS), plates=self.reads)


@pytest.fixture
def site(tmp_path: Path) -> Estate:
    return Estate(tmp_path)


def of_agencies(site: Site, account: str, *roles: str, agencies: tuple[str, ...] | None = (OURS,)) -> str:
    site.add(account, *roles, audiences=None)
    site.book.set_roles(
        account.replace("_", "-"), roles=roles, audiences=None, agencies=agencies, secured=False, actor="admin"
    )
    return account


@pytest.mark.parametrize(
    "kind", [kind for kind in EVENT_TYPES if kind.push is not Push.NONE], ids=lambda kind: kind.name
)
def test_no_event_of_another_agency_is_shown_whatever_it_is(kind: EventType[Any]) -> None:
    ours, theirs = (replace(kind.examples[0], jurisdiction=agency) for agency in (OURS, THEIRS))
    seen = as_seen_by(Audience(names=None, agencies=frozenset({OURS})), kind, [ours, theirs])
    assert list(seen) == ([ours, theirs] if kind is MAP_LAYER else [ours])
    assert list(as_seen_by(Audience(names=None, agencies=frozenset()), kind, [ours])) == (
        [ours] if kind is MAP_LAYER else []
    )


def test_what_was_there_before_somebody_of_an_agency_came_is_sorted_by_agency_too() -> None:
    hubs = Hubs(Hub())
    for kind in (INCIDENT, EMERGENCY_CALL, UNIT_POSITION, CAMERA):
        states = [replace(kind.examples[0], jurisdiction=THEIRS)]
        hubs.whole.offer(kind, states, 1.0)
    hubs.whole.offer(INCIDENT, [incident(1, OURS)], 1.0)
    hubs.caught_up()
    seen = hubs.of(Audience(names=None, agencies=frozenset({OURS})))
    assert {name: len(seen.rows(name)) for name in ("incidents", "calls", "units", "cameras")} == {
        "incidents": 1, "calls": 0, "units": 0, "cameras": 0
    }  # fmt: skip


def test_every_door_that_is_not_sorted_by_agency_is_shut_to_people_of_some(site: Estate) -> None:
    browser = site.enter(of_agencies(site, "everything", *ROLES))
    for (method, path), door in DOORS.items():
        if method == "WEBSOCKET" or "DELETE" in method or path.startswith("/api/session"):
            continue
        address = path.replace("{incident_id}", str(uuid4())).replace("{read_id}", str(uuid4()))
        answer = browser.request(method, address, json={} if method == "POST" else None)
        shut = answer.status_code == 403 and answer.json()["error"] == NOT_LIMITED
        assert shut is not door.limits, (method, path, answer.status_code)


def test_an_action_on_what_is_another_agencys_is_as_if_it_were_not_there(site: Estate) -> None:
    browser = site.enter(of_agencies(site, "commander", "commander"))
    for number, status in ((11, 200), (12, 404)):
        told = action(subject_id=str(alert(number).alert_id), key=str(uuid4()))
        assert browser.post("/api/actions", json=told).status_code == status
    for number, status in ((1, 200), (2, 404)):
        told = action(
            subject_id=str(identity("agencies", number)), key=str(uuid4()), name="incident.note", note="on my way"
        )
        assert browser.post("/api/actions", json=told).status_code == status


def test_an_incident_of_another_agency_is_not_found_and_no_other_agencys_units_are_offered(site: Estate) -> None:
    browser = site.enter(of_agencies(site, "commander", "commander"))
    for route in ("calls", "units", "history", "assessments", "drawings/history", "drawings.geojson"):
        ours, theirs = (browser.get(f"/api/incidents/{identity('agencies', number)}/{route}") for number in (1, 2))
        assert (ours.status_code, theirs.status_code) == (200, 404), route
    assert browser.get(f"/api/incidents/{uuid4()}/history").status_code == 404
    (unit,) = browser.get(f"/api/incidents/{identity('agencies', 1)}/units").json()
    assert unit["unit_id"] == "A1"
    whole = site.enter(of_agencies(site, "chief", "commander", agencies=None))
    assert len(whole.get(f"/api/incidents/{identity('agencies', 2)}/units").json()) == 2


def test_pictures_and_plates_are_those_of_the_agencies(site: Estate) -> None:
    browser = site.enter(of_agencies(site, "monitor", "monitor"))
    assert browser.get(f"/api/images/{uuid4()}").json()["state"] == "none"
    assert browser.get(f"/api/images/{uuid4()}/picture").status_code == 404
    assert browser.post("/api/plates/search", json={**WHY, "plate": "ABC123"}).status_code == 200
    theirs = site.enter(of_agencies(site, "deputy", "monitor", agencies=(THEIRS, OURS)))
    assert theirs.get(f"/api/images/{uuid4()}/picture").status_code == 200
    assert theirs.post("/api/plates/search", json={**WHY, "plate": "ABC123"}).status_code == 200
    assert [asked.agencies for asked in site.reads.asked] == [(OURS,), (THEIRS, OURS)]


def test_nobody_sees_more_by_claiming_an_agency(site: Estate) -> None:
    browser = site.enter(of_agencies(site, "monitor", "monitor"))
    told = action(subject_id=str(alert(12).alert_id), key=str(uuid4()))
    for claimed in (ALL_AGENCIES, THEIRS):
        assert browser.post("/api/actions", json=told, headers={AGENCY_HEADER: claimed}).status_code == 404


def test_agencies_that_are_not_named_are_none_and_named_twice_are_none() -> None:
    known = Audiences(AUDIENCE_HEADER, ("restricted",), AGENCY_HEADER)
    assert known.of(Headers({})).agencies == frozenset()
    assert known.of(Headers({AGENCY_HEADER: f"{OURS},{THEIRS}"})).agencies == {OURS, THEIRS}
    assert known.of(Headers({AGENCY_HEADER: ALL_AGENCIES})).agencies is None
    twice = Headers(raw=[(AGENCY_HEADER.encode(), b"*"), (AGENCY_HEADER.encode(), b"*")])
    assert known.of(twice).agencies == frozenset()
    assert Audiences().of(Headers({AGENCY_HEADER: OURS})).sees_everything


def test_an_open_socket_is_sent_its_agencies_alerts_and_closed_when_they_change(tmp_path: Path) -> None:
    site = Estate(tmp_path)
    of_agencies(site, "monitor", "monitor")
    of_agencies(site, "chief", "monitor", agencies=None)

    def take_away() -> None:
        book = AccountBook(tmp_path / "accounts.sqlite", lock_after_s=1800)
        book.set_roles(
            "monitor", roles=["monitor"], audiences=None, agencies=(THEIRS,), secured=False, actor="admin"
        )  # fmt: skip

    async def run() -> None:
        async with listening(site.world) as address:
            page = await open_page(site, address, "monitor", "alerts")
            whole = await open_page(site, address, "chief", "alerts")
            assert await subjects(page) == {str(alert(11).alert_id)}
            assert len(await subjects(whole)) == 4
            site.world.hubs.offer(ALERT, [alert(13, jurisdiction=THEIRS), alert(14, jurisdiction=OURS)], 2.0)
            while (heard := await hear(page))["t"] != "d":
                pass
            assert str(alert(14).alert_id) in str(heard)
            assert str(alert(13).alert_id) not in str(heard)
            await asyncio.to_thread(take_away)
            assert await closed_with(page) == 1012
            site.ahead_s = 31.0  # a code of the second factor is good once
            again = await open_page(site, address, "monitor", "alerts")
            assert await subjects(again) == {str(alert(number).alert_id) for number in (12, 13)}

    asyncio.run(run())


@pytest.mark.parametrize(
    ("groups", "agencies"),
    [
        (["police"], (OURS,)),
        (["police", "sheriff"], (THEIRS, OURS)),
        (["police", "region"], None),
        (["police", "seen"], (OURS,)),
        (["seen"], ()),
        ([], ()),
    ],
)
def test_groups_of_an_identity_provider_give_agencies(groups: list[str], agencies: tuple[str, ...] | None) -> None:
    table = {
        "police": GroupRights(roles=("monitor",), agencies=(OURS,)),
        "sheriff": GroupRights(roles=("monitor",), agencies=(THEIRS,)),
        "region": GroupRights(roles=("supervisor",)),
        "seen": GroupRights(audiences=("restricted",)),
    }
    assert granted(groups, table).agencies == agencies


def test_a_record_of_an_account_says_its_agencies(tmp_path: Path) -> None:
    site = Site(tmp_path)
    of_agencies(site, "monitor", "monitor")
    (account,) = site.book.accounts()
    assert account.agencies == (OURS,)
    assert [one.details.get("agencies") for one in site.book.records(9)] == ["all", OURS]
