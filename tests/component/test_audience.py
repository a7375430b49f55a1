"""Restricted alerts and hits reach only those whom the proxy names; everybody else cannot tell that they are there."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace
from starlette.datastructures import Headers
from websockets.asyncio.client import ClientConnection

from dashboards.server.audience import EVERYBODY, WHOLE, Audience, Audiences, as_seen_by
from dashboards.server.hub import Hub, HubFullError
from dashboards.server.hubs import KEPT_S, Hubs
from dashboards.server.ports import Calibration
from schemas.events.alert import ALERT
from schemas.events.hotlist import EXAMPLE as A_LIST
from schemas.events.hotlist import HOTLIST
from schemas.events.image import Image, wanted_id
from schemas.events.plate_read import PlateCandidate
from schemas.events.sighting import EXAMPLE as A_SIGHTING
from schemas.events.sighting import SIGHTING, AttributeCheck, Sighting
from schemas.identity import identity
from tests.component.server_fixtures import World, action, alert, listening
from tests.component.test_server_websocket import hear, hello, page_of, say

HEADER = "X-Watchfloor-Audience"
NAMED = {HEADER: "patrol, restricted"}
OPEN, SECRET = alert(1), alert(2, audience="restricted", subject="SECRET1")


class Pictures:
    def get(self, read_id: UUID) -> Image | None:
        if read_id not in (identity("open"), identity("secret")):
            return None
        return Image(
            event_id=wanted_id(read_id), occurred_at=A_SIGHTING.occurred_at, observed_at=A_SIGHTING.observed_at,
            source="server/images", read_id=read_id, rev=2, state="fetched", image_ref="https://images.example/1",
            sha256="0" * 64, byte_count=4, media_type="image/jpeg",
            audience="restricted" if read_id == identity("secret") else "",
        )  # fmt: skip

    async def picture(self, image: Image) -> bytes | None:
        return b"\xff\xd8\xff\xe0"


def two_hits() -> Sighting:
    (hit,) = A_SIGHTING.hits
    other = replace(hit, list_id="secret", entry_id="X-1")
    check = AttributeCheck(list_id="secret", entry_id="X-1", attribute="make", read="a", listed="b", agrees=False)
    return replace(A_SIGHTING, hits=(other, hit), attributes=(check,), audiences=("restricted", ""))


@pytest.fixture
def world() -> World:
    world = World(audiences=Audiences(HEADER), images=Pictures())
    world.hubs.offer(ALERT, [OPEN, SECRET], 1.0)
    world.hubs.offer(SIGHTING, [two_hits()], 1.0)
    world.hubs.caught_up()
    return world


async def rows_of(page: ClientConnection, channel: str) -> list[Any]:
    await say(page, hello([channel]))
    while (message := await hear(page))["t"] != "snap":
        pass
    rows: list[Any] = message["rows"]
    return rows


def test_a_socket_is_sent_restricted_alerts_and_hits_only_if_it_is_named(world: World) -> None:
    async def go() -> None:
        async with listening(world) as address, page_of(address) as page:
            assert [row["alert_id"] for row in await rows_of(page, "alerts")] == [str(OPEN.alert_id)]
        async with listening(world) as address, page_of(address, additional_headers=NAMED) as page:
            assert {row["alert_id"] for row in await rows_of(page, "alerts")} == {
                str(OPEN.alert_id),
                str(SECRET.alert_id),
            }

    asyncio.run(go())


def test_a_sighting_is_sent_without_its_restricted_hits(world: World) -> None:
    async def go() -> None:
        async with listening(world) as address, page_of(address) as page:
            (row,) = await rows_of(page, "sightings")
            assert [hit["list_id"] for hit in row["hits"]] == ["stolen"]
            assert "secret" not in str(row)
        async with listening(world) as address, page_of(address, additional_headers=NAMED) as page:
            (whole,) = await rows_of(page, "sightings")
            assert [hit["list_id"] for hit in whole["hits"]] == ["secret", "stolen"]

    asyncio.run(go())


def test_what_is_raised_later_is_sent_to_each_as_it_may(world: World) -> None:
    async def go() -> None:
        async with listening(world) as address, page_of(address) as page:
            await rows_of(page, "alerts")
            later = [alert(3, audience="restricted"), alert(4)]
            world.hubs.offer(ALERT, later, 2.0)
            while (message := await hear(page))["t"] != "d":
                pass
            assert [row["alert_id"] for row in message["ch"]["alerts"]["rows"]] == [str(later[1].alert_id)]

    asyncio.run(go())


@pytest.mark.parametrize(
    "said",
    [[], [(HEADER, "")], [(HEADER, "Restricted")], [(HEADER, "unrestricted")], [(HEADER, "restricted")] * 2],
)
def test_whoever_is_not_named_in_so_many_words_sees_nothing_restricted(said: list[tuple[str, str]]) -> None:
    raw = [(name.lower().encode(), value.encode()) for name, value in said]
    assert not Audiences(HEADER).of(Headers(raw=raw)).may_see("restricted")


def test_without_the_setting_all_are_one_trusted_audience() -> None:
    assert Audiences().of(Headers()).may_see("restricted")


def test_a_restricted_alert_cannot_be_acted_on_nor_found_out_by_who_is_not_named(world: World) -> None:
    asked = action(subject_id=str(SECRET.alert_id))
    nobody = action(subject_id=str(UUID(int=9)))
    hidden, none = (world.browser().post("/api/actions", json=one) for one in (asked, nobody))
    assert (hidden.status_code, hidden.json()) == (none.status_code, none.json())
    assert hidden.status_code == 404
    assert world.log.events == []
    assert world.browser(**NAMED).post("/api/actions", json=asked).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/sql", {"sql": "SELECT 1"}),
        ("GET", "/api/dead-letters", None),
        ("GET", "/api/store/copies", None),
        ("GET", "/api/noise", None),
        ("POST", "/api/companions", {"plate": "ABC123"}),
        ("GET", "/api/incidents/00000000-0000-0000-0000-000000000009/eido", None),
    ],
)
def test_what_cannot_be_sorted_is_only_for_those_who_may_see_everything(
    world: World, method: str, path: str, body: Any
) -> None:
    assert world.browser().request(method, path, json=body).status_code == 403
    assert world.browser(**NAMED).request(method, path, json=body).status_code != 403


def test_a_restricted_picture_is_not_there_for_who_is_not_named(world: World) -> None:
    def told(name: str, **headers: str) -> tuple[str, int]:
        browser = world.browser(**headers)
        path = f"/api/images/{identity(name)}"
        return browser.get(path).json()["state"], browser.get(f"{path}/picture").status_code

    assert told("open") == ("fetched", 200)
    assert told("secret") == told("unknown") == ("none", 404)
    assert told("secret", **NAMED) == ("fetched", 200)


def test_a_picture_is_shown_from_here_and_never_taken_for_anything_else(world: World) -> None:
    browser = world.browser()
    told = browser.get(f"/api/images/{identity('open')}").json()
    assert "images.example" not in str(told)
    answer = browser.get(told["picture"])
    assert answer.content == b"\xff\xd8\xff\xe0"
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_what_has_nothing_restricted_is_passed_on_as_it_is() -> None:
    events = [OPEN]
    assert as_seen_by(EVERYBODY, ALERT, events) == events
    assert as_seen_by(EVERYBODY, SIGHTING, [A_SIGHTING]) == [A_SIGHTING]


def test_readings_that_were_kept_for_a_restricted_hit_do_not_tell_that_there_was_one() -> None:
    (hit,) = A_SIGHTING.hits
    plain = replace(A_SIGHTING, hits=())
    voted = replace(A_SIGHTING, hits=(hit,), audiences=("restricted",), variants=(PlateCandidate("ABC123", 0.5),))
    assert as_seen_by(EVERYBODY, SIGHTING, [voted]) == [plain]
    assert as_seen_by(Audience(names=frozenset({"restricted"})), SIGHTING, [voted]) == [voted]


# Several audiences: a list names some, a person is in some, and whoever shares one sees it.

KNOWN = ("gang", "homicide", "narcotics")
#: What each message is for; its plate names it, so that any byte of it can be found.
FOR = {"": "FORALL", "gang": "ONLYGANG", "homicide": "ONLYHOMI", "gang,homicide": "GANGHOMI", "narcotics": "ONLYNARC"}
PEOPLE = [(), ("gang",), ("homicide",), ("gang", "homicide"), ("narcotics", "gang"), KNOWN]


def may_see(person: tuple[str, ...]) -> set[str]:
    return {plate for audience, plate in FOR.items() if not audience or set(audience.split(",")) & set(person)}


def header(person: tuple[str, ...]) -> dict[str, str]:
    return {HEADER: ", ".join(["patrol", *person])}


def lists_for_each() -> list[Any]:
    return [
        replace(A_LIST, event_id=identity(plate), list_id=f"list-{at}", title=plate, audience=one)
        for at, (one, plate) in enumerate(FOR.items())
    ]


def alerts_for_each(begin: int) -> list[Any]:
    return [alert(begin + at, audience=one, subject=plate) for at, (one, plate) in enumerate(FOR.items())]


def sighting_of_all(name: str) -> Sighting:
    (hit,) = A_SIGHTING.hits
    hits = tuple(replace(hit, list_id=plate, entry_id="X") for plate in FOR.values())
    checks = tuple(
        AttributeCheck(list_id=plate, entry_id="X", attribute="make", read="a", listed="b", agrees=False)
        for plate in FOR.values()
    )
    return replace(A_SIGHTING, event_id=identity(name), hits=hits, attributes=checks, audiences=tuple(FOR))


class ByAudience:
    """Stands in for precision in the store: tells which audiences it was asked for."""

    async def by(self, by: str, days: float, *, simulated: bool, audiences: Any) -> list[Any]:
        self.asked = audiences
        return []

    async def calibration(self, days: float, *, simulated: bool, audiences: Any) -> Calibration:
        assert audiences == self.asked
        return Calibration(judged=0, brier=None, brier_of_base_rate=None, bins=())


@pytest.fixture
def city() -> World:
    city = World(audiences=Audiences(HEADER, KNOWN), precision=ByAudience())
    city.hubs.offer(ALERT, alerts_for_each(10), 1.0)
    city.hubs.offer(SIGHTING, [sighting_of_all("before")], 1.0)
    city.hubs.offer(HOTLIST, lists_for_each(), 1.0)
    city.hubs.caught_up()
    return city


def plates_in(text: str) -> set[str]:
    return {plate for plate in FOR.values() if plate in text}


def test_whoever_shares_an_audience_is_sent_it_and_nobody_else_a_byte_of_it(city: World) -> None:
    async def heard(address: str, person: tuple[str, ...]) -> set[str]:
        """All that is sent to a person: snapshots, then what comes live, then what was missed after a cut."""
        texts: list[str] = []
        async with page_of(address, additional_headers=header(person)) as page:
            await say(page, hello(["alerts", "sightings", "hotlists"]))
            while '"t":"d"' not in (texts[-1] if texts else ""):
                texts.append(str(await page.recv()))
                if len(texts) == 4:  # welcome and the three snapshots
                    arrived.append(person)
                    if len(arrived) == len(PEOPLE):
                        everybody_is_here.set()
                    await everybody_is_here.wait()

            def live() -> str:
                return "".join(text for text in texts if '"t":"d"' in text and '"from":' in text)

            while plates_in(live()) < may_see(person):
                texts.append(str(await page.recv()))
        return plates_in("".join(texts))

    arrived: list[tuple[str, ...]] = []
    everybody_is_here = asyncio.Event()

    async def go() -> None:
        async with listening(city) as address, asyncio.timeout(30):
            people = [asyncio.create_task(heard(address, person)) for person in PEOPLE]
            await everybody_is_here.wait()
            city.hubs.offer(ALERT, alerts_for_each(20), 2.0)
            city.hubs.offer(SIGHTING, [sighting_of_all("later")], 2.0)
            for person, task in zip(PEOPLE, people, strict=True):
                assert await task == may_see(person), person
            # One hub for each set that differs; who is in all looks at the whole.
            assert len(city.hubs.all) == len(PEOPLE)

    asyncio.run(go())


@pytest.mark.parametrize("person", PEOPLE)
def test_nothing_that_the_server_answers_over_http_tells_of_what_is_for_others(
    city: World, person: tuple[str, ...]
) -> None:
    browser = city.browser(**header(person))
    whole = set(person) == set(KNOWN)
    paths = ("health", "status", "incidents", "noise", "dead-letters", "store/copies", "ledger", "precision", "contact")
    for path in paths:
        assert plates_in(browser.get(f"/api/{path}").text) <= may_see(person), path
    for at, (audience, plate) in enumerate(FOR.items()):
        asked = action(key=str(UUID(int=at + 1)), subject_id=str(alert(10 + at).alert_id))
        told = browser.post("/api/actions", json=asked).status_code
        assert told == (200 if plate in may_see(person) else 404), audience
    assert ("channels" in browser.get("/api/status").json()["hub"]) == whole  # they count what is for others
    eido = browser.get("/api/incidents/00000000-0000-0000-0000-000000000009/eido").status_code
    sql = browser.post("/api/sql", json={"sql": "SELECT 1"}).status_code
    assert (eido != 403, sql != 403) == (whole, whole)


@pytest.mark.parametrize("person", PEOPLE)
def test_verdicts_are_counted_over_the_alerts_of_ones_own_audiences(person: tuple[str, ...]) -> None:
    store = ByAudience()
    World(audiences=Audiences(HEADER, KNOWN), precision=store).browser(**header(person)).get("/api/precision")
    assert store.asked == (None if set(person) == set(KNOWN) else ["", *sorted(person)])


def test_a_picture_is_for_whoever_may_see_one_of_its_alerts() -> None:
    assert Audience(names=frozenset({"gang"})).may_see("gang,homicide")
    assert not Audience(names=frozenset({"narcotics"})).may_see("gang,homicide")


def test_groups_that_are_no_audience_make_no_hub_of_their_own(city: World) -> None:
    audiences = Audiences(HEADER, KNOWN)
    hubs = {id(city.hubs.of(audiences.of(Headers({HEADER: f"gang,group-{number}"})))) for number in range(50)}
    assert len(hubs) == 1
    assert len(city.hubs.all) == 2


def test_views_are_bounded_and_one_that_nobody_watches_makes_room() -> None:
    hubs = Hubs(Hub(), most=2)

    async def send(text: str) -> None: ...

    a, b, c = (Audience(names=frozenset({name})) for name in "abc")
    watched = hubs.of(a)
    client = watched.join(send)
    hubs.of(b)
    kept = hubs.of(c)
    assert hubs.all == [hubs.whole, watched, kept]
    other = kept.join(send)
    with pytest.raises(HubFullError):
        hubs.of(b)
    watched.leave(client)
    assert hubs.of(b) is not watched
    kept.leave(other)


def test_a_view_is_let_go_when_nobody_has_watched_it_for_a_while() -> None:
    now = 0.0
    hubs = Hubs(Hub(mono=lambda: now))
    view = hubs.of(EVERYBODY)
    now = KEPT_S
    hubs.tick()
    assert hubs.of(EVERYBODY) is view
    now = 2 * KEPT_S + 1
    hubs.tick()
    assert hubs.all == [hubs.whole]


def test_pages_of_all_views_together_are_as_many_as_one_hub_takes() -> None:
    async def send(text: str) -> None: ...

    hubs = Hubs(Hub(max_clients=1))
    hubs.of(EVERYBODY).join(send)
    with pytest.raises(HubFullError):
        hubs.of(WHOLE)


def test_a_view_made_late_knows_what_one_made_early_knows() -> None:
    """Whatever is known when the first page of an audience comes, it sees what it would have seen from the start."""

    async def go() -> None:
        early, late = Hubs(Hub(wall=lambda: 3.0)), Hubs(Hub(wall=lambda: 3.0))
        person = Audience(names=frozenset({"gang"}))
        from_the_start = early.of(person)
        closed = replace(alerts_for_each(30)[1], rev=2, event_id=identity("closed"), status="closed")
        for hubs in (early, late):
            hubs.offer(ALERT, alerts_for_each(30), 1.0)
            hubs.offer(SIGHTING, [sighting_of_all("before")], 1.0)
            hubs.offer(HOTLIST, lists_for_each(), 1.0)
            hubs.caught_up()
        now_made = late.of(person)
        for hubs in (early, late):
            hubs.offer(ALERT, [closed], 2.0)  # which the view knew as open
            hubs.offer(ALERT, alerts_for_each(30), 2.0)  # repeated: told to nobody
            hubs.offer(SIGHTING, [sighting_of_all("before"), sighting_of_all("later")], 2.0)
            hubs.tick()

        for channel in ("alerts", "sightings", "hotlists"):
            rows = [hub.snapshot(channel).part(1).split('"rows":', 1)[1] for hub in (from_the_start, now_made)]
            assert rows[0] == rows[1]
            assert plates_in(rows[0]) == {"FORALL", "ONLYGANG", "GANGHOMI"}
        assert now_made.epoch != late.whole.epoch

    asyncio.run(go())
