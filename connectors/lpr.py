"""What all plate readers' payloads have in common: plates, candidates, coordinates, headings and moments."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Annotated, TypeVar

from msgspec import Meta

from connectors.translation import Context, PayloadError
from schemas.events.plate_read import PlateCandidate
from schemas.plate import normalise

#: Lengths that the plate_read event allows (schemas/events/plate_read.py).
MAX_PLATE = 20
MAX_CANDIDATES = 20

PlateText = Annotated[str, Meta(max_length=100)]
CameraId = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | Annotated[str, Meta(min_length=1, max_length=200)]
Label = Annotated[str, Meta(max_length=100)]
Fraction = Annotated[float, Meta(ge=0, le=1)]
Percent = Annotated[float, Meta(ge=0, le=100)]

T = TypeVar("T")
#: A reader's guesses at one thing. Readers send some ten; the bound keeps one payload from costing seconds.
Few = Annotated[list[T], Meta(max_length=200)]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Times outside are a unit mix-up (seconds for milliseconds) or a clock that was never set.
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)
_MAX_EPOCH_MS = 4_102_444_800_000  # _LATEST


def plate(text: str, field: str) -> str:
    """Return the normalised plate. Raises PayloadError when nothing is left of it or it is too long."""
    normal = normalise(text)
    if not normal:
        raise PayloadError(field, "has no letter or digit")
    if len(normal) > MAX_PLATE:
        raise PayloadError(field, f"has more than {MAX_PLATE} letters and digits")
    return normal


def is_no_read(text: str, words: frozenset[str] = frozenset()) -> bool:
    """Return whether a reader says that it could read nothing: no letter or digit, or one of its words for that."""
    return text.strip().casefold() in words or not normalise(text)


def camera_of_copy(context: Context, field: str) -> str:
    """Return the camera that a copy is named after, where the payload names none.

    Raises PayloadError when the copy has no name of its own: reads of several cameras must not become one camera's.
    """
    if context.instance == "default":
        raise PayloadError(field, f"is missing; name the camera, or post to /ingest/{context.connector}/CAMERA")
    return context.instance


def candidates(readings: Iterable[tuple[str, float]], chosen: str) -> tuple[PlateCandidate, ...]:
    """Return other readings (plate, confidence 0..1), normalised, best first, each once, without the chosen plate."""
    best: dict[str, float] = {}
    for text, confidence in readings:
        normal = normalise(text)
        if normal and normal != chosen and len(normal) <= MAX_PLATE:
            best[normal] = max(confidence, best.get(normal, 0.0))
    ranked = sorted(best.items(), key=lambda item: -item[1])[:MAX_CANDIDATES]
    return tuple(PlateCandidate(text, confidence) for text, confidence in ranked)


def share(percent: float) -> float:
    """Return 0..1 of 0..100, without the digits that dividing a binary fraction adds."""
    return round(percent / 100, 10)


def coordinates(
    lat: float | None, lon: float | None, lat_field: str, lon_field: str
) -> tuple[float, float] | tuple[None, None]:
    """Return WGS 84 degrees, or nothing where the reader has no position (null, -1/-1 or 0/0).

    Raises PayloadError for a latitude beyond 90 or a longitude beyond 180 degrees.
    """
    if lat is None or lon is None or (lat == lon and lat in (-1.0, 0.0)):
        return None, None
    if not -90 <= lat <= 90:
        raise PayloadError(lat_field, "expected degrees between -90 and 90")
    if not -180 <= lon <= 180:
        raise PayloadError(lon_field, "expected degrees between -180 and 180")
    return float(lat), float(lon)


def heading(degrees: float | None) -> float | None:
    """Return a direction within 0 (included) .. 360 (excluded) degrees; none when the reader has none (null, -1)."""
    if degrees is None or degrees == -1:
        return None
    turned = float(degrees) % 360.0
    return 0.0 if turned >= 360.0 else turned  # a tiny negative angle rounds up to 360.0


def word(text: str | None) -> str | None:
    """Return a value of a reader's vocabulary in lower case, or none when it is empty."""
    return (text or "").strip().lower()[:100] or None


def moment_of_epoch_ms(milliseconds: int, field: str) -> datetime:
    """Return the UTC moment of milliseconds since 1970. Raises PayloadError before 2000 and after 2100."""
    if not 0 <= milliseconds <= _MAX_EPOCH_MS or _EPOCH + timedelta(milliseconds=milliseconds) < _EARLIEST:
        raise PayloadError(field, "expected milliseconds since 1970, between the years 2000 and 2100")
    return _EPOCH + timedelta(milliseconds=milliseconds)


def moment_of_epoch_s(seconds: float, field: str) -> datetime:
    """Return the UTC moment of seconds since 1970, to the microsecond. Raises PayloadError as the one above."""
    try:
        moment = _EPOCH + timedelta(microseconds=round(seconds * 1_000_000))
    except (OverflowError, ValueError):
        moment = _EPOCH
    if not _EARLIEST <= moment <= _LATEST:
        raise PayloadError(field, "expected seconds since 1970, between the years 2000 and 2100")
    return moment


def moment_of_iso(text: str, field: str, zone: tzinfo = UTC) -> datetime:
    """Return the UTC moment of an ISO 8601 text; one without an offset is in ``zone``.

    Raises PayloadError when it is none, or not between the years 2000 and 2100.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise PayloadError(field, "expected a time such as 2026-01-15T18:30:05.125Z") from None
    return in_utc(moment, field, zone)


def moment_of_format(text: str, pattern: str, field: str, zone: tzinfo) -> datetime:
    """Return the UTC moment of a text in a format of strptime; without an offset it is in ``zone``.

    Raises PayloadError when it does not fit, or is not between the years 2000 and 2100.
    """
    try:
        moment = datetime.strptime(text.strip(), pattern)  # noqa: DTZ007 - the zone is put on below
    except ValueError:
        raise PayloadError(field, f"expected a time written as {pattern}") from None
    return in_utc(moment, field, zone)


def in_utc(moment: datetime, field: str, zone: tzinfo) -> datetime:
    """Return a moment in UTC; a local one is in ``zone``, the first of two where an hour comes twice.

    Raises PayloadError when it is not between the years 2000 and 2100.
    """
    try:
        moment = (moment.replace(tzinfo=zone) if moment.tzinfo is None else moment).astimezone(UTC)
    except (ValueError, OverflowError):
        raise PayloadError(field, "expected a time such as 2026-01-15T18:30:05.125Z") from None
    if not _EARLIEST <= moment <= _LATEST:
        raise PayloadError(field, "expected a time between the years 2000 and 2100")
    return moment
