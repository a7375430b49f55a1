"""One event of the stream: ``TrafficJunction`` and its kin, as JSON or as key-value text brought to objects."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone, tzinfo

from connectors.dahua.values import NO_READ, percent, told
from connectors.lpr import camera_of_copy, coordinates, is_no_read, moment_of_epoch_s, moment_of_iso, plate
from connectors.members import Members
from connectors.objects import Outcome
from connectors.plate_origin import origin
from connectors.translation import Context, Ignored, PayloadError
from schemas.events.plate_read import PlateRead
from schemas.identity import identity

_KIND = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
#: Dahua's index of time zones (``TimeZone``), as hours and minutes from UTC: NetSDK, CFG_NTP_INFO.
_ZONES = (
    0, 60, 120, 180, 210, 240, 270, 300, 330, 345, 360, 390, 420, 480, 540, 570, 600, 660, 720, 780,
    -60, -120, -180, -210, -240, -300, -360, -420, -480, -540, -600, -660, -720,
)  # fmt: skip
#: Codes of events about one vehicle at one place.
_OF_VEHICLES = ("traffic", "anpr", "vehicle")


def event_reads(event: Members, context: Context) -> Iterator[Outcome]:
    """Yield what one event becomes. Raises PayloadError when it is to be refused."""
    base = event.inside("EventBaseInfo")
    data = event.inside("Data") or event
    code = (event.text("Code") or base.text("Code") or data.text("Code") or "").strip()
    car, seen = data.inside("TrafficCar"), data.inside("Object")
    if not code and not car:
        raise PayloadError(event.path("Code"), "is missing")
    if code and not code.lower().startswith(_OF_VEHICLES):
        shown = code if _KIND.fullmatch(code) else "an unknown Code"
        yield Ignored(f"{shown}: this connector makes no event of it")
        return
    if (event.text("Action") or base.text("Action") or "").strip().lower() == "stop":
        yield Ignored("the event has ended, nothing new was read")
        return
    moment = _moment(data, car, context)
    found = _plate(data, car, seen)
    if found is None:
        yield Ignored("a vehicle without a readable plate has nothing to read")
        return
    raw, field = found
    read = plate(raw, field)
    stamp = moment.isoformat(timespec="microseconds")
    device = car.text("MachineName", "DeviceID", "MachineAddress", limit=150) or data.text("DeviceID", limit=150)
    camera = (device or camera_of_copy(context, car.path("MachineName"))).strip()
    group = data.whole("GroupID", least=1) or car.whole("GroupID", least=1)
    sequence = data.whole("EventSeq", least=1) or data.whole("EventID", least=1)
    # The pictures of one vehicle share a group. The day is in it because devices count their groups anew some day.
    native = f"group {group} {moment:%Y-%m-%d}" if group else f"{sequence or ''}@{stamp}"
    vehicle = data.inside("Vehicle")
    gps = data.inside("CommInfo").inside("GPSInfo")
    lat, lon = coordinates(
        gps.number("Latitude", least=-90, most=90), gps.number("Longitude", least=-180, most=180), "", ""
    )
    speed = car.number("Speed", least=0, most=500) or data.number("Speed", least=0, most=500)
    yield PlateRead(
        event_id=identity("plate_read", context.source, camera, native, read),
        occurred_at=moment,
        observed_at=context.observed_at,
        source=context.source,
        jurisdiction=context.jurisdiction,
        camera_id=camera,
        plate=read,
        plate_raw=raw,
        confidence=percent(seen),
        plate_region=_region(data, car, seen),
        lat=lat,
        lon=lon,
        speed_kmh=speed or None,
        vehicle_make=told(car.text("VehicleSign")) or told(vehicle.text("Text")),
        vehicle_colour=told(car.text("VehicleColor")),
        vehicle_body=told(vehicle.text("Category")) or told(car.text("VehicleSize")),
        native_id=f"{camera} {native}"[:200],
        track_id=f"{camera}:{group}" if group else None,
        device_sequence=sequence,
    )


def has_time(event: Members) -> bool:
    """Return whether an event tells its time."""
    return any(name in event for name in ("UTC", "RealUTC", "LocaleTime", "CreateTime"))


def _plate(data: Members, car: Members, seen: Members) -> tuple[str, str] | None:
    """The plate's text and where it stands: the vehicle's record first, then what was seen in the picture."""
    info, small = data.inside("PlateInfo"), data.inside("NonMotor").inside("Plate")
    for holder, name in (
        (car, "PlateNumber"),
        (seen, "Text"),
        (data, "PlateNumber"),
        (info, "FrontPlateNumber"),
        (info, "BackPlateNumber"),
        (small, "Text"),
    ):
        text = holder.text(name, limit=10_000)
        if text is not None and not is_no_read(text, NO_READ):
            return holder.needed_text(name, limit=100), holder.path(name)
    return None


def _moment(data: Members, car: Members, context: Context) -> datetime:
    """``RealUTC`` if there is one. ``UTC`` may be the wall clock counted as if it were UTC: ``LocaleTime`` tells."""
    fraction = (data.number("UTCMS", least=0, most=999) or 0) / 1000
    real = data.number("RealUTC", least=1)
    if real is not None:
        return moment_of_epoch_s(int(real) + fraction, data.path("RealUTC"))
    local = data.text("LocaleTime", "LocalTime", limit=64)
    seconds = data.number("UTC", least=1)
    holder = data
    if seconds is None and "UTC" not in data:
        seconds, holder = car.number("UTC", least=1), car
    if seconds is not None:
        moment = moment_of_epoch_s(int(seconds) + fraction, holder.path("UTC"))
        wall = moment.replace(tzinfo=None, microsecond=0)
        if local is None or wall != _wall(local):
            return moment
        return moment_of_iso(moment.replace(tzinfo=None).isoformat(), holder.path("UTC"), _zone(data, context))
    if local is not None:
        return moment_of_iso(local, data.path("LocaleTime"), _zone(data, context))
    written = data.text("UTC", "CreateTime", limit=64)
    if written is None:
        raise PayloadError(data.path("UTC"), "is missing")
    return moment_of_iso(written, data.path("UTC" if "UTC" in data else "CreateTime"), _zone(data, context))


def _wall(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=None, microsecond=0)
    except ValueError:
        return None


def _zone(data: Members, context: Context) -> tzinfo:
    """The device's own zone, unless summer time is in force there, which its index does not tell."""
    index = data.whole("TimeZone", least=0, most=len(_ZONES) - 1)
    summer = data.number("DSTTune")
    if index is None or summer:
        return context.zone
    return timezone(timedelta(minutes=_ZONES[index]))


def _region(data: Members, car: Members, seen: Members) -> str | None:
    common = data.inside("CommInfo")
    part = car.text("State", "Province") or common.text("State")
    for land in (common.text("Country"), car.text("Country"), seen.text("Country")):
        found = origin(land, part) if land else None
        if found:
            return found
    return origin(None, part) if part else None
