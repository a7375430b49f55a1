"""What is read at a camera like a plate and is none: a sign, a badge, a sticker."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from msgspec import Meta

from schemas.envelope import Count, Event, Moment, Name
from schemas.event_type import EventType, Table
from schemas.events.plate_read import EXAMPLE as READ
from schemas.events.plate_read import Plate
from schemas.identity import identity


class PlateNoise(Event, frozen=True, kw_only=True, gc=False):
    """A text that one camera reads and that is no plate, or is said to be one after all. Of one ``noise_id`` the latest
    ``changed_at`` holds, but a person's word is never replaced by what was learnt."""

    noise_id: Annotated[Name, Meta(description="camera_id/plate: what it is about.")]
    camera_id: Annotated[Name, Meta(description="The camera.")]
    plate: Annotated[Plate, Meta(description="What it reads there.")]
    is_noise: Annotated[bool, Meta(description="True: taken for no plate at this camera; False: a plate again.")] = True
    is_learnt: Annotated[bool, Meta(description="True when it was told from counts, False when a person said so.")] = (
        False
    )
    changed_at: Annotated[Moment, Meta(description="When it was learnt or said (UTC).")]
    changed_by: Annotated[str, Meta(max_length=200, description="Who said so; empty for what was learnt.")] = ""
    reason: Annotated[str, Meta(max_length=2000, description="Why, in a sentence.")] = ""
    hours: Annotated[Count, Meta(description="Of the 72 whole hours before, those in which it was read.")] = 0
    reads: Annotated[Count, Meta(description="How often it was read in them.")] = 0
    fewest_in_an_hour: Annotated[Count, Meta(description="The fewest reads in one of those hours.")] = 0
    most_in_an_hour: Annotated[Count, Meta(description="The most reads in one of those hours.")] = 0
    doubts: Annotated[
        tuple[str, ...], Meta(description="What of its text fits no plate of its jurisdiction, in words.")
    ] = ()


def noise_id(camera_id: str, plate: str) -> str:
    """Return what names a text at a camera."""
    return f"{camera_id}/{plate}"


EXAMPLE = PlateNoise(
    event_id=identity("plate_noise", "1000/EXIT", "learnt", "2026-01-15T18"),
    occurred_at=READ.occurred_at,
    observed_at=READ.occurred_at,
    source="learning/plate_noise",
    noise_id="1000/EXIT",
    camera_id="1000",
    plate="EXIT",
    is_learnt=True,
    changed_at=READ.occurred_at + timedelta(minutes=5),
    reason="Read here in 24 of 72 hours, 1,440 times; as a plate it has a word of signs.",
    hours=24,
    reads=1440,
    fewest_in_an_hour=58,
    most_in_an_hour=61,
    doubts=("a word of signs",),
)

PLATE_NOISE = EventType(
    name="plate_noise",
    cls=PlateNoise,
    topic="rtcc.lpr.plate-noise.v1",
    key="noise_id",
    table=Table(
        name="plate_noise_states",
        order_by=("noise_id", "changed_at", "event_id"),
        steady_time=False,
        current="plate_noise",
    ),
    version_field="changed_at",
    compacted=True,
    examples=(EXAMPLE,),
)
