"""The folds that rules ask: swapped in whole, never half, and right by brute force."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from shapely.geometry import Point, Polygon

from pipeline.state.cameras import CameraIndex
from pipeline.state.hotlists import Hotlists
from pipeline.state.incidents import NEAR_M, OpenIncidents
from pipeline.state.reference import Reference
from pipeline.state.zones import ZoneIndex
from schemas.events.alert import ALERT
from schemas.events.alert import EXAMPLE as AN_ALERT
from schemas.events.camera import CAMERA
from schemas.events.hotlist import EXAMPLE as MANIFEST
from schemas.events.hotlist import Hotlist
from schemas.events.hotlist_entry import EXAMPLE as ENTRY
from schemas.events.hotlist_entry import HotlistEntry
from schemas.hotlist_checksum import checksum
from schemas.identity import identity
from schemas.place import distance_m
from tests.unit.facts import NOW, camera, incident, square

lats = st.floats(29.90, 30.06)
lons = st.floats(-90.14, -89.93)


def version(name: str, plates: list[str], list_id: str = "stolen") -> tuple[list[HotlistEntry], Hotlist]:
    entries = [
        replace(
            ENTRY,
            event_id=identity("hotlist_entry", list_id, name, plate),
            list_id=list_id,
            list_version=name,
            entry_id=plate,
            plate=plate,
        )
        for plate in plates
    ]
    manifest = replace(MANIFEST, list_id=list_id, version=name, entry_count=len(entries), checksum=checksum(entries))
    return entries, manifest


def listed(hotlists: Hotlists, *plates: str) -> list[str]:
    hotlists.rebuild()
    return [plate for plate in plates if any(one.plate == plate for one in hotlists.index.look_alikes_of(plate))]


def test_a_list_takes_effect_only_when_its_manifest_and_every_entry_are_there() -> None:
    entries, manifest = version("1", ["AAA1", "BBB2", "CCC3"])
    hotlists = Hotlists()
    hotlists.add_entries(entries[:2])
    hotlists.add_manifest(manifest)
    assert listed(hotlists, "AAA1") == []
    assert "2 of 3" in hotlists.incomplete["stolen"]
    hotlists.add_entries(entries[2:])
    assert listed(hotlists, "AAA1", "BBB2", "CCC3") == ["AAA1", "BBB2", "CCC3"]
    assert hotlists.incomplete == {}


def test_the_old_version_stays_until_the_new_one_is_whole_and_then_goes_whole() -> None:
    hotlists = Hotlists()
    first, first_manifest = version("1", ["AAA1", "BBB2"])
    second, second_manifest = version("2", ["BBB2", "CCC3"])
    hotlists.add_entries(first)
    hotlists.add_manifest(first_manifest)
    hotlists.add_entries(second[:1])
    hotlists.add_manifest(second_manifest)
    assert listed(hotlists, "AAA1", "BBB2", "CCC3") == ["AAA1", "BBB2"]
    hotlists.add_entries(second[1:])
    assert listed(hotlists, "AAA1", "BBB2", "CCC3") == ["BBB2", "CCC3"]


def test_a_list_whose_entries_do_not_have_the_stated_checksum_is_refused() -> None:
    entries, manifest = version("1", ["AAA1"])
    hotlists = Hotlists()
    hotlists.add_entries([replace(entries[0], reason="changed on the way")])
    hotlists.add_manifest(manifest)
    assert listed(hotlists, "AAA1") == []
    assert "checksum" in hotlists.incomplete["stolen"]


def test_an_older_version_that_comes_late_changes_nothing() -> None:
    hotlists = Hotlists()
    for entries, manifest in (version("2", ["NEW2"]), version("1", ["OLD1"])):
        hotlists.add_entries(entries)
        hotlists.add_manifest(manifest)
    assert listed(hotlists, "NEW2", "OLD1") == ["NEW2"]


def test_lists_are_independent() -> None:
    hotlists = Hotlists()
    for entries, manifest in (version("1", ["AAA1"]), version("1", ["BBB2"], "wanted")):
        hotlists.add_entries(entries)
        hotlists.add_manifest(manifest)
    assert listed(hotlists, "AAA1", "BBB2") == ["AAA1", "BBB2"]


@given(st.lists(st.tuples(lats, lons), max_size=25), lats, lons)
@settings(max_examples=60, deadline=None)
def test_the_grid_finds_the_incidents_that_brute_force_finds(
    places: list[tuple[float, float]], lat: float, lon: float
) -> None:
    grid = OpenIncidents()
    # Half of them crowd round the place asked about, where the limit is.
    near = [(lat + (a - 29.98) / 12, lon + (b + 90.03) / 12) for a, b in places]
    for number, (a, b) in enumerate([*places, *near]):
        grid.apply(incident(number, a, b, opened=NOW - timedelta(minutes=number % 40)))
    found = {one.incident_id for one in grid.near(lat, lon, NOW)}
    assert found == {
        identity("incident", number)
        for number, (a, b) in enumerate([*places, *near])
        if distance_m(lat, lon, a, b) <= NEAR_M and number % 40 <= 30
    }


def test_an_incident_that_moves_or_closes_leaves_no_trace_in_the_grid() -> None:
    grid = OpenIncidents()
    grid.apply(incident(1, 29.95, -90.07, rev=1))
    grid.apply(incident(1, 29.99, -90.07, rev=2))
    assert grid.near(29.95, -90.07, NOW) == ()
    assert len(grid.near(29.99, -90.07, NOW)) == 1
    grid.apply(incident(1, 29.95, -90.07, rev=1))
    assert len(grid.near(29.99, -90.07, NOW)) == 1, "an older revision changes nothing"
    grid.apply(incident(1, 29.99, -90.07, rev=3, status="closed"))
    assert len(grid) == 0
    assert grid._cells == {}


@given(st.lists(st.tuples(lats, lons, st.floats(0.0005, 0.02)), min_size=1, max_size=12), lats, lons)
@settings(max_examples=60, deadline=None)
def test_zones_are_found_as_shapely_finds_them_one_by_one(
    squares: list[tuple[float, float, float]], lat: float, lon: float
) -> None:
    zones = [square(f"z{number}", *one) for number, one in enumerate(squares)]
    (found,) = ZoneIndex(zones).containing([lat], [lon])
    assert set(found) == {zone.zone_id for zone in zones if Polygon(zone.polygons[0][0]).contains(Point(lon, lat))}


def test_a_hole_is_not_part_of_its_zone() -> None:
    outer, hole = square("o", 29.95, -90.07, 0.01), square("h", 29.95, -90.07, 0.002)
    zone = replace(outer, polygons=((outer.polygons[0][0], hole.polygons[0][0]),))
    index = ZoneIndex([zone])
    assert index.containing([29.95, 29.955], [-90.07, -90.07]) == [(), ("o",)]
    ((_, metres),) = index.near(29.95, -90.07, 300)
    assert metres == pytest.approx(0.002 * 96_350, rel=0.01)


def test_removed_zones_and_cameras_are_gone() -> None:
    facts = Reference()
    facts.apply(CAMERA, [camera("C1", 29.95, -90.07)])
    facts.rebuild()
    assert "C1" in facts.cameras.by_id
    facts.apply(CAMERA, [camera("C1", 29.95, -90.07, removed=True, observed_at=NOW + timedelta(seconds=1))])
    facts.rebuild()
    assert "C1" not in facts.cameras.by_id
    assert ZoneIndex([square("z", 29.95, -90.07, 0.01, removed=True)]).containing([29.95], [-90.07]) == [()]


def test_the_nearest_cameras_come_nearest_first_and_none_from_far_away() -> None:
    index = CameraIndex(
        [camera(f"C{at}", 29.95 + at / 1000, -90.07) for at in range(8)] + [camera("far", 31.0, -90.07)]
    )
    assert [one.camera_id for one in index.nearest(29.95, -90.07)] == ["C0", "C1", "C2", "C3", "C4"]
    assert [one.camera_id for one in index.nearest(31.0, -90.07)] == ["far"]


def test_the_open_alerts_about_a_subject_follow_their_states() -> None:
    facts = Reference()
    facts.apply(ALERT, [AN_ALERT])
    about = (AN_ALERT.subject, AN_ALERT.rule)
    assert facts.open_alerts_about(*about) == (AN_ALERT.alert_id,)
    facts.apply(ALERT, [replace(AN_ALERT, rev=2, status="closed")])
    facts.apply(ALERT, [AN_ALERT])
    assert facts.open_alerts_about(*about) == ()
    assert facts.alerts[AN_ALERT.alert_id].status == "closed"
