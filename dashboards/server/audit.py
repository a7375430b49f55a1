"""GET /api/audit and POST /api/audit/export: who did what, when and why. Whoever looks is in it, too."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query, Request
from msgspec import Struct
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from starlette.exceptions import HTTPException
from starlette.responses import Response

from dashboards.server.access.gate import actor_of
from dashboards.server.csv_file import csv_file
from dashboards.server.errors import Problem
from dashboards.server.ports import Before, StoreUnavailableError, TooSlowError
from dashboards.server.purpose import Actor
from dashboards.server.search_ports import Audit, AuditQuestion, Deed
from dashboards.server.searches import record_search
from schemas.events.action import EXPORT_AUDIT, VIEW_AUDIT
from schemas.wire.publisher import Publisher

#: Deeds of a page, and of a file.
PAGE, MOST_EXPORTED = 200, 10_000
#: The period unless told.
RECENT = timedelta(days=7)

Part = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
COLUMNS = (
    "at", "who", "what", "subject", "purpose_code", "reference", "why", "details", "source", "simulated", "event_id",
    "seal", "exported_by", "export_id",
)  # fmt: skip


class AuditFilter(BaseModel):
    """Which deeds, and who asks: the last seven days unless told. See ``search_ports.AuditQuestion``."""

    model_config = ConfigDict(extra="forbid")

    actor: Actor
    who: Part = ""
    kind: Part = ""
    subject: Part = ""
    begin: AwareDatetime | None = Field(None, alias="from")
    end: AwareDatetime | None = Field(None, alias="to")

    def asked(self, now: datetime) -> AuditQuestion:
        """Return the question for the store. Raises HTTPException 422 for a time that is none."""
        end = (self.end or now).astimezone(UTC)
        begin = (self.begin or end - RECENT).astimezone(UTC)
        if begin >= end:
            raise HTTPException(422, "The period ends before it begins.")
        return AuditQuestion(begin=begin, end=end, who=self.who, kind=self.kind, subject=self.subject)


class AuditPageQuestion(AuditFilter):
    """One page of it. ``before``: the ``next`` of the page before."""

    before: Annotated[str, StringConstraints(max_length=200)] = ""


class AuditPage(Struct, frozen=True, kw_only=True):
    """Deeds, newest first. ``next``: for the page that follows; None on the last one."""

    begin: datetime
    end: datetime
    rows: tuple[Deed, ...]
    next: str | None


def audit_router(audit: Audit | None, publisher: Publisher) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/audit")

    @router.get("", responses={status: {"model": Problem} for status in (403, 422, 503, 504)})
    async def page(question: Annotated[AuditPageQuestion, Query()], request: Request) -> Response:
        """Return deeds, newest first, 200 at a time. That somebody looked is recorded before; else nothing is shown."""
        if audit is None:
            raise StoreUnavailableError
        asked = question.asked(datetime.now(UTC))
        before = _place(question.before) if question.before else None
        await record_search(
            publisher,
            VIEW_AUDIT,
            actor=actor_of(request, question.actor),
            purpose=None,
            asked=_told(asked),
            subject="audit",
        )
        try:
            rows = await audit.deeds(asked, PAGE, before)
        except TooSlowError as error:
            raise HTTPException(504, "That took too long; narrow the time.") from error
        told = AuditPage(
            begin=asked.begin, end=asked.end, rows=tuple(rows), next=_token(rows[-1]) if len(rows) == PAGE else None
        )
        return Response(msgspec.json.encode(told), media_type="application/json")

    @router.post("/export", responses={status: {"model": Problem} for status in (403, 422, 503, 504)})
    async def export(question: AuditFilter, request: Request) -> Response:
        """Return all deeds that a filter lets through as CSV; recorded with their number before the file is made."""
        if audit is None:
            raise StoreUnavailableError
        asked = question.asked(datetime.now(UTC))
        try:
            rows = await audit.deeds(asked, MOST_EXPORTED + 1, None)
        except TooSlowError as error:
            raise HTTPException(504, "That took too long; narrow the time.") from error
        if len(rows) > MOST_EXPORTED:
            # A file that was cut would pass for the whole.
            raise HTTPException(422, f"These are more than {MOST_EXPORTED:,} rows: narrow the time or the filter.")
        export_id = await record_search(
            publisher,
            EXPORT_AUDIT,
            actor=actor_of(request, question.actor),
            purpose=None,
            asked={**_told(asked), "rows": str(len(rows))},
            subject="audit",
        )
        marks = (actor_of(request, question.actor), str(export_id))
        return csv_file(f"audit-{export_id}", COLUMNS, ((*_row(deed), *marks) for deed in rows))

    return router


def _told(asked: AuditQuestion) -> Mapping[str, str]:
    return {
        "who": asked.who,
        "kind": asked.kind,
        "subject": asked.subject,
        "from": asked.begin.isoformat(timespec="seconds"),
        "to": asked.end.isoformat(timespec="seconds"),
    }


def _row(deed: Deed) -> tuple[object, ...]:
    details = dict(deed.details)
    code, reference = details.pop("purpose_code", ""), details.pop("reference", "")
    return (
        deed.at.isoformat(timespec="milliseconds"),
        deed.who,
        deed.what,
        deed.subject,
        code,
        reference,
        deed.why,
        "; ".join(f"{name}: {text}" for name, text in sorted(details.items())),
        deed.source,
        "yes" if deed.synthetic else "",
        str(deed.event_id),
        "" if deed.seal is None else deed.seal,
    )


def _token(deed: Deed) -> str:
    return base64.urlsafe_b64encode(f"{deed.at.isoformat()} {deed.event_id}".encode()).decode()


def _place(token: str) -> Before:
    """Return the place that a token names. Raises HTTPException 422."""
    try:
        at, _, event_id = base64.urlsafe_b64decode(token).decode().partition(" ")
        return Before(datetime.fromisoformat(at), UUID(event_id))
    except (ValueError, binascii.Error) as error:
        raise HTTPException(422, "before: this is no place in the list.") from error
