"""Files of an incident: put there, given out, withdrawn. Whoever gets one is recorded before it leaves."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import msgspec
import structlog
from fastapi import APIRouter, Request
from fastapi import Query as Parameter
from msgspec.structs import replace
from pydantic import BaseModel, ConfigDict, StringConstraints
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import FileResponse, Response

from dashboards.server.access.gate import actor_of
from dashboards.server.attachment_ports import (
    AttachmentFiles,
    FileTooLargeError,
    Scanner,
    ScannerUnavailableError,
    UnknownKindError,
)
from dashboards.server.audience import Audience, Audiences
from dashboards.server.errors import Problem
from dashboards.server.hub import Hub
from dashboards.server.incidents import incident_of, whole_incident
from dashboards.server.searches import record_search
from schemas.attached_file import ALLOWED, download_name, safe_name
from schemas.events.action import VIEW_ATTACHMENT
from schemas.events.attachment import CLEAN, INFECTED, NOT_SCANNED, WAITING, Attachment, attachment_id, state_id
from schemas.events.incident import OVER, Incident
from schemas.noting import why_no_note
from schemas.wire.publisher import BrokerUnavailableError, Publisher

#: Files that come in at once, seconds that may pass between two portions of one, and for all of it.
AT_ONCE = 8
STALLED_S, WITHIN_S = 10.0, 600.0
#: Own states that are remembered until the log has brought them back.
_REMEMBERED = 2_000
#: Seconds between two looks for files that wait for the scanner, and after it was away.
_LOOK_S, _AGAIN_S = 1.0, 10.0

_decoder = msgspec.json.Decoder(Attachment)
_log = structlog.get_logger(__name__)


class Attachments:
    """What is known of files, and the only one that makes their next states. ``scanner``: None scans nothing."""

    def __init__(self, hub: Hub, publisher: Publisher, files: AttachmentFiles, scanner: Scanner | None) -> None:
        self.files = files
        self._hub = hub
        self._publisher = publisher
        self._scanner = scanner
        #: Until the hub has them.
        self._own: OrderedDict[UUID, Attachment] = OrderedDict()
        #: One state after another: a verdict must not undo a withdrawal.
        self._turn = asyncio.Lock()

    @property
    def first_scan(self) -> str:
        """What is said of a file that has just come."""
        return NOT_SCANNED if self._scanner is None else WAITING

    def get(self, one: UUID) -> Attachment | None:
        """Return the newest state of a file."""
        row, own = self._hub.row("attachments", str(one)), self._own.get(one)
        known = None if row is None else _decoder.decode(row)
        if own is None or (known is not None and known.rev >= own.rev):
            return known
        return own

    def all(self) -> Iterator[Attachment]:
        """Yield the newest state of every file."""
        newest = {one.attachment_id: one for one in map(_decoder.decode, self._hub.rows("attachments"))}
        for one, own in self._own.items():
            if one not in newest or newest[one].rev < own.rev:
                newest[one] = own
        yield from newest.values()

    def may_leave(self, attachment: Attachment) -> bool:
        """Return whether its bytes may be given out: judged clean, or nobody is there to judge."""
        return attachment.scan == CLEAN or (self._scanner is None and attachment.scan == NOT_SCANNED)

    async def change(self, one: UUID, what: str, **now: object) -> Attachment:
        """Publish the next state of a file that is known."""
        async with self._turn:
            known = self.get(one)
            assert known is not None
            at = datetime.now(UTC)
            return await self._put(
                replace(known, event_id=state_id(one, what), rev=known.rev + 1, occurred_at=at, observed_at=at, **now)
            )

    async def add(self, attachment: Attachment) -> Attachment:
        """Publish a file's first state, unless it is known."""
        async with self._turn:
            return self.get(attachment.attachment_id) or await self._put(attachment)

    async def _put(self, attachment: Attachment) -> Attachment:
        await self._publisher.publish([attachment])
        self._own[attachment.attachment_id] = attachment
        while len(self._own) > _REMEMBERED:
            self._own.popitem(last=False)
        return attachment

    async def run(self) -> None:
        """Have files judged, and keep them where their incident is: its place decides who sees them."""
        while True:
            wait = _LOOK_S
            for attachment in list(self.all()):
                try:
                    await self._follow(attachment)
                    await self._scan(attachment)
                except (ScannerUnavailableError, BrokerUnavailableError) as error:
                    _log.warning("attachment_not_scanned", kind=type(error).__name__)
                    wait = _AGAIN_S
            await asyncio.sleep(wait)

    async def _follow(self, attachment: Attachment) -> None:
        own = incident_of(self._hub, attachment.incident_id)
        if own is not None and (own.lat, own.lon) != (attachment.lat, attachment.lon):
            await self.change(attachment.attachment_id, f"moved/{own.event_id}", lat=own.lat, lon=own.lon)

    async def _scan(self, attachment: Attachment) -> None:
        if self._scanner is None or attachment.scan in (CLEAN, INFECTED):
            return
        path = await asyncio.to_thread(self.files.path, attachment.sha256)
        if path is None:
            return  # another server's
        verdict = await self._scanner.judge(path)
        await self.change(
            attachment.attachment_id, "scanned", scan=CLEAN if verdict.is_clean else INFECTED,
            scanned_at=datetime.now(UTC), finding=verdict.finding,
        )  # fmt: skip


class Withdrawal(BaseModel):
    """Who withdraws a file, and why."""

    model_config = ConfigDict(extra="forbid")

    actor: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]


class AttachmentAnswer(BaseModel):
    """The file is kept and in the log."""

    attachment_id: UUID
    sha256: str
    scan: str


def attachments_router(
    hub: Hub, attachments: Attachments | None, publisher: Publisher, audiences: Audiences, most: int
) -> APIRouter:
    """Return the routes under /api/incidents/ID/attachments. ``most``: files of one incident."""
    router = APIRouter(prefix="/api/incidents")
    coming = asyncio.Semaphore(AT_ONCE)

    def kept() -> Attachments:
        if attachments is None:
            raise HTTPException(503, "No files are kept here.")
        return attachments

    def seen(incident_id: UUID, one: UUID, who: Audience) -> Attachment:
        whole = whole_incident(hub, audiences, incident_id, who)
        found = kept().get(one)
        own = None if found is None else incident_of(hub, found.incident_id)
        if found is None or own is None or not audiences.shows(who, own):
            raise HTTPException(404, "No file of this id is known.")
        if whole_incident(hub, audiences, own.incident_id, who).incident_id != whole.incident_id:
            raise HTTPException(404, "No file of this id is known.")
        return found

    @router.post(
        "/{incident_id}/attachments",
        responses={status: {"model": Problem} for status in (404, 408, 409, 413, 415, 422, 503, 507)},
    )
    async def put(
        incident_id: UUID,
        request: Request,
        name: Annotated[str, Parameter(min_length=1, max_length=1000)],
        actor: Annotated[str, Parameter(min_length=1, max_length=200)],
    ) -> AttachmentAnswer:
        """Put a file to an incident: its bytes are the body, as application/octet-stream. The same bytes are one."""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/octet-stream":
            raise HTTPException(415, "Send the file's bytes as application/octet-stream.")
        here = kept()
        incident = whole_incident(hub, audiences, incident_id, audiences.of(request.headers))
        if incident.stage in OVER:
            raise HTTPException(409, "This incident is over: no file is put to it any more. Reopen it first.")
        _require_room(here, incident)
        if coming.locked():
            raise HTTPException(503, "Too many files are coming in now. Try again in a moment.", {"retry-after": "5"})
        async with coming:
            try:
                async with asyncio.timeout(WITHIN_S):
                    file = await here.files.keep(_portions(request))
            except FileTooLargeError:
                mega = here.files.most_bytes / 1_000_000
                raise HTTPException(413, f"A file may have {mega:.0f} MB at most.") from None
            except UnknownKindError:
                raise HTTPException(415, f"Its bytes are none of the kinds that are taken: {ALLOWED}.") from None
            except TimeoutError:
                raise HTTPException(408, "The file did not arrive in time.") from None
            except ClientDisconnect:
                raise HTTPException(400, "The file broke off.") from None
            except OSError as error:
                _log.error("attachment_not_kept", errno=error.errno)
                raise HTTPException(507, "The file could not be kept: is the disk full?") from None
        one, now = attachment_id(incident.incident_id, file.sha256), datetime.now(UTC)
        added = await here.add(
            Attachment(
                event_id=state_id(one, "added"), occurred_at=now, observed_at=now, source="server/web",
                jurisdiction=incident.jurisdiction, synthetic=incident.synthetic, attachment_id=one,
                incident_id=incident.incident_id, name=safe_name(name) or "file", media_type=file.media_type,
                byte_count=file.byte_count, sha256=file.sha256, scan=here.first_scan, lat=incident.lat,
                lon=incident.lon, added_by=actor_of(request, actor.strip()), added_at=now,
            )
        )  # fmt: skip
        if added.withdrawn_at is not None:
            raise HTTPException(409, f"{added.withdrawn_by} withdrew this file.")
        return AttachmentAnswer(attachment_id=one, sha256=file.sha256, scan=added.scan)

    def _require_room(here: Attachments, incident: Incident) -> None:
        if sum(one.incident_id == incident.incident_id for one in here.all()) >= most:
            raise HTTPException(409, f"It has {most} files, as many as it may have.")

    @router.get(
        "/{incident_id}/attachments/{attachment_id}",
        responses={status: {"model": Problem} for status in (404, 409, 410, 503)},
    )
    async def get(
        incident_id: UUID,
        attachment_id: UUID,
        request: Request,
        actor: Annotated[str, Parameter(min_length=1, max_length=200)] = "nobody named",
    ) -> Response:
        """Return a file, to be kept and never shown as a page. What is harmful or not judged yet is not given out."""
        found = seen(incident_id, attachment_id, audiences.of(request.headers))
        if found.withdrawn_at is not None:
            raise HTTPException(410, "This file was withdrawn.")
        if not kept().may_leave(found):
            raise HTTPException(409, "The scanner found something harmful in this file: it is not given out."
                                if found.scan == INFECTED else "This file has not been scanned yet.")  # fmt: skip
        path = await asyncio.to_thread(kept().files.path, found.sha256)
        if path is None:
            raise HTTPException(404, "The bytes of this file are not here.")
        await record_search(
            publisher, VIEW_ATTACHMENT, actor=actor_of(request, actor), purpose=None,
            asked={"incident": str(found.incident_id), "sha256": found.sha256}, subject=f"attachment:{attachment_id}",
        )  # fmt: skip
        # FileResponse answers Range (RFC 9110 §14); what a stranger sent runs nothing, whatever a browser makes of it.
        return FileResponse(
            path,
            media_type=found.media_type,
            filename=download_name(found.name, found.media_type),
            content_disposition_type="attachment",
            headers={"etag": f'"{found.sha256}"', "content-security-policy": "default-src 'none'; sandbox"},
        )

    @router.post(
        "/{incident_id}/attachments/{attachment_id}/withdraw",
        responses={status: {"model": Problem} for status in (404, 409, 422, 503)},
    )
    async def withdraw(incident_id: UUID, attachment_id: UUID, asked: Withdrawal, request: Request) -> AttachmentAnswer:
        """Withdraw a file: it is given out no more, and stays in the list with who did it and why."""
        found = seen(incident_id, attachment_id, audiences.of(request.headers))
        if why_no_note(asked.reason):
            raise HTTPException(422, "reason: plain text is expected")
        if found.withdrawn_at is not None:
            raise HTTPException(409, f"{found.withdrawn_by} withdrew it already.")
        gone = await kept().change(
            attachment_id, "withdrawn", withdrawn_by=actor_of(request, asked.actor), withdrawn_at=datetime.now(UTC),
            reason=asked.reason,
        )  # fmt: skip
        return AttachmentAnswer(attachment_id=attachment_id, sha256=gone.sha256, scan=gone.scan)

    return router


async def _portions(request: Request) -> AsyncIterator[bytes]:
    stream = aiter(request.stream())
    while True:
        async with asyncio.timeout(STALLED_S):
            portion = await anext(stream, None)
        if portion is None:
            return
        if portion:
            yield portion
