"""People of some areas see what lies in them, in whatever way they ask."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace
from starlette.datastructures import Headers
from typer.testing import CliRunner

from compose.accounts.book import AccountBook
from compose.accounts.oidc.groups import GroupRights, granted
from compose.cli import app
from compose.commands import accounts
from dashboards.server.access.gate import AREA_HEADER, AUDIENCE_HEADER, NOT_LIMITED
from dashboards.server.access.rights import DOORS, ROLES
from dashboards.server.areas import MOBILE
from dashboards.server.audience import OF_NO_PLACE, WHOLE, Audience, Audiences, area_line, as_seen_by
from dashboards.server.channel import CHANNELS
from dashboards.server.hub import Hub
from dashboards.server.hubs import ANEW_EVERY_S, Hubs
from dashboards.server.replay_ports import Mark, Marks
from dashboards.server.search_ports import FoundRead, PlateQuestion, ReadsFound
from schemas.envelope import Event
from schemas.event_type import EventType
from schemas.events.alert import ALERT
from schemas.events.camera import CAMERA, Camera
from schemas.events.camera_health import CAMERA_HEALTH
from schemas.events.emergency_call import EMERGENCY_CALL
from schemas.events.image import EXAMPLE as AN_IMAGE
from schemas.events.image import Image
from schemas.events.incident import INCIDENT, Incident
from schemas.events.sighting import SIGHTING
from schemas.events.unit_position import EXAMPLE as A_UNIT
from schemas.events.unit_position import UNIT_POSITION, UnitPosition
from schemas.events.zone import ZONE, Zone
from tests.component.server_fixtures import alert, listening
from tests.component.test_agencies import WHY, incident
from tests.component.test_server_access import Known, Site, action, open_page, subjects
from tests.component.test_server_websocket import closed_with, hear, on_a_loop

EAST = "east, of the river"
INSIDE, OUTSIDE = (29.95, -90.07), (29.95, -90.20)
AT = datetime(2026, 1, 15, 18, 30, tzinfo=UTC)
OF_EAST = Audience(names=None, areas=frozenset({EAST}))


def zone(name: str = EAST, west: float = -90.1, **changes: Any) -> Zone:
    ring = ((west, 29.9), (west + 0.1, 29.9), (west + 0.1, 30.0), (west, 30.0), (west, 29.9))
    example: Zone = ZONE.examples[0]
    return replace(
        example, zone_id=name, name=name, polygons=((ring,),), event_id=uuid4(), **({"observed_at": AT} | changes)
    )


def camera(name: str, place: tuple[float, float], at: datetime = AT, **changes: Any) -> Camera:
    example: Camera = CAMERA.examples[0]
    return replace(
        example, camera_id=name, lat=place[0], lon=place[1], event_id=uuid4(), observed_at=at, occurred_at=at, **changes
    )


def unit(name: str, place: tuple[float, float], second: float = 0.0) -> UnitPosition:
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=second)
    return replace(
        A_UNIT, unit_id=name, lat=place[0], lon=place[1], event_id=uuid4(), occurred_at=at, observed_at=at,
        synthetic=False, status="available",
    )  # fmt: skip


def case(number: int, place: tuple[float, float] | None) -> Incident:
    lat, lon = place or (None, None)
    return replace(incident(number, "default"), lat=lat, lon=lon)


KNOWN: list[Known] = [
    (ZONE, [zone(), zone("west", -90.25)]),
    (CAMERA, [camera("in", INSIDE), camera("out", OUTSIDE), camera("car", INSIDE, kind=MOBILE)]),
]


class Pictures:
    """Has a picture of every read, by the camera told."""

    def __init__(self) -> None:
        self.camera_id: str | None = "in"

    def get(self, read_id: Any) -> Image:
        return replace(AN_IMAGE, camera_id=self.camera_id, audience="")

    async def picture(self, image: Image) -> bytes:
        return b"\xff\xd8\xff"


class Reads:
    """Finds one read within and one without, and remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[PlateQuestion] = []

    async def search(self, asked: PlateQuestion, limit: int) -> ReadsFound:
        self.asked.append(asked)
        reads = [
            FoundRead(
                event_id=UUID(int=number), occurred_at=AT, plate="ABC123", plate_region="", confidence=0.9,
                camera_id="c", camera="c", lat=place[0], lon=place[1], heading_deg=None, make="", model="", colour="",
                body="", image_ref="", source="s", synthetic=False, hits=(),
            )
            for number, place in enumerate((INSIDE, OUTSIDE, (None, None)))
        ]  # fmt: skip
        return ReadsFound(reads=tuple(reads), is_cut=False, unsaid=7, oldest=None)


class Past:
    """A recording of which the time line only is asked."""

    async def marks(self, begin: datetime, end: datetime, most: int) -> Marks:
        named = (("in", INSIDE), ("out", OUTSIDE), ("nowhere", None))
        marks = [Mark(at=AT, alert_id=uuid4(), severity="P1", title=title, place=place) for title, place in named]
        return Marks(rows=marks, is_cut=False, oldest=None)


class Estate(Site):
    """A site with a zone to the east and one to the west."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.reads, self.pictures = folder, Reads(), Pictures()
        known: list[Known] = [
            *KNOWN,
            (ALERT, [alert(11, lat=INSIDE[0], lon=INSIDE[1]), alert(12, lat=OUTSIDE[0], lon=OUTSIDE[1])]),
            (INCIDENT, [case(1, INSIDE), case(2, OUTSIDE), case(3, None)]),
            (UNIT_POSITION, [unit("A1", INSIDE), unit("B1", OUTSIDE)]),
        ]
        super().__init__(folder, known, images=self.pictures, plates=self.reads, recording=Past())

    def of_east(self, account: str, *roles: str) -> str:
        self.add(account, *roles, audiences=None)
        self.book.set_areas(account.replace("_", "-"), (EAST,), "admin")
        return account


@pytest.fixture
def site(tmp_path: Path) -> Estate:
    return Estate(tmp_path)


def at_home(kind: EventType[Any], place: tuple[float, float] | None) -> Event:
    """An event of a type that lies there, by whatever says where it is."""
    example = kind.examples[0]
    if kind is ZONE:
        return zone("school") if place == INSIDE else zone("school", -90.3)
    if kind is CAMERA_HEALTH:
        return replace(example, event_id=uuid4(), camera_id={INSIDE: "in", OUTSIDE: "out", None: "unknown"}[place])
    changes: dict[str, Any] = dict(zip(("lat", "lon"), place or (None, None), strict=True))
    return replace(example, **changes | ({"camera_id": None} if hasattr(example, "camera_id") else {}))


@pytest.mark.parametrize("name", CHANNELS)
def test_of_every_channel_only_what_lies_in_the_area_is_shown(name: str) -> None:
    kind = CHANNELS[name].kind
    if kind in OF_NO_PLACE:
        assert not {"lat", "lon", "camera_id", "polygons"} & set(kind.cls.__struct_fields__), "it has a place"
        assert list(as_seen_by(OF_EAST, kind, kind.examples)) == list(kind.examples)
        return
    hubs = Hubs(Hub())
    for known, events in KNOWN:
        hubs.offer(known, events, 1.0)
    here, there = at_home(kind, INSIDE), at_home(kind, OUTSIDE)
    assert list(as_seen_by(OF_EAST, kind, [there, here], hubs.areas)) == [here]
    assert list(as_seen_by(OF_EAST, kind, [there, here])) == [], "zones that are not known hold nothing"
    assert list(as_seen_by(WHOLE, kind, [there, here], hubs.areas)) == [there, here]
    if kind in (ALERT, INCIDENT, EMERGENCY_CALL, SIGHTING, CAMERA_HEALTH):
        assert list(as_seen_by(OF_EAST, kind, [at_home(kind, None)], hubs.areas)) == [], "it has no place"


def test_an_alert_without_a_place_lies_where_its_camera_stands_unless_that_drives_about() -> None:
    hubs = Hubs(Hub())
    for known, events in KNOWN:
        hubs.offer(known, events, 1.0)
    told = [alert(1, lat=None, lon=None, camera_id=name) for name in ("in", "out", "car", "unknown")]
    assert list(as_seen_by(OF_EAST, ALERT, told, hubs.areas)) == told[:1]


#: What is decided of every door: it limits what it tells to the areas of who asks, tells of nothing that has a place,
#: or is shut to people of some areas.
LIMITED = {
    ("WEBSOCKET", "/ws"), ("POST", "/api/actions"), ("GET", "/api/alerts/{alert_id}/people"),
    ("GET", "/api/images/{read_id}"), ("GET", "/api/images/{read_id}/picture"),
    ("GET", "/api/incidents/{incident_id}/calls"),
    ("GET", "/api/incidents/{incident_id}/units"), ("GET", "/api/incidents/{incident_id}/history"),
    ("GET", "/api/incidents/{incident_id}/assessments"), ("POST", "/api/incidents/{incident_id}/assessments"),
    ("POST", "/api/incidents/{incident_id}/drawings"), ("GET", "/api/incidents/{incident_id}/drawings/history"),
    ("GET", "/api/incidents/{incident_id}/drawings.geojson"), ("POST", "/api/incidents/{incident_id}/attachments"),
    ("GET", "/api/incidents/{incident_id}/attachments/{attachment_id}"),
    ("POST", "/api/incidents/{incident_id}/attachments/{attachment_id}/withdraw"),
    ("POST", "/api/plates/search"), ("POST", "/api/plates/export"), ("GET", "/api/replay"),
}  # fmt: skip
OF_NOTHING_WITH_A_PLACE = {
    ("GET", "/api/health"), ("GET", "/api/status"), ("GET", "/api/openapi.json"), ("GET", "/maps"),
    ("GET", "/api/session"), ("POST", "/api/session"), ("DELETE", "/api/session"), ("GET", "/api/session/oidc"),
    ("GET", "/api/session/oidc/callback"), ("POST", "/api/session/active"), ("POST", "/api/session/ticket"),
    ("POST", "/api/session/lock"), ("POST", "/api/session/proof"), ("GET", "/api/push"), ("POST", "/api/push"),
    ("POST", "/api/push/remove"),
}  # fmt: skip
SHUT = {
    ("GET", "/api/incidents/{incident_id}/eido"), ("GET", "/api/answer-times"), ("GET", "/api/measures"),
    ("GET", "/api/contact"), ("POST", "/api/names/search"), ("GET", "/api/markers"), ("POST", "/api/markers"),
    ("POST", "/api/markers/remove"), ("GET", "/api/audit"), ("POST", "/api/audit/export"), ("POST", "/api/sql"),
    ("POST", "/api/counts"), ("POST", "/api/companions"), ("GET", "/api/precision"), ("GET", "/api/noise"),
    ("POST", "/api/noise"), ("GET", "/api/ledger"), ("GET", "/api/dead-letters"),
    ("GET", "/api/dead-letters/{event_id}"), ("POST", "/api/dead-letters/{event_id}/replay"),
    ("GET", "/api/store/copies"), ("POST", "/api/store/copies"), ("GET", "/api/names/keys"),
    ("POST", "/api/names/keys/rebuild"), ("GET", "/metrics"),
    ("GET", "/api/accounts"), ("POST", "/api/accounts"), ("POST", "/api/accounts/{account}/access"),
    ("POST", "/api/accounts/{account}/disable"), ("POST", "/api/accounts/{account}/release"),
    ("POST", "/api/accounts/{account}/end-sessions"),
}  # fmt: skip


def test_every_door_either_limits_what_it_tells_or_is_shut_to_people_of_some_areas(site: Estate) -> None:
    assert set(DOORS) == LIMITED | OF_NOTHING_WITH_A_PLACE | SHUT, "decide of a new door, and test what is decided"
    browser = site.enter(site.of_east("everything", *ROLES))
    for method, path in LIMITED | OF_NOTHING_WITH_A_PLACE | SHUT:
        assert DOORS[method, path].limits is ((method, path) not in SHUT)
        if method in ("WEBSOCKET", "DELETE") or path.startswith("/api/session"):
            continue
        address = path
        for name in ("alert_id", "incident_id", "read_id", "event_id"):
            address = address.replace(f"{{{name}}}", str(uuid4()))
        answer = browser.request(method, address, json={} if method == "POST" else None)
        shut = answer.status_code == 403 and answer.json()["error"] == NOT_LIMITED
        assert shut is ((method, path) in SHUT), (method, path, answer.status_code)
    assert "channels" not in browser.get("/api/status").json()["hub"], "how much there is elsewhere"


def test_what_lies_elsewhere_cannot_be_worked_on(site: Estate) -> None:
    browser = site.enter(site.of_east("commander"))
    for number, status in ((11, 200), (12, 404)):
        told = action(subject_id=str(alert(number).alert_id), key=str(uuid4()))
        assert browser.post("/api/actions", json=told).status_code == status
        assert browser.get(f"/api/alerts/{alert(number).alert_id}/people").status_code == status
    for number, status in ((1, 200), (2, 404), (3, 404)):
        told = action(
            subject_id=str(case(number, None).incident_id), key=str(uuid4()), name="incident.note", note="on my way"
        )
        assert browser.post("/api/actions", json=told).status_code == status
    linked = action(
        subject_id=str(case(1, None).incident_id), key=str(uuid4()), name="incident.link",
        details={"other": str(case(2, None).incident_id)},
    )  # fmt: skip
    assert browser.post("/api/actions", json=linked).status_code == 404, "neither can what it is linked with"


def test_an_incident_that_lies_elsewhere_is_not_found_and_no_unit_from_elsewhere_is_offered(site: Estate) -> None:
    browser = site.enter(site.of_east("commander"))
    for route in ("calls", "units", "history", "assessments", "drawings/history", "drawings.geojson"):
        answers = [browser.get(f"/api/incidents/{case(number, None).incident_id}/{route}") for number in (1, 2, 3)]
        assert [answer.status_code for answer in answers] == [200, 404, 404], route
    (offered,) = browser.get(f"/api/incidents/{case(1, None).incident_id}/units").json()
    assert offered["unit_id"] == "A1"
    assessed = {"key": str(uuid4()), "actor": "x", "version": 1, "grade": "priority", "why": "because"}
    address = f"/api/incidents/{case(2, None).incident_id}/assessments"
    assert browser.post(address, json=assessed).status_code == 404


@pytest.mark.parametrize(("camera_id", "status"), [("in", 200), ("out", 404), ("car", 404), (None, 404)])
def test_a_picture_is_shown_where_its_camera_stands_in_the_area(
    site: Estate, camera_id: str | None, status: int
) -> None:
    site.pictures.camera_id = camera_id
    browser = site.enter(site.of_east("monitor"))
    assert browser.get(f"/api/images/{uuid4()}/picture").status_code == status
    assert (browser.get(f"/api/images/{uuid4()}").json()["state"] == "none") is (status == 404)


def test_a_plate_is_looked_for_in_the_area_only_and_not_even_counted_elsewhere(site: Estate) -> None:
    browser = site.enter(site.of_east("monitor"))
    found = browser.post("/api/plates/search", json={**WHY, "plate": "ABC123"}).json()
    assert [read["lon"] for read in found["reads"]] == [INSIDE[1]]
    assert found["unsaid"] == 0
    assert site.reads.asked[-1].area == pytest.approx((-90.1, 29.9, -90.0, 30.0))
    exported = browser.post("/api/plates/export", json={"search": found["search"], "actor": "x"}).text
    assert len(exported.strip().splitlines()) == 2, "the head, and the one read"
    across = {"west": -90.3, "south": 29.92, "east": -90.05, "north": 30.5}
    browser.post("/api/plates/search", json={**WHY, "plate": "ABC123", "area": across})
    assert site.reads.asked[-1].area == pytest.approx((-90.1, 29.92, -90.05, 30.0))
    far = across | {"east": -90.2}
    assert browser.post("/api/plates/search", json={**WHY, "plate": "ABC123", "area": far}).status_code == 403
    assert len(site.reads.asked) == 2


def test_the_time_line_has_what_lies_in_the_area(site: Estate) -> None:
    period = {"from": AT.isoformat(), "to": (AT + timedelta(hours=1)).isoformat()}
    told = site.enter(site.of_east("monitor")).get("/api/replay", params=period).json()
    assert [mark["title"] for mark in told["marks"]] == ["in"]


async def rows_of(page: Any, channel: str) -> list[dict[str, Any]]:
    """The rows of the next message that tells of a channel."""
    while True:
        heard = await hear(page)
        if heard["t"] == "snap" and heard["ch"] == channel:
            return list(heard["rows"])
        if heard["t"] == "d" and channel in heard["ch"]:
            return list(heard["ch"][channel]["rows"])


@on_a_loop
async def test_a_unit_that_leaves_the_area_is_gone_and_comes_back(tmp_path: Path) -> None:
    site = Estate(tmp_path)
    site.of_east("monitor")
    async with listening(site.world) as address:
        page = await open_page(site, address, "monitor", "units")
        assert [row["unit_id"] for row in await rows_of(page, "units")] == ["A1"], "opened after all were known"
        site.world.hubs.offer(UNIT_POSITION, [unit("A1", OUTSIDE, 1), unit("B1", OUTSIDE, 1)], 2.0)
        assert await rows_of(page, "units") == [{"unit_id": "A1", "gone": True}], "and not where it went"
        site.world.hubs.offer(UNIT_POSITION, [unit("A1", OUTSIDE, 2), unit("A1", INSIDE, 3)], 3.0)
        (back,) = await rows_of(page, "units")
        assert (back["unit_id"], back["lon"]) == ("A1", INSIDE[1])


@on_a_loop
async def test_an_incident_whose_place_is_corrected_is_gone_also_for_a_page_that_resumes(tmp_path: Path) -> None:
    site = Estate(tmp_path)
    site.of_east("monitor")
    async with listening(site.world) as address:
        page = await open_page(site, address, "monitor", "incidents")
        welcome, snap = await hear(page), await hear(page)
        assert [row["incident_id"] for row in snap["rows"]] == [str(case(1, None).incident_id)]
        await page.close()
        site.world.hubs.offer(INCIDENT, [replace(case(1, OUTSIDE), rev=case(1, None).rev + 1, event_id=uuid4())], 2.0)
        resume = {"epoch": welcome["epoch"], "pos": {"incidents": snap["pos"]}}
        site.ahead_s = 31.0  # a code of the second factor is good once
        again = await open_page(site, address, "monitor", "incidents", resume=resume)
        assert (await hear(again))["mode"] == "resume"
        assert await rows_of(again, "incidents") == [{"incident_id": str(case(1, None).incident_id), "gone": True}]


@on_a_loop
async def test_an_open_socket_is_sent_what_lies_in_its_areas_and_closed_when_they_change(tmp_path: Path) -> None:
    site = Estate(tmp_path)
    site.of_east("monitor")
    async with listening(site.world) as address:
        page = await open_page(site, address, "monitor", "alerts")
        inside = {str(alert(number).alert_id) for number in (1, 2, 11)}
        assert await subjects(page) == inside
        site.world.hubs.offer(
            ALERT, [alert(13, lat=OUTSIDE[0], lon=OUTSIDE[1]), alert(14, lat=INSIDE[0], lon=INSIDE[1])], 2.0
        )
        assert [row["alert_id"] for row in await rows_of(page, "alerts")] == [str(alert(14).alert_id)]
        await asyncio.to_thread(site.book.set_areas, "monitor", ("west",), "admin")
        async with asyncio.timeout(5):
            assert await closed_with(page) == 1012
        site.ahead_s = 31.0
        again = await open_page(site, address, "monitor", "alerts")
        assert await subjects(again) == {str(alert(number).alert_id) for number in (12, 13)}


def seen(hubs: Hubs, channel: str, who: Audience = OF_EAST) -> set[str]:
    key = CHANNELS[channel].kind.key
    return {json.loads(row)[key] for row in hubs.of(who).rows(channel)}


def test_zones_that_are_read_after_what_lies_in_them_hold_it_all_the_same() -> None:
    hubs = Hubs(Hub())
    view = hubs.of(OF_EAST)
    hubs.offer(UNIT_POSITION, [unit("A1", INSIDE), unit("B1", OUTSIDE)], 1.0)
    hubs.offer(CAMERA_HEALTH, [at_home(CAMERA_HEALTH, INSIDE)], 1.0)
    for kind, events in KNOWN:
        hubs.offer(kind, events, 1.0)
    hubs.caught_up()
    assert hubs.of(OF_EAST) is view
    assert (seen(hubs, "units"), seen(hubs, "health"), seen(hubs, "zones")) == ({"A1"}, {"in"}, {EAST})


def test_a_zone_that_is_moved_and_a_camera_that_is_moved_take_along_what_is_seen() -> None:
    now = 100.0
    hubs = Hubs(Hub(mono=lambda: now, wall=lambda: now))
    for kind, events in KNOWN:
        hubs.offer(kind, events, 1.0)
    hubs.offer(UNIT_POSITION, [unit("A1", INSIDE), unit("B1", OUTSIDE)], 1.0)
    hubs.offer(CAMERA_HEALTH, [at_home(CAMERA_HEALTH, INSIDE), at_home(CAMERA_HEALTH, OUTSIDE)], 1.0)
    hubs.caught_up()
    assert seen(hubs, "health") == {"in"}
    epoch = hubs.of(OF_EAST).epoch
    later = AT + timedelta(minutes=1)
    hubs.offer(CAMERA, [camera("in", INSIDE, later)], 2.0)
    now += ANEW_EVERY_S
    hubs.tick()
    assert hubs.of(OF_EAST).epoch == epoch, "nothing moved, so nobody begins anew"
    hubs.offer(CAMERA, [camera("in", OUTSIDE, later + timedelta(minutes=1))], 3.0)
    hubs.tick()
    assert (seen(hubs, "cameras"), seen(hubs, "health")) == ({"car"}, set())
    hubs.offer(ZONE, [zone(west=-90.25, observed_at=later)], 4.0)
    now += ANEW_EVERY_S
    hubs.tick()
    assert (seen(hubs, "units"), seen(hubs, "health")) == ({"B1"}, {"in", "out"})
    hubs.offer(ZONE, [zone(removed=True, observed_at=later + timedelta(hours=1))], 5.0)
    now += ANEW_EVERY_S
    hubs.tick()
    assert (seen(hubs, "units"), seen(hubs, "zones")) == (set(), set())


def test_a_page_that_comes_late_is_shown_no_more_than_one_that_was_there_from_the_start() -> None:
    """By agency as by area: what is known already is sorted as what comes."""
    hubs = Hubs(Hub())
    ours = Audience(names=None, agencies=frozenset({"ours"}))
    for kind, events in KNOWN:
        hubs.offer(kind, events, 1.0)
    hubs.offer(UNIT_POSITION, [replace(unit("A1", INSIDE), jurisdiction="ours"), unit("B1", OUTSIDE)], 1.0)
    assert (seen(hubs, "units", ours), seen(hubs, "cameras", ours)) == ({"A1"}, set())
    both = Audience(names=None, agencies=frozenset({"ours"}), areas=frozenset({"west"}))
    assert seen(hubs, "units", both) == set(), "of the agency, and in the area"


def test_who_sees_all_costs_no_geometry(monkeypatch: pytest.MonkeyPatch) -> None:
    hubs = Hubs(Hub())
    monkeypatch.setattr(hubs, "areas", None)
    for kind, events in KNOWN:
        hubs.offer(kind, events, 1.0)
    hubs.offer(UNIT_POSITION, [unit("A1", INSIDE)], 1.0)
    assert seen(hubs, "units", WHOLE) == {"A1"}


def test_zones_may_be_called_anything_and_a_header_that_is_missing_or_sent_twice_names_none() -> None:
    known = Audiences(AUDIENCE_HEADER, ("restricted",), area_header=AREA_HEADER)
    for names in ({EAST}, {"*"}, {"学校", "a,b", " x "}):
        assert known.of(Headers({AREA_HEADER: area_line(names)})).areas == names
    assert known.of(Headers({AREA_HEADER: "*"})).areas is None
    assert known.of(Headers({})).areas == frozenset()
    twice = Headers(raw=[(AREA_HEADER.encode(), b"*"), (AREA_HEADER.encode(), b"*")])
    assert known.of(twice).areas == frozenset()


def test_nobody_sees_more_by_claiming_an_area(site: Estate) -> None:
    browser = site.enter(site.of_east("monitor"))
    told = action(subject_id=str(alert(12).alert_id), key=str(uuid4()))
    for claimed in ("*", "west"):
        assert browser.post("/api/actions", json=told, headers={AREA_HEADER: claimed}).status_code == 404


@pytest.mark.parametrize(
    ("groups", "areas"),
    [(["police"], (EAST,)), (["police", "sheriff"], (EAST, "west")), (["police", "region"], None), ([], ())],
)
def test_groups_of_an_identity_provider_give_areas(groups: list[str], areas: tuple[str, ...] | None) -> None:
    table = {
        "police": GroupRights(roles=("monitor",), areas=(EAST,)),
        "sheriff": GroupRights(roles=("monitor",), areas=("west",)),
        "region": GroupRights(roles=("supervisor",)),
    }
    assert granted(groups, table).areas == areas


def test_the_page_and_the_records_say_in_which_areas_somebody_sees(site: Estate) -> None:
    assert site.enter(site.of_east("monitor")).get("/api/session").json()["areas"] == [EAST]
    assert [one.details.get("areas") for one in site.book.records(9)][:2] == ["all", EAST]


def test_a_book_that_was_made_before_there_were_areas_lets_everybody_in_as_before(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.add("monitor")
    site.book.close()
    file = sqlite3.connect(tmp_path / "accounts.sqlite")
    file.execute("ALTER TABLE accounts DROP COLUMN areas")
    file.close()
    (account,) = AccountBook(tmp_path / "accounts.sqlite", lock_after_s=1800).accounts()
    assert account.areas is None


def test_areas_are_set_shown_and_taken_away_by_a_command(site: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    site.add("monitor")
    monkeypatch.setattr(
        accounts, "book_in", lambda settings: AccountBook(site.folder / "accounts.sqlite", lock_after_s=1800)
    )

    def areas(*options: str) -> Any:
        answer = CliRunner().invoke(app, ["account", "areas", *options, "--json"])
        return json.loads(answer.stdout)["areas"] if answer.exit_code == 0 else answer.exit_code

    assert areas("monitor") is None
    assert areas("monitor", "--area", EAST, "--area", "west") == [EAST, "west"]
    assert areas("monitor") == [EAST, "west"]
    site.book.set_roles("monitor", roles=["commander"], audiences=None, secured=False, actor="admin")
    assert areas("monitor") == [EAST, "west"], "who says the roles anew takes no limit away by forgetting it"
    assert areas("monitor", "--area", EAST, "--everywhere") == 2
    assert areas("nobody", "--area", EAST) == 2
    assert areas("monitor", "--everywhere") is None
