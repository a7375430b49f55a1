"""Events of Axis License Plate Verifier to plate reads. Pure: the same bytes give the same events, ids included."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from connectors.axis.metadata_stream import notifications
from connectors.json_body import json_of
from connectors.lpr import (
    camera_of_copy,
    coordinates,
    is_no_read,
    moment_of_epoch_ms,
    moment_of_format,
    moment_of_iso,
    plate,
    word,
)
from connectors.members import Members
from connectors.multipart import media_type_of
from connectors.objects import Outcome, take, translate_json
from connectors.plate_origin import origin
from connectors.translation import Context, Ignored, PayloadError, Translation
from schemas.events.plate_read import PlateRead
from schemas.identity import identity

#: States of a car that is still in view: the plate may change yet. Both spellings of the second are in use.
_IN_VIEW = frozenset({"new", "update", "updated"})
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})")
_ESCAPED = re.compile(r"(?:\\u[0-9A-Fa-f]{4})+")
#: Members of any event about a plate. What has none of them is a heartbeat or a test message.
_OF_A_PLATE = ("plateUTF8", "plateText", "plateUnicode", "plateASCII", "carState", "carID")


def translate(body: bytes, content_type: str, context: Context) -> Translation:
    """Return the read of one posted event: JSON, a form with JSON beside pictures, or XML of the event stream.

    An array is a batch, and so is a stream of several notifications; a bad one of them is refused alone. Raises
    PayloadError when the body as a whole cannot be read.
    """
    media_type, charset, _ = media_type_of(content_type)
    if media_type.endswith("xml"):
        done = Translation()
        for index, (event, original) in enumerate(notifications(body, charset)):
            take(done, lambda members: _read(members, context), event, lambda text=original: text, index)  # type: ignore[misc]
        return done
    return translate_json(json_of(body, content_type), lambda members: _read(members, context))


def _read(event: Members, context: Context) -> Iterator[Outcome]:
    if not any(name in event for name in _OF_A_PLATE):
        yield Ignored("no plate and no car: a heartbeat or a test")
        return
    raw = event.text("plateUTF8", "plateUnicode", "plateText", "plateASCII", limit=100)
    if raw is None and any(event.value(name) not in (None, "") for name in _OF_A_PLATE[:4]):
        raw = event.needed_text("plateUTF8", "plateUnicode", "plateText", "plateASCII", limit=100)
    if raw is None or is_no_read(_unescaped(raw)):
        yield Ignored("a car without a readable plate has nothing to read")
        return
    field = next(name for name in _OF_A_PLATE if event.value(name) == raw or str(event.value(name)) == raw)
    read = plate(_unescaped(raw), event.path(field))
    state = word(event.text("carState")) or ""
    sensor = event.text("sensorProviderID", "sensorProviderName", "cameraId", limit=150)
    serial = event.inside("camera_info", "cameraInfo").text("SerialNumber", "serialNumber", "MACAddress", limit=150)
    camera = sensor or serial or camera_of_copy(context, event.path("sensorProviderID"))
    car = event.text("carID", limit=40)
    moment = _moment(event, context)
    confidence = event.confidence("plateConfidence", full=1)
    spot = event.inside("geotag", "geoTag")
    lat, lon = coordinates(
        spot.number("lat", "latitude", least=-90, most=90), spot.number("lon", "lng", most=180, least=-180), "", ""
    )
    vehicle = event.inside("vehicleInfo", "vehicle_info")
    stage = "preview" if state in _IN_VIEW else "final"
    stamp = moment.isoformat(timespec="microseconds")
    yield PlateRead(
        event_id=identity("plate_read", context.source, camera, serial or "", car or "", stamp, read, stage),
        occurred_at=moment,
        observed_at=context.observed_at,
        source=context.source,
        jurisdiction=context.jurisdiction,
        camera_id=camera,
        plate=read,
        plate_raw=raw,
        confidence=confidence,
        plate_region=origin(event.text("plateCountry"), event.text("plateRegionCode", "plateRegion")),
        lat=lat,
        lon=lon,
        vehicle_make=_told(vehicle, "make", "brand"),
        vehicle_model=_told(vehicle, "model"),
        vehicle_colour=_told(vehicle, "color", "colour"),
        vehicle_body=_told(vehicle, "type", "class", "category"),
        is_preview=state in _IN_VIEW,
        image_ref=_picture(event),
        native_id=f"{car or ''}@{stamp}",
        track_id=f"{camera}:{car}" if car else None,
        device_sequence=event.whole("packetCounter", most=2**63 - 1),
    )


def _unescaped(text: str) -> str:
    """Old versions write each character as backslash, u and its number, and escape the backslash once more."""
    return _ESCAPE.sub(lambda one: chr(int(one[1], 16)), text) if _ESCAPED.fullmatch(text) else text


def _moment(event: Members, context: Context) -> datetime:
    """The capture's own time. ``UtcTime`` is the message's, by another clock, and only stands in where none is told."""
    milliseconds = event.whole("capture_timestamp", "captureTimestamp", least=1)
    if milliseconds is not None:
        return moment_of_epoch_ms(milliseconds, event.path("capture_timestamp"))
    nanoseconds = event.whole("capture_ts", least=1)
    if nanoseconds is not None:
        return moment_of_epoch_ms(nanoseconds // 1_000_000, event.path("capture_ts"))
    local = event.text("datetime", limit=64)
    if local is not None:
        if local[:8].isdigit():
            pattern = "%Y%m%d %H%M%S%f%z" if "+" in local or "-" in local else "%Y%m%d %H%M%S%f"
            return moment_of_format(
                local.replace(" +", "+").replace(" -", "-"), pattern, event.path("datetime"), context.zone
            )
        return moment_of_iso(local, event.path("datetime"), context.zone)
    utc = event.text("UtcTime", limit=64)
    if utc is not None:
        return moment_of_iso(utc, event.path("UtcTime"))
    told = event.value("capture_timestamp") is not None
    raise PayloadError(event.path("capture_timestamp"), "expected milliseconds since 1970" if told else "is missing")


def _told(vehicle: Members, *names: str) -> str | None:
    """A value of the vehicle's; the app sends guesses as text or as an object with a name."""
    for name in names:
        told = word(vehicle.text(name) or vehicle.inside(name).text("name", "value"))
        if told and told not in ("unknown", "unk", "undefined", "n/a", "-"):
            return told
    return None


def _picture(event: Members) -> str | None:
    """Where the camera keeps the picture: the first of ``imagesURI``, else the file."""
    listed = event.value("imagesURI")
    first = next((one for one in listed if isinstance(one, str) and one), None) if isinstance(listed, list) else None
    found = first or event.text("imagesURI", "imageURI", "imageFile")
    return found[:2000] if found else None
