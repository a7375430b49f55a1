"""POST /api/plates/search and /export: where a plate was read. Recorded with its purpose before it is looked up."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import compress
from typing import Annotated, Self
from uuid import UUID

import msgspec
from fastapi import APIRouter, Request
from msgspec import Struct
from msgspec.structs import replace
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from starlette.exceptions import HTTPException
from starlette.responses import Response

from dashboards.server.access.gate import actor_of
from dashboards.server.audience import Areas, Audience, Audiences
from dashboards.server.csv_file import csv_file
from dashboards.server.errors import Problem
from dashboards.server.ports import StoreUnavailableError, TooSlowError
from dashboards.server.purpose import Actor, WithPurpose
from dashboards.server.search_ports import FoundRead, PlateQuestion, PlateReads, ReadsFound
from dashboards.server.searches import record_search
from schemas.events.action import EXPORT_PLATE, SEARCH_PLATE
from schemas.plate_pattern import LEAST_REAL, MAX_LENGTH, plate_pattern, real_characters
from schemas.purpose import Purpose
from schemas.wire.publisher import Publisher

#: Reads of an answer.
MOST = 1000
#: A period is this long unless told, and never longer than the second.
RECENT, MAX_PERIOD = timedelta(days=1), timedelta(days=31)
#: Searches at once; one more is asked to come again.
AT_ONCE = 8
#: Answers that are kept so that a file can be made of them, and for how long.
KEPT, KEPT_FOR = 20, timedelta(hours=1)

Word = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, max_length=100)]
CameraId = Annotated[str, StringConstraints(min_length=1, max_length=200)]
COLUMNS = (
    "occurred_at", "plate", "state", "confidence", "camera_id", "camera", "lat", "lon", "heading_deg", "make", "model",
    "colour", "body", "lists", "simulated", "image", "read_id", "reference", "exported_by", "export_id",
)  # fmt: skip


class Area(BaseModel):
    """A part of the map, WGS 84 degrees. It does not cross the 180th meridian."""

    model_config = ConfigDict(extra="forbid")

    west: Annotated[float, Field(ge=-180, le=180)]
    south: Annotated[float, Field(ge=-90, le=90)]
    east: Annotated[float, Field(ge=-180, le=180)]
    north: Annotated[float, Field(ge=-90, le=90)]

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if self.west >= self.east or self.south >= self.north:
            raise ValueError("area: west before east, south before north")
        return self


class PlateSearch(WithPurpose):
    """Which reads are looked for, by whom and what for. ``plate`` may have ? (one character) and * (any number);
    ``look_alikes``: what readers take for one another counts as the same; the last day unless a time is told."""

    plate: Annotated[str, StringConstraints(max_length=MAX_LENGTH)] = ""
    look_alikes: bool = False
    state: Word = ""
    make: Word = ""
    colour: Word = ""
    begin: AwareDatetime | None = Field(None, alias="from")
    end: AwareDatetime | None = Field(None, alias="to")
    cameras: Annotated[tuple[CameraId, ...], Field(max_length=50)] = ()
    area: Area | None = None
    simulated: bool = False

    @model_validator(mode="after")
    def _is_narrow(self) -> Self:
        pattern = plate_pattern(self.plate)
        if self.plate.strip() and not pattern:
            raise ValueError("plate: letters, digits, ? and * are expected")
        if real_characters(pattern) < LEAST_REAL and not (self.cameras or self.area):
            raise ValueError(f"plate: at least {LEAST_REAL} letters or digits, or cameras or an area")
        return self

    def asked(self, now: datetime) -> PlateQuestion:
        """Return the question for the store. Raises HTTPException 422 for a time that is none or too long."""
        end = (self.end or now).astimezone(UTC)
        begin = (self.begin or end - RECENT).astimezone(UTC)
        if begin >= end:
            raise HTTPException(422, "The period ends before it begins.")
        if end - begin > MAX_PERIOD:
            raise HTTPException(422, f"A period may have {MAX_PERIOD.days} days at most.")
        area = self.area
        return PlateQuestion(
            pattern=plate_pattern(self.plate),
            begin=begin,
            end=end,
            look_alikes=self.look_alikes,
            state=self.state,
            make=self.make,
            colour=self.colour,
            cameras=tuple(dict.fromkeys(self.cameras)),
            area=None if area is None else (area.west, area.south, area.east, area.north),
            simulated=self.simulated,
        )


class PlateExport(BaseModel):
    """A file of what a search found. ``search``: its id; ``excluded``: reads that the person took out."""

    model_config = ConfigDict(extra="forbid")

    search: UUID
    actor: Actor
    excluded: Annotated[list[UUID], Field(max_length=MOST)] = []


class PlateAnswer(Struct, frozen=True, kw_only=True):
    """What was found. ``search``: its id in the audit; ``begin``, ``end``: the time that was looked at; ``kept_days``:
    after how many days the store deletes reads, None: it deletes none by itself."""

    search: UUID
    begin: datetime
    end: datetime
    reads: tuple[FoundRead, ...]
    is_cut: bool
    unsaid: int
    oldest: datetime | None
    kept_days: int | None = None


class _Kept(Struct, frozen=True):
    """An answer, and who may be given a file of it: whoever searched, for what they said, seeing what they saw."""

    answer: PlateAnswer
    actor: str
    purpose: Purpose
    audience: Audience


class _Answers:
    """The newest answers. What was shown is what the file has; a search is not run again without a record of it."""

    def __init__(self) -> None:
        self._kept: OrderedDict[UUID, tuple[datetime, _Kept]] = OrderedDict()

    def keep(self, kept: _Kept, now: datetime) -> None:
        self._kept[kept.answer.search] = (now, kept)
        while len(self._kept) > KEPT or next(iter(self._kept.values()))[0] < now - KEPT_FOR:
            self._kept.popitem(last=False)

    def get(self, search: UUID, actor: str, audience: Audience, now: datetime) -> _Kept | None:
        at, kept = self._kept.get(search, (None, None))
        if at is None or kept is None or at < now - KEPT_FOR:
            return None
        # Who sees less now than when it was asked gets no file of what was seen then.
        return kept if (kept.actor, kept.audience) == (actor, audience) else None


def plates_router(plates: PlateReads | None, publisher: Publisher, audiences: Audiences) -> APIRouter:
    """Return the routes."""
    router = APIRouter()
    answers = _Answers()
    working = 0

    @router.post("/api/plates/search", responses={status: {"model": Problem} for status in (422, 429, 503, 504)})
    async def search(question: PlateSearch, request: Request) -> Response:
        """Return past reads, newest first, at most 1,000.

        The search is recorded with its purpose first; when the log does not confirm, nothing is searched. Hits on
        restricted lists are told only to those who may know of them.
        """
        nonlocal working
        if plates is None:
            raise StoreUnavailableError
        if working >= AT_ONCE:
            raise HTTPException(429, "Too many searches at once.", {"retry-after": "1"})
        audience, actor = audiences.of(request.headers), actor_of(request, question.actor)
        asked = _within(question.asked(datetime.now(UTC)), audience, audiences.areas)
        working += 1
        try:
            recorded = await record_search(
                publisher, SEARCH_PLATE, actor=actor, purpose=question.why, asked=_told(asked)
            )
            found = _seen_of(await plates.search(asked, MOST), audience, audiences.areas)
        except TooSlowError as error:
            raise HTTPException(504, "The search took too long; narrow the time, the place or the plate.") from error
        finally:
            working -= 1
        answer = _answer(recorded, asked, found, audience)
        answers.keep(_Kept(answer, actor, question.why, audience), datetime.now(UTC))
        return Response(msgspec.json.encode(answer), media_type="application/json")

    @router.post("/api/plates/export", responses={status: {"model": Problem} for status in (404, 422, 503)})
    async def export(wanted: PlateExport, request: Request) -> Response:
        """Return what a search found as CSV, without what was excluded; recorded with its number of rows before."""
        actor = actor_of(request, wanted.actor)
        kept = answers.get(wanted.search, actor, audiences.of(request.headers), datetime.now(UTC))
        if kept is None:
            raise HTTPException(404, "No such search of yours is kept: search again, then export.")
        excluded = frozenset(wanted.excluded)
        reads = [read for read in kept.answer.reads if read.event_id not in excluded]
        asked = {"rows": str(len(reads)), "excluded": str(len(kept.answer.reads) - len(reads))}
        export_id = await record_search(
            publisher,
            EXPORT_PLATE,
            actor=actor,
            purpose=kept.purpose,
            asked=asked,
            subject=f"search:{wanted.search}",
        )
        # On every row, so that a line that is passed on still says where it came from.
        marks = (kept.purpose.reference, actor, str(export_id))
        return csv_file(f"plate-reads-{export_id}", COLUMNS, ((*_row(read), *marks) for read in reads))

    return router


def _within(asked: PlateQuestion, audience: Audience, areas: Areas) -> PlateQuestion:
    """Return a question as it may be asked: for reads of some agencies, and within the box around some areas. Raises
    HTTPException 403 where there is no such place."""
    if audience.agencies is not None:
        asked = replace(asked, agencies=tuple(sorted(audience.agencies)))
    if audience.areas is None:
        return asked
    box = areas.box(audience.areas)
    if box is not None and asked.area is not None:
        west, south, east, north = (*map(max, box[:2], asked.area[:2]), *map(min, box[2:], asked.area[2:]))
        box = (west, south, east, north) if west < east and south < north else None
    if box is None:
        raise HTTPException(403, "This lies outside of the areas that your account may see.")
    return replace(asked, area=box)


def _seen_of(found: ReadsFound, audience: Audience, areas: Areas) -> ReadsFound:
    """Return what lies in an audience's areas. Reads that match otherwise are only counted, wherever they are: so they
    are not told of."""
    if audience.areas is None:
        return found
    places = [None if read.lat is None or read.lon is None else (read.lat, read.lon) for read in found.reads]
    held = areas.hold_places(audience.areas, places)
    return replace(found, reads=tuple(compress(found.reads, held)), unsaid=0)


def _told(asked: PlateQuestion) -> Mapping[str, str]:
    """Return what is asked, as the record says it."""
    return {
        "plate": asked.pattern,
        "look_alikes": "yes" if asked.look_alikes else "",
        "state": asked.state,
        "make": asked.make,
        "colour": asked.colour,
        "from": asked.begin.isoformat(timespec="seconds"),
        "to": asked.end.isoformat(timespec="seconds"),
        "cameras": ", ".join(asked.cameras),
        "area": "" if asked.area is None else ", ".join(f"{degrees:g}" for degrees in asked.area),
        "simulated": "yes" if asked.simulated else "",
    }


def _answer(search: UUID, asked: PlateQuestion, found: ReadsFound, audience: Audience) -> PlateAnswer:
    return PlateAnswer(
        search=search,
        begin=asked.begin,
        end=asked.end,
        reads=tuple(_seen(read, audience) for read in found.reads),
        is_cut=found.is_cut,
        unsaid=found.unsaid,
        oldest=found.oldest,
    )


def _seen(read: FoundRead, audience: Audience) -> FoundRead:
    """Return a read as an audience may see it. An address of a picture may be signed: the signature is not told."""
    return replace(
        read,
        image_ref=read.image_ref.partition("?")[0],
        hits=tuple(hit for hit in read.hits if audience.may_see(hit.audience)),
    )


def _row(read: FoundRead) -> tuple[object, ...]:
    return (
        read.occurred_at.isoformat(timespec="milliseconds"),
        read.plate,
        read.plate_region,
        read.confidence,
        read.camera_id,
        read.camera,
        read.lat,
        read.lon,
        read.heading_deg,
        read.make,
        read.model,
        read.colour,
        read.body,
        "; ".join(f"{hit.list_id}: {hit.kind}" for hit in read.hits),
        "yes" if read.synthetic else "",
        read.image_ref,
        str(read.event_id),
    )
