"""Hikvision ISAPI alerts to plate reads. Pure: the same bytes give the same events, ids included."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from connectors.hikvision.alerts import alerts
from connectors.lpr import camera_of_copy, coordinates, is_no_read, moment_of_format, moment_of_iso, plate, word
from connectors.members import Members
from connectors.objects import Outcome, take
from connectors.plate_origin import origin
from connectors.translation import Context, Ignored, PayloadError, Translation
from schemas.events.plate_read import PlateRead
from schemas.identity import identity

_KIND = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
#: How cameras say that they saw a vehicle and no plate.
_NO_READ = frozenset({"unknown", "unknow", "unlicensed", "unrecognized", "noplate", "无车牌", "无牌车", "未识别"})
#: Recorders keep the stream alive with events that say nothing has happened.
_HEARTBEATS = frozenset({"heartbeat", "videoloss"})


def translate(body: bytes, content_type: str, context: Context) -> Translation:
    """Return the reads of one posted payload: XML or JSON, bare, or as parts of a form beside pictures.

    Raises PayloadError when the body as a whole cannot be read. A bad document among several is refused alone.
    """
    done = Translation()
    for index, (root, alert, original) in enumerate(alerts(body, content_type)):
        take(done, lambda members, root=root: _alert(members, root, context), alert, lambda text=original: text, index)  # type: ignore[misc]
    return done


def _alert(alert: Members, root: str, context: Context) -> Iterator[Outcome]:
    if root != "EventNotificationAlert":
        shown = root if _KIND.fullmatch(root) else "an unknown document"
        yield Ignored(f"{shown}: this connector makes no event of it")
        return
    kind = (alert.text("eventType") or "").strip()
    if kind.lower() != "anpr" and (kind or not alert.inside("ANPR")):
        shown = kind if _KIND.fullmatch(kind) else "an unknown eventType"
        alive = kind.lower() in _HEARTBEATS and (alert.text("eventState") or "inactive").lower() != "active"
        yield Ignored(f"{shown}: a heartbeat" if alive else f"{shown}: this connector makes no event of it")
        return
    if (alert.text("eventState") or "active").strip().lower() == "inactive":
        yield Ignored("ANPR: the event has ended, nothing new was read")
        return
    reads = list(alert.each("ANPR"))
    if not reads:
        raise PayloadError(alert.path("ANPR"), "is missing")
    for anpr in reads:
        yield _read(alert, anpr, context)


def _read(alert: Members, anpr: Members, context: Context) -> Outcome:
    name = "licensePlate" if anpr.text("licensePlate") or "originalLicensePlate" not in anpr else "originalLicensePlate"
    if name not in anpr or (isinstance(anpr.value(name), str) and is_no_read(anpr.value(name), _NO_READ)):
        return Ignored("a vehicle without a readable plate has nothing to read")
    raw = anpr.needed_text(name, limit=100)
    read = plate(raw, anpr.path(name))
    moment = _moment(alert, anpr, context)
    stamp = moment.isoformat(timespec="microseconds")
    camera = _camera(alert, context)
    number = alert.text("UUID", "eventUUID", limit=150) or ""
    lane = anpr.text("line", "laneNo", limit=20) or ""
    vehicle = anpr.inside("vehicleInfo")
    speed = vehicle.number("speed", least=0, most=500)
    lat, lon = _position(alert.inside("DeviceGPSInfo"))
    return PlateRead(
        # Not of activePostCount: it says how often the same alarm was sent. The time is in it beside the UUID, because
        # a device whose UUID never changes would else have all reads of a plate taken for one.
        event_id=identity("plate_read", context.source, camera, number, stamp, lane, read),
        occurred_at=moment,
        observed_at=context.observed_at,
        source=context.source,
        jurisdiction=context.jurisdiction,
        camera_id=camera,
        plate=read,
        plate_raw=raw,
        confidence=_confidence(anpr),
        plate_region=_region(alert, anpr),
        lat=lat,
        lon=lon,
        speed_kmh=speed or None,
        vehicle_make=_told(vehicle.text("vehicleBrand", "brand") or anpr.text("vehicleBrand")),
        vehicle_model=_told(vehicle.text("model")),
        vehicle_colour=_told(vehicle.text("color", "colour") or anpr.text("vehicleColor")),
        vehicle_body=_told(anpr.text("vehicleType")),
        image_ref=_picture(anpr),
        native_id=number or f"{camera}@{stamp}"[:200],
    )


def _camera(alert: Members, context: Context) -> str:
    """The device's hardware address, or else its network address, and the channel: names are not kept unique."""
    device = alert.text("macAddress", "ipAddress", "deviceUUID", "deviceID", "ipv6Address", limit=150)
    if device is None:
        device = camera_of_copy(context, alert.path("macAddress"))
    channel = alert.text("channelID", "dynChannelID", limit=20)
    return f"{device.strip().lower()}/{channel.strip()}" if channel else device.strip().lower()


def _confidence(anpr: Members) -> float:
    """The level is a whole percentage. Gateways that pass it on as a share write it with a point: 0.95."""
    told = anpr.text("confidenceLevel", limit=20) or ""
    is_share = "." in told and anpr.number("confidenceLevel", least=0, most=1) is not None
    return anpr.confidence("confidenceLevel", full=1 if is_share else 100)


def _moment(alert: Members, anpr: Members, context: Context) -> datetime:
    """The alarm's time; a local one without an offset is in the zone that is set for readers."""
    for told in (alert, anpr):
        text = told.text("dateTime", limit=64)
        if text is not None:
            return moment_of_iso(text, told.path("dateTime"), context.zone)
    for picture in anpr.inside("pictureInfoList").each("pictureInfo"):
        taken = picture.text("absTime", limit=32)
        if taken is not None:
            return moment_of_format(taken, "%Y%m%d%H%M%S%f", picture.path("absTime"), context.zone)
    raise PayloadError(alert.path("dateTime"), "is missing")


def _region(alert: Members, anpr: Members) -> str | None:
    """The country, where it is told by ISO code. ``country`` as a number is an index that differs by firmware."""
    for text in (alert.text("countryAbbreviation"), anpr.text("countryAbbreviation"), anpr.text("country")):
        if text and text.strip().isalpha():
            found = origin(text.strip(), anpr.text("province", "state"))
            if found:
                return found
    return None


def _told(text: str | None) -> str | None:
    told = word(text)
    return None if told in (None, "unknown", "vehicle", "other", "none") or (told or "").isdigit() else told


def _position(gps: Members) -> tuple[float, float] | tuple[None, None]:
    lat, lon = _degrees(gps.inside("Latitude"), 90), _degrees(gps.inside("Longitude"), 180)
    if lat is None or lon is None:
        return None, None
    south = (gps.text("latitudeType") or "").strip().upper() == "S"
    west = (gps.text("longitudeType") or "").strip().upper() == "W"
    return coordinates(-lat if south else lat, -lon if west else lon, "DeviceGPSInfo", "DeviceGPSInfo")


def _degrees(angle: Members, most: float) -> float | None:
    degree = angle.number("degree", least=0, most=most)
    if degree is None:
        return None
    minute = angle.number("minute", least=0, most=60) or 0.0
    second = angle.number("sec", "second", least=0, most=60) or 0.0
    total = degree + minute / 60 + second / 3600
    return round(total, 7) if total <= most else None


def _picture(anpr: Members) -> str | None:
    """Where the picture is, if the device tells; pictures sent along are not kept."""
    for picture in anpr.inside("pictureInfoList").each("pictureInfo"):
        found = picture.text("pictureURL", "picUrl", "url")
        if found:
            return found
    return None
