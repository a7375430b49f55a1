"""Genetec AutoVu reads to plate reads. Pure: the same bytes give the same events, ids included."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo

from connectors.lpr import camera_of_copy, coordinates, in_utc, is_no_read, moment_of_iso, plate, word
from connectors.members import Members
from connectors.objects import Outcome, translate_json
from connectors.plate_origin import origin
from connectors.translation import Context, Ignored, PayloadError, Translation
from schemas.events.plate_read import PlateRead
from schemas.identity import identity

_DATE = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6})\d*)?)?\s*([AaPp][Mm])?")
_NOBODY = "00000000-0000-0000-0000-000000000000"


def translate(body: bytes, content_type: str, context: Context) -> Translation:
    """Return the read of one posted object, or of each of an array.

    Raises PayloadError when the body as a whole cannot be read. A bad element of an array is refused alone.
    """
    return translate_json(body, lambda members: _read(members, context))


def _read(message: Members, context: Context) -> Iterator[Outcome]:
    if "Plate" not in message:
        yield Ignored("no Plate: a heartbeat, or a message that is no read")
        return
    if isinstance(message.value("Plate"), str) and is_no_read(message.value("Plate")):
        yield Ignored("a vehicle without a readable plate has nothing to read")
        return
    raw = message.needed_text("Plate", limit=100)
    read = plate(raw, message.path("Plate"))
    named = message.text("CameraName", "SharpName", "PatrollerName", limit=200)
    camera = (named or camera_of_copy(context, message.path("CameraName"))).strip()
    moment = _moment(message, context)
    stamp = moment.isoformat(timespec="microseconds")
    number = message.text("VehicleID", "ReadId", "EventId", limit=100) or ""
    native = number if number != _NOBODY else ""
    attributes = message.inside("Attributes")
    lat, lon = coordinates(
        message.number("Latitude", least=-90, most=90), message.number("Longitude", least=-180, most=180), "", ""
    )
    region = origin(message.text("Country"), message.text("State") or attributes.text("State Name"))
    sure = attributes.number("State Name Confidence Score", least=0, most=100)
    yield PlateRead(
        event_id=identity("plate_read", context.source, camera, native, stamp, read),
        occurred_at=moment,
        observed_at=context.observed_at,
        source=context.source,
        jurisdiction=context.jurisdiction,
        camera_id=camera,
        plate=read,
        plate_raw=raw,
        confidence=_confidence(message, attributes),
        plate_region=region,
        region_confidence=round(sure / 100, 10) if region and sure is not None else None,
        lat=lat,
        lon=lon,
        vehicle_make=_told(attributes, "Vehicle Make"),
        vehicle_model=_told(attributes, "Vehicle Model"),
        vehicle_colour=_told(attributes, "Vehicle Color", "Vehicle Colour"),
        vehicle_body=_told(attributes, "Vehicle Type"),
        native_id=native or f"{camera}@{stamp}"[:200],
    )


def _confidence(message: Members, attributes: Members) -> float:
    holder, name = (message, "ConfidenceScore") if "ConfidenceScore" in message else (attributes, "Confidence Score")
    return holder.confidence(name, full=100)


def _told(attributes: Members, *names: str) -> str | None:
    told = word(attributes.text(*names))
    return None if told in ("-", "unknown", "n/a", "other") else told


def _moment(message: Members, context: Context) -> datetime:
    """Date and time of the read in UTC, else in local time in the zone that is set for readers."""
    for suffix, zone in (("Utc", UTC), ("Local", context.zone)):
        date, clock = message.text(f"Date{suffix}", limit=64), message.text(f"Time{suffix}", limit=64)
        if date is None or clock is None:
            continue
        return _joined(date, clock, message.path(f"Date{suffix}"), message.path(f"Time{suffix}"), zone)
    for name in ("TimestampUtc", "Timestamp", "DateTimeUtc"):
        whole = message.text(name, limit=64)
        if whole is not None:
            return moment_of_iso(whole, message.path(name))
    raise PayloadError(message.path("DateUtc"), "is missing, or TimeUtc is")


def _joined(date: str, clock: str, date_field: str, clock_field: str, zone: tzinfo) -> datetime:
    """The server's language orders day and month: month first, unless only the other order makes a date."""
    told = _CLOCK.fullmatch(clock.strip())
    if told is None:
        raise PayloadError(clock_field, "expected a time such as 20:29:26")
    hour, half = int(told[1]), (told[5] or "").lower()
    hour = hour % 12 + (12 if half == "pm" else 0) if half else hour
    second, micro = int(told[3] or 0), int((told[4] or "0").ljust(6, "0"))
    day = _DATE.fullmatch(date.strip())
    try:
        if day is None:
            base = datetime.fromisoformat(date.strip())
        else:
            first, other, year = int(day[1]), int(day[2]), int(day[3])
            month, number = (other, first) if first > 12 else (first, other)
            base = datetime(year, month, number)  # noqa: DTZ001 - the zone is put on below
    except ValueError:
        raise PayloadError(date_field, "expected a date such as 10/24/2026 or 2026-10-24") from None
    try:
        moment = base.replace(hour=hour, minute=int(told[2]), second=second, microsecond=micro)
    except ValueError:
        raise PayloadError(clock_field, "expected a time such as 20:29:26") from None
    return in_utc(moment, date_field, zone)
