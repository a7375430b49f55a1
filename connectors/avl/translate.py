"""Units' positions as JSON, one or an array, to events. Pure: the same bytes give the same events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from connectors.lpr import heading, moment_of_epoch_ms, moment_of_epoch_s, moment_of_iso
from connectors.members import Members
from connectors.objects import Outcome, translate_json
from connectors.translation import Context, Ignored, PayloadError, Translation
from schemas.events.unit_position import UnitPosition
from schemas.identity import identity

_AVAILABLE = ("available", "avail", "avl", "in service", "inservice", "clear", "free", "ready", "10-8", "patrol")
_CONDITIONALLY = ("conditionallyavailable", "conditionally available", "conditionally_available", "busy", "on call",
                  "reports", "training", "at station")  # fmt: skip
_NOT = ("notavailable", "not available", "not_available", "dispatched", "assigned", "enroute", "en route", "en_route",
        "on scene", "onscene", "on_scene", "arrived", "transporting", "at hospital", "out of service", "outofservice",
        "off duty", "oos", "10-7", "unavailable", "transport", "emergency")  # fmt: skip
#: What a unit can do, by the words in use. What is not here is unknown, and its word is kept beside it.
STATUSES = (
    dict.fromkeys(_AVAILABLE, "available")
    | dict.fromkeys(_CONDITIONALLY, "conditionally_available")
    | dict.fromkeys(_NOT, "not_available")
)
_KMH = {"km/h": 1.0, "kmh": 1.0, "kph": 1.0, "mph": 1.609344, "m/s": 3.6, "mps": 3.6, "kn": 1.852, "kt": 1.852}


def translate(body: bytes, content_type: str, context: Context) -> Translation:
    """Return the positions of one posted object, or of an array of them.

    Raises PayloadError when the body as a whole cannot be read. A bad element of an array is refused alone.
    """
    return translate_json(body, lambda members: _read(members, context), "unit_position")


def _read(report: Members, context: Context) -> Iterator[Outcome]:
    unit = report.needed_text("unit_id", "unitId", "unit", "id", "vehicleId").strip()
    spot = report.inside("position", "location", "geo")
    spot = spot or report
    lat = spot.needed_number("lat", "latitude", least=-90, most=90)
    lon = spot.needed_number("lon", "lng", "longitude", "long", least=-180, most=180)
    if lat == 0 and lon == 0:
        yield Ignored("a unit without a position: 0/0 is how receivers write none")
        return
    at = _moment(report, context)
    raw = (report.text("status", "unitStatus", limit=100) or "").strip()
    unit_of_speed = (report.text("speed_unit", "speedUnit", limit=10) or "km/h").strip().lower()
    speed = report.number("speed_kmh", "speedKmh", least=0, most=500)
    if speed is None and unit_of_speed in _KMH:
        raw_speed = spot.number("speed", least=0, most=1000) if "speed" in spot else report.number("speed", least=0)
        speed = raw_speed * _KMH[unit_of_speed] if raw_speed is not None else None
    turned = report.number("heading", "heading_deg", "course", "bearing", least=-1, most=3600)
    yield UnitPosition(
        event_id=identity("unit_position", context.source, unit, at.isoformat(timespec="microseconds")),
        occurred_at=at,
        observed_at=context.observed_at,
        source=context.source,
        jurisdiction=context.jurisdiction,
        unit_id=unit,
        call_sign=(report.text("call_sign", "callSign", "name", limit=100) or "").strip(),
        kind=(report.text("kind", "type", "unitType", limit=100) or "patrol").strip().lower(),
        agency=(report.text("agency", "agencyId", limit=100) or "").strip(),
        lat=lat,
        lon=lon,
        accuracy_m=report.number("accuracy", "accuracy_m", "accuracyM", least=0, most=1e7),
        heading_deg=heading(turned),
        speed_kmh=round(speed, 3) if speed is not None and speed <= 500 else None,
        status=STATUSES.get(raw.lower(), "unknown"),
        status_raw=raw,
        incident_ref=(report.text("incident", "incidentId", "incident_ref", "callNumber", limit=200) or "").strip(),
    )


def _moment(report: Members, context: Context) -> datetime:
    """The time of the fix. Raises PayloadError when it is missing: a position without a time may be of yesterday."""
    for name in ("timestamp", "time", "at", "occurred_at", "gpsTime", "updatedAt"):
        if report.value(name) in (None, ""):
            continue
        seconds = report.number(name, least=1)
        if seconds is not None:
            if seconds > 100_000_000_000:
                return moment_of_epoch_ms(int(seconds), report.path(name))
            return moment_of_epoch_s(seconds, report.path(name))
        return moment_of_iso(report.needed_text(name, limit=64), report.path(name), context.zone)
    raise PayloadError(report.path("timestamp"), "is missing")
