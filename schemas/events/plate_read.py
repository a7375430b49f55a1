"""A licence plate read by one camera, as the reader reported it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from schemas.envelope import Count, Event, Fraction, Heading, Latitude, Longitude, Moment, Name, SpeedKmh, Word
from schemas.event_type import EventType, Table
from schemas.identity import identity

Plate = Annotated[str, Meta(min_length=1, max_length=20)]
Reference = Annotated[str, Meta(max_length=2000)]


class PlateCandidate(Struct, frozen=True, gc=False):
    """Another reading the reader thought possible."""

    plate: Annotated[Plate, Meta(description="Normalised plate text.")]
    confidence: Annotated[Fraction, Meta(description="The reader's confidence in it, 0..1.")]


#: Earlier readings of a vehicle that a read takes along, the latest.
MAX_EARLIER = 15


class EarlierReading(Struct, frozen=True, gc=False):
    """What was read of the same vehicle before."""

    event_id: Annotated[UUID, Meta(description="That read.")]
    plate: Annotated[Plate, Meta(description="Normalised plate text.")]
    confidence: Annotated[Fraction, Meta(description="The reader's confidence in it, 0..1.")]


class PlateRead(Event, frozen=True, kw_only=True, gc=False):
    """A plate read by one camera, as the reader reported it; nothing is known yet of what it means."""

    camera_id: Annotated[Name, Meta(description="The camera, as the source names it.")]
    plate: Annotated[Plate, Meta(description="Normalised: NFKC, upper case, letters and digits only.")]
    plate_raw: Annotated[str, Meta(max_length=100, description="The plate exactly as the source sent it.")]
    confidence: Annotated[Fraction, Meta(description="The reader's confidence in the plate, 0..1.")]
    plate_region: Annotated[
        Word | None, Meta(description="State or country of the plate, ISO 3166 lower case (us-la), if read.")
    ] = None
    region_confidence: Annotated[Fraction | None, Meta(description="Confidence in the region, 0..1.")] = None
    candidates: Annotated[
        tuple[PlateCandidate, ...], Meta(description="Other readings, best first, without the chosen one.")
    ] = ()
    lat: Annotated[Latitude | None, Meta(description="Where it was read: WGS 84 latitude, degrees.")] = None
    lon: Annotated[Longitude | None, Meta(description="Where it was read: WGS 84 longitude, degrees.")] = None
    heading_deg: Annotated[Heading | None, Meta(description="Direction of travel, degrees clockwise from north.")] = (
        None
    )
    speed_kmh: Annotated[SpeedKmh | None, Meta(description="Speed, km/h.")] = None
    vehicle_make: Annotated[Word | None, Meta(description="Make, lower case, if the reader tells.")] = None
    vehicle_model: Annotated[Word | None, Meta(description="Model, lower case.")] = None
    vehicle_colour: Annotated[Word | None, Meta(description="Colour, lower case.")] = None
    vehicle_body: Annotated[Word | None, Meta(description="Body type, lower case.")] = None
    is_preview: Annotated[bool, Meta(description="The reader is still looking: kept, but never raises an alert.")] = (
        False
    )
    is_parked: Annotated[bool, Meta(description="The reader says that the vehicle stands still.")] = False
    image_ref: Annotated[Reference | None, Meta(description="Where the picture is; never the picture.")] = None
    image_expires_at: Annotated[
        Moment | None, Meta(description="From then on the picture cannot be fetched at its source any more (UTC).")
    ] = None
    native_id: Annotated[Name | None, Meta(description="The read's id at its source.")] = None
    track_id: Annotated[
        Name | None,
        Meta(
            description="The reader's id of the vehicle while it is in view: reads of one source and camera that share"
            " it are one pass."
        ),
    ] = None
    device_sequence: Annotated[
        Count | None, Meta(description="The device's own running number of its messages, if it counts them.")
    ] = None
    earlier: Annotated[
        tuple[EarlierReading, ...],
        Meta(
            description="What the same reader read of this vehicle before, as the edge saw it, oldest first, the last"
            " 15; none: nothing else, or without a track_id."
        ),
    ] = ()


_AT = datetime(2026, 1, 15, 18, 30, 5, 125000, tzinfo=UTC)
EXAMPLE = PlateRead(
    event_id=identity("plate_read", "rekor/east", "AGENT-1000-1768501805125"),
    occurred_at=_AT,
    observed_at=_AT.replace(microsecond=480000),
    source="rekor/east",
    camera_id="1000",
    plate="ABC123",
    plate_raw="abc 123",
    confidence=0.94,
    plate_region="us-la",
    region_confidence=0.8,
    candidates=(PlateCandidate("A8C123", 0.71),),
    lat=29.9573,
    lon=-90.0667,
    heading_deg=182.0,
    vehicle_make="toyota",
    vehicle_colour="white",
    vehicle_body="sedan",
    native_id="AGENT-1000-1768501805125",
)

PLATE_READ = EventType(
    name="plate_read",
    cls=PlateRead,
    topic="rtcc.lpr.plate-read.v1",
    key="plate",
    table=Table(
        name="plate_reads", order_by=("plate", "occurred_at", "event_id"), projection=("camera_id", "occurred_at")
    ),
    retention_days=7,
    examples=(EXAMPLE,),
)
