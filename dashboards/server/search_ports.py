"""What the server needs of the store for searches of plates and for the audit (see ports.py)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from dashboards.server.ports import Before


class PlateQuestion(Struct, frozen=True, kw_only=True):
    """Which past reads are looked for. ``pattern``: of schemas/plate_pattern.py; ``area``: west, south, east, north in
    WGS 84 degrees; what is empty is not asked for. ``simulated``: made-up reads, too. ``agencies``: whose reads; None:
    all."""

    pattern: str
    begin: datetime
    end: datetime
    look_alikes: bool = False
    state: str = ""
    make: str = ""
    colour: str = ""
    cameras: tuple[str, ...] = ()
    area: tuple[float, float, float, float] | None = None
    simulated: bool = False
    agencies: tuple[str, ...] | None = None


class ListHit(Struct, frozen=True, kw_only=True):
    """A list entry that a read hit. ``audience``: who may know of it (schemas/audience.py)."""

    list_id: str
    entry_id: str
    kind: str
    match: str
    severity: str
    audience: str


class FoundRead(Struct, frozen=True, kw_only=True):
    """A past read. ``lat``, ``lon``: where it was read, else where its camera is, WGS 84 degrees; ``confidence`` 0..1;
    ``image_ref``: where its picture is at its source."""

    event_id: UUID
    occurred_at: datetime
    plate: str
    plate_region: str
    confidence: float
    camera_id: str
    camera: str
    lat: float | None
    lon: float | None
    heading_deg: float | None
    make: str
    model: str
    colour: str
    body: str
    image_ref: str
    source: str
    synthetic: bool
    hits: tuple[ListHit, ...] = ()


class ReadsFound(Struct, frozen=True, kw_only=True):
    """What a search found, newest first. ``is_cut``: there are more; ``unsaid``: reads besides, of which the reader did
    not say the state, make or colour that was asked for. ``oldest``: the first read the store has, or None."""

    reads: tuple[FoundRead, ...]
    is_cut: bool
    unsaid: int
    oldest: datetime | None


class PlateReads(Protocol):
    """Past reads of plates."""

    async def search(self, asked: PlateQuestion, limit: int) -> ReadsFound:
        """Return at most ``limit`` reads. Raises TooSlowError or StoreUnavailableError."""
        ...


class AuditQuestion(Struct, frozen=True, kw_only=True):
    """Which deeds are asked for, from ``begin`` until before ``end``; what is empty is not asked for.

    ``who``: a part of a name; ``kind``: how the deed's name begins (search, search.plate); ``subject``: a part of what
    it was done to or of what was asked.
    """

    begin: datetime
    end: datetime
    who: str = ""
    kind: str = ""
    subject: str = ""


class Deed(Struct, frozen=True, kw_only=True):
    """Something somebody did. ``what``: search.plate, alert.close, hotlist.withdraw ...; ``why``: in their words;
    ``details``: what else the record says, by name. ``seal``: number of the seal over it; None: none yet, or it is
    of a kind that is not sealed."""

    event_id: UUID
    at: datetime
    who: str
    what: str
    subject: str
    why: str
    details: dict[str, str]
    source: str
    synthetic: bool
    seal: int | None = None


class Audit(Protocol):
    """What people did, as the store has it."""

    async def deeds(self, asked: AuditQuestion, limit: int, before: Before | None) -> Sequence[Deed]:
        """Return up to ``limit`` deeds, ordered by (at, event_id) descending, older than ``before``.

        Raises TooSlowError or StoreUnavailableError.
        """
        ...
