"""An entry's audience goes with its hits into sightings and alerts, live and in history."""

from __future__ import annotations

from msgspec.structs import replace

from pipeline.outcome import Emit
from pipeline.processors.sightings import Sightings
from pipeline.rules import retro_hunt
from pipeline.rules.hotlist_match import match_frame
from pipeline.state.hotlist_index import HotlistIndex
from pipeline.state.reference import Reference
from schemas.envelope import Event
from schemas.events.alert import Alert
from schemas.events.hotlist import EXAMPLE as MANIFEST
from schemas.events.hotlist import HOTLIST
from schemas.events.hotlist_entry import EXAMPLE as ENTRY
from schemas.events.hotlist_entry import HOTLIST_ENTRY, RESTRICTED
from schemas.events.image import Image
from schemas.events.plate_read import PLATE_READ
from schemas.events.sighting import Sighting, audience_of
from schemas.hotlist_checksum import checksum
from schemas.identity import identity
from tests.unit.facts import NOW, read, wanted


def load(facts: Reference, list_id: str, audience: str) -> None:
    entry = replace(
        ENTRY, event_id=identity("entry", list_id), list_id=list_id, list_version="1", plate="ABC123", audience=audience
    )
    facts.apply(HOTLIST_ENTRY, [entry])
    manifest = replace(MANIFEST, event_id=identity("list", list_id), list_id=list_id, version="1", entry_count=1)
    facts.apply(HOTLIST, [replace(manifest, checksum=checksum([entry]))])
    facts.rebuild()


def seen(facts: Reference, **changes: object) -> list[Event]:
    one = read("ABC123", image_ref="https://images.example/1.jpg", **changes)
    (outcome,) = Sightings(facts, lambda: NOW, want_images=True).process(PLATE_READ, [one], 0)
    assert isinstance(outcome, Emit)
    return list(outcome.events)


def test_each_alert_has_the_audience_of_its_entry_and_the_sighting_of_each_hit() -> None:
    facts = Reference()
    load(facts, "stolen", "")
    load(facts, "secret", RESTRICTED)
    sighting, *others = seen(facts)
    assert isinstance(sighting, Sighting)
    assert {hit.list_id: audience_of(sighting, hit) for hit in sighting.hits} == {"stolen": "", "secret": RESTRICTED}
    alerts = {one.why[1].facts["list_id"]: one.audience for one in others if isinstance(one, Alert)}
    assert alerts == {"stolen": "", "secret": RESTRICTED}
    assert [one.audience for one in others if isinstance(one, Image)] == [""]


def test_what_is_only_restricted_has_a_restricted_picture_and_what_is_not_says_nothing_of_audiences() -> None:
    facts = Reference()
    load(facts, "secret", RESTRICTED)
    assert [one.audience for one in seen(facts) if isinstance(one, Image)] == [RESTRICTED]
    everybody = Reference()
    load(everybody, "stolen", "")
    sighting = seen(everybody)[0]
    assert isinstance(sighting, Sighting)
    assert sighting.audiences == ()


def test_a_picture_of_two_restricted_hits_is_for_both_audiences_and_each_alert_for_its_own() -> None:
    facts = Reference()
    load(facts, "one", "gang,homicide")
    load(facts, "two", "narcotics")
    events = seen(facts)
    assert {one.audience for one in events if isinstance(one, Alert)} == {"gang,homicide", "narcotics"}
    assert [one.audience for one in events if isinstance(one, Image)] == ["gang,homicide,narcotics"]


def test_a_finding_in_past_reads_is_for_the_audience_of_its_entry() -> None:
    index = HotlistIndex([wanted("ABC123", audience=RESTRICTED)])
    match = match_frame([read("ABC123")], index)[0]
    past = Sighting(
        event_id=identity("past"), occurred_at=NOW, observed_at=NOW, source="test/reads", camera_id="C1",
        plate="ABC123", confidence=0.9, hits=match.hits, audiences=match.audiences,
    )  # fmt: skip
    assert retro_hunt.evaluate(past, match.hits[0], NOW).audience == RESTRICTED
