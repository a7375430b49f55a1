"""The work of `bench pipeline`: seeded reads, a hotlist, zones, cameras and incidents like a city's."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import cos, radians, sin

from msgspec import Struct

from pipeline.state.cameras import CameraIndex
from pipeline.state.hotlist_index import HotlistIndex, Wanted
from pipeline.state.reference import Reference
from pipeline.state.zones import ZoneIndex
from schemas.events.camera import Camera
from schemas.events.incident import Incident
from schemas.events.plate_read import PlateCandidate, PlateRead
from schemas.events.zone import Position, Zone
from schemas.identity import identity
from schemas.plate import LOOK_ALIKES
from schemas.wire.frame import MAX_EVENTS, encode_event, join_frame
from schemas.wire.partition import partition_of

START = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
SOUTH, NORTH, WEST, EAST = 29.90, 30.06, -90.14, -89.93
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
PARTITIONS = 4
#: Shares of the reads: of wanted plates, of wanted plates misread by a look-alike, and from mobile readers.
WANTED_SHARE, MISREAD_SHARE, MOBILE_SHARE = 0.005, 0.005, 0.10


class Size(Struct, frozen=True):
    """How much work."""

    reads: int = 200_000
    hotlist: int = 1_000_000
    zones: int = 500
    cameras: int = 1_000
    incidents: int = 200
    seed: int = 1


def plate(dice: random.Random) -> str:
    """Return a plate of three digits, three letters, and a digit more: 176 million of them, so few meet by chance."""
    letters = "".join(dice.choices(LETTERS, k=3))
    return f"{dice.randrange(1000):03d}{letters}{dice.randrange(10)}"


def reference(size: Size) -> Reference:
    """Return the facts that the reads are held against."""
    dice = random.Random(size.seed)  # noqa: S311 - a benchmark's dice must be loaded
    facts = Reference()
    facts.hotlists.index = HotlistIndex(_wanted(dice, number) for number in range(size.hotlist))
    facts.zones = ZoneIndex(_zone(dice, number) for number in range(size.zones))
    facts.cameras = CameraIndex((_camera(dice, number) for number in range(size.cameras)), facts.zones)
    for number in range(size.incidents):
        facts.incidents.apply(_incident(dice, number))
    return facts


def reads(size: Size, facts: Reference) -> Iterator[PlateRead]:
    """Yield the reads."""
    dice = random.Random(size.seed + 1)  # noqa: S311 - as above
    listed = random.Random(size.seed)  # noqa: S311 - the same sequence as the list's
    wanted = [plate(listed) for _ in range(min(size.hotlist, 2_000))]
    cameras = list(facts.cameras.by_id.values())
    for number in range(size.reads):
        at = START + timedelta(milliseconds=number)
        draw = dice.random()
        text = dice.choice(wanted) if wanted and draw < WANTED_SHARE + MISREAD_SHARE else plate(dice)
        if draw < MISREAD_SHARE:
            text = misread(dice, text)
        mobile = dice.random() < MOBILE_SHARE or not cameras
        camera = None if mobile else dice.choice(cameras)
        yield PlateRead(
            event_id=identity("plate_read", "bench", size.seed, number),
            occurred_at=at,
            observed_at=at + timedelta(milliseconds=300),
            source="bench/reads",
            synthetic=True,
            camera_id=camera.camera_id if camera else f"car-{number % 50}",
            plate=text,
            plate_raw=text.lower(),
            confidence=round(dice.uniform(0.6, 0.99), 3),
            plate_region="us-la",
            region_confidence=0.8,
            candidates=tuple(
                PlateCandidate(misread(dice, text), round(dice.uniform(0.3, 0.6), 3)) for _ in range(dice.randrange(3))
            ),
            lat=camera.lat if camera else dice.uniform(SOUTH, NORTH),
            lon=camera.lon if camera else dice.uniform(WEST, EAST),
            heading_deg=float(dice.randrange(360)),
            vehicle_make="toyota",
            vehicle_colour="white",
            vehicle_body="sedan",
            native_id=f"bench-{number}",
        )


def framed(events: Iterator[PlateRead], per_frame: int = MAX_EVENTS) -> list[tuple[int, bytes, bytes]]:
    """Return (partition, key, value) of messages; ``per_frame`` 1 gives lone objects, as foreign producers send."""
    waiting: dict[int, list[bytes]] = {}
    keys: dict[int, bytes] = {}
    messages = []

    def close(partition: int) -> None:
        encoded = waiting.pop(partition)
        messages.append((partition, keys[partition], encoded[0] if per_frame == 1 else join_frame(encoded)))

    for event in events:
        partition = partition_of(event.plate, PARTITIONS)
        keys.setdefault(partition, event.plate.encode())
        frame = waiting.setdefault(partition, [])
        if not frame:
            keys[partition] = event.plate.encode()
        frame.append(encode_event(event))
        if len(frame) >= per_frame:
            close(partition)
    for partition in list(waiting):
        close(partition)
    return messages


def _wanted(dice: random.Random, number: int) -> Wanted:
    return Wanted(
        list_id="bench",
        entry_id=f"B{number}",
        plate=plate(dice),
        region="us-la",
        kind="stolen_vehicle",
        severity="P2",
        reason="",
        make=None,
        colour=None,
        expires_at=None,
        as_of=START,
    )


def misread(dice: random.Random, text: str) -> str:
    """Return a plate with one character taken for a look-alike, if it has one that can be."""
    places = [at for at, char in enumerate(text) if any(char in group for group in LOOK_ALIKES)]
    if not places:
        return text
    at = dice.choice(places)
    group = next(group for group in LOOK_ALIKES if text[at] in group)
    return text[:at] + dice.choice([char for char in group if char != text[at]]) + text[at + 1 :]


def _zone(dice: random.Random, number: int) -> Zone:
    lat, lon = dice.uniform(SOUTH, NORTH), dice.uniform(WEST, EAST)
    ring: list[Position] = []
    for corner in range(36):
        radius = dice.uniform(0.002, 0.006)
        angle = radians(corner * 10)
        ring.append((lon + radius * cos(angle), lat + radius * sin(angle)))
    return Zone(
        event_id=identity("zone", "bench", number),
        occurred_at=START,
        observed_at=START,
        source="bench/zones",
        zone_id=f"zone-{number}",
        name=f"Zone {number}",
        rules=() if number % 10 else ("loitering", "heading_to_zone"),
        polygons=(((*ring, ring[0]),),),
    )


def _camera(dice: random.Random, number: int) -> Camera:
    return Camera(
        event_id=identity("camera", "bench", number),
        occurred_at=START,
        observed_at=START,
        source="bench/cameras",
        camera_id=f"camera-{number}",
        name=f"Camera {number}",
        lat=dice.uniform(SOUTH, NORTH),
        lon=dice.uniform(WEST, EAST),
        kind="lpr",
    )


def _incident(dice: random.Random, number: int) -> Incident:
    return Incident(
        event_id=identity("incident_state", "bench", number),
        occurred_at=START,
        observed_at=START,
        source="bench/incidents",
        incident_id=identity("incident", "bench", number),
        rev=1,
        status="open",
        kind="ARMED ROBBERY",
        opened_at=START - timedelta(minutes=dice.randrange(25)),
        lat=dice.uniform(SOUTH, NORTH),
        lon=dice.uniform(WEST, EAST),
    )
