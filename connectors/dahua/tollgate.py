"""ITSAPI ``TollgateInfo``: one picture of one vehicle, pushed by the camera itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from connectors.dahua.values import NO_READ, percent, told
from connectors.lpr import camera_of_copy, is_no_read, moment_of_format, moment_of_iso, plate
from connectors.members import Members
from connectors.objects import Outcome
from connectors.plate_origin import origin
from connectors.translation import Context, Ignored, PayloadError
from schemas.events.plate_read import PlateRead
from schemas.identity import identity


def tollgate_read(message: Members, picture: Members, context: Context) -> Iterator[Outcome]:
    """Yield what one message becomes. Raises PayloadError when it is to be refused."""
    told_plate, snap, vehicle = picture.inside("Plate"), picture.inside("SnapInfo"), picture.inside("Vehicle")
    name = "PlateNumber"
    if told_plate.value(name) is None or (
        isinstance(told_plate.value(name), str) and is_no_read(told_plate.value(name), NO_READ)
    ):
        yield Ignored("a vehicle without a readable plate has nothing to read")
        return
    raw = told_plate.needed_text(name, limit=100)
    read = plate(raw, told_plate.path(name))
    moment = _moment(snap, context)
    stamp = moment.isoformat(timespec="microseconds")
    camera = (snap.text("DeviceID", "DefenceCode", limit=150) or camera_of_copy(context, snap.path("DeviceID"))).strip()
    lane = snap.text("LanNo", "LaneNo", limit=20) or ""
    group = snap.whole("GroupID", least=1) or picture.whole("GroupID", least=1)
    sequence = next(
        (
            found
            for holder in (snap, picture, message)
            if (found := holder.whole("EventSeq", "EventID", "SnapSeq", least=1)) is not None
        ),
        None,
    )
    native = f"group {group} {moment:%Y-%m-%d}" if group else f"{lane}@{stamp}"
    speed = snap.number("Speed", least=0, most=500) or vehicle.number("Speed", least=0, most=500)
    yield PlateRead(
        event_id=identity("plate_read", context.source, camera, native, read),
        occurred_at=moment,
        observed_at=context.observed_at,
        source=context.source,
        jurisdiction=context.jurisdiction,
        camera_id=camera,
        plate=read,
        plate_raw=raw,
        confidence=percent(told_plate),
        plate_region=origin(told_plate.text("Country"), told_plate.text("Region")),
        speed_kmh=speed or None,
        vehicle_make=told(vehicle.text("VehicleSign")),
        vehicle_model=told(vehicle.text("VehicleSeries")),
        vehicle_colour=told(vehicle.text("VehicleColor")),
        vehicle_body=told(vehicle.text("VehicleType")),
        native_id=f"{camera} {native}"[:200],
        track_id=f"{camera}:{group}" if group else None,
        device_sequence=sequence,
    )


def _moment(snap: Members, context: Context) -> datetime:
    """``AccurateTime`` to the millisecond, else ``SnapTime``; both are local and name no zone."""
    for name in ("AccurateTime", "SnapTime"):
        text = snap.text(name, limit=64)
        if text is None:
            continue
        if text.strip().isdigit() and len(text.strip()) >= 14:
            return moment_of_format(text, "%Y%m%d%H%M%S%f", snap.path(name), context.zone)
        return moment_of_iso(text, snap.path(name), context.zone)
    raise PayloadError(snap.path("AccurateTime"), "is missing")
