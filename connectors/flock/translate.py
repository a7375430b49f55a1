"""Flock's hotlist alerts and plate reads to plate reads. Pure: the same bytes give the same events, ids included."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from connectors.lpr import coordinates, is_no_read, moment_of_iso, plate
from connectors.members import Members
from connectors.multipart import media_type_of
from connectors.objects import Outcome, each_alone, take, translate_json
from connectors.plate_origin import origin
from connectors.translation import Context, Ignored, PayloadError, Translation
from connectors.xml_text import as_object, tree
from schemas.events.plate_read import PlateRead
from schemas.identity import identity

#: image_ref holds no more; a cut address is none.
_MAX_ADDRESS = 2000


def translate(body: bytes, content_type: str, context: Context) -> Translation:
    """Return the reads of one posted payload: an alert, a read, a page of reads (``results``), or an array of these.

    A subscription may ask for XML: its elements are read as the members of the same names.
    Raises PayloadError when the body as a whole cannot be read.
    """
    media_type, charset, _ = media_type_of(content_type)
    if not media_type.endswith("xml"):
        return translate_json(body, lambda members: _object(members, context))
    done = Translation()
    take(done, lambda members: _object(members, context), Members(as_object(tree(body, charset))), lambda: body, 0)
    return done


def _object(message: Members, context: Context) -> Iterator[Outcome]:
    if isinstance(message.value("results"), list):
        if not message.value("results"):
            yield Ignored("results is empty: the page holds no read")
        yield from each_alone(message.each("results"), lambda one: _read(one, context))
    elif "objectId" in message or "deviceExternalId" in message:
        yield from _alert(message, context)
    elif "capturedAt" in message:
        yield from _read(message, context)
    else:
        yield Ignored("neither a hotlist alert nor a plate read: this connector makes no event of it")


def _alert(alert: Members, context: Context) -> Iterator[Outcome]:
    """A read on one or more of the vendor's lists. Ours decide anew, so it is one read whatever ``sources`` say."""
    camera = alert.needed_text("deviceExternalId", limit=200).strip()
    native = alert.needed_text("objectId", limit=200).strip()
    moment = moment_of_iso(alert.needed_text("eventTime", limit=64), alert.path("eventTime"))
    ocr = alert.inside("ocr")
    expires = _expires(alert)
    address = alert.text("imageUrl", limit=_MAX_ADDRESS)
    yield from _plate_read(
        context,
        camera=camera,
        native=native,
        moment=moment,
        reading=(ocr, "label", "labelConfidence"),
        state=(ocr, "state", "stateConfidence"),
        place=_place(alert, "deviceLat", "deviceLong"),
        image=address,
        expires=expires if address else None,
    )


def _read(read: Members, context: Context) -> Iterator[Outcome]:
    """``LicensePlateRead`` of the Plate Reads API. Its ``id`` is an alert's ``objectId``, so both are one event."""
    device = read.inside("device")
    camera = device.needed_text("id", limit=200)
    native = read.needed_text("id", limit=200)
    moment = moment_of_iso(read.needed_text("capturedAt", limit=64), read.path("capturedAt"))
    yield from _plate_read(
        context,
        camera=camera,
        native=native,
        moment=moment,
        reading=(read.inside("plate"), "plate", "confidence"),
        state=(read.inside("state"), "state", "confidence"),
        place=_place(device.inside("location"), "latitude", "longitude"),
        image=read.text("imageUrl", limit=_MAX_ADDRESS),
        expires=_expires(read),
    )


def _plate_read(
    context: Context,
    *,
    camera: str,
    native: str,
    moment: datetime,
    reading: tuple[Members, str, str],
    state: tuple[Members, str, str],
    place: tuple[float, float] | tuple[None, None],
    image: str | None,
    expires: datetime | None,
) -> Iterator[Outcome]:
    holder, name, sure = reading
    if not holder or name not in holder:
        yield Ignored("no characters were read: nothing to match, look at it in the vendor's own page")
        return
    raw = holder.needed_text(name, limit=100)
    if is_no_read(raw):
        yield Ignored("no characters were read: nothing to match, look at it in the vendor's own page")
        return
    read = plate(raw, holder.path(name))
    where, state_name, state_sure = state
    region = origin(None, where.text(state_name))
    yield PlateRead(
        event_id=identity("plate_read", context.source, native, read),
        occurred_at=moment,
        observed_at=context.observed_at,
        source=context.source,
        jurisdiction=context.jurisdiction,
        camera_id=camera,
        plate=read,
        plate_raw=raw,
        confidence=holder.confidence(sure, full=1),
        plate_region=region,
        region_confidence=where.number(state_sure, least=0, most=1) if region else None,
        lat=place[0],
        lon=place[1],
        image_ref=image,
        image_expires_at=expires if image else None,
        native_id=native,
    )


def _place(holder: Members, lat: str, lon: str) -> tuple[float, float] | tuple[None, None]:
    return coordinates(holder.number(lat, least=-90, most=90), holder.number(lon, least=-180, most=180), lat, lon)


def _expires(holder: Members) -> datetime | None:
    """When the signed address ends. A time that makes no sense is left out: a fetch will tell."""
    text = holder.text("imageExpiration", limit=64)
    try:
        return moment_of_iso(text, "imageExpiration") if text else None
    except PayloadError:
        return None
