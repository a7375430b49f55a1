"""ALI records to calls by a template. Pure: the same bytes and template give the same events, ids included.

A later record of the same call (a rebid) is a newer state of it, with all places that were told so far; across posts
the edge remembers the calls (connectors/edge/known_calls.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from hashlib import sha256
from zoneinfo import ZoneInfo

from connectors.ali.framing import Record, records
from connectors.ali.template import Field, Template, built_in
from connectors.cad.word_map import of_copy
from connectors.call_ids import scoped
from connectors.coordinates import usable
from connectors.lpr import moment_of_format
from connectors.phone import number
from connectors.rebid import continued
from connectors.translation import Context, Continues, Ignored, PayloadError, Refused, Translation
from schemas.events.emergency_call import CallLocation, EmergencyCall
from schemas.identity import identity

KIND = "911 call"
#: The template of copies that none is named after.
STANDARD = "lines"
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")


def translator(templates: Mapping[str, Template]) -> Callable[[bytes, str, Context], Translation]:
    """Return a translator that finds its template by the copy's name: ``packed``, or ``packed.east``."""

    def run(body: bytes, content_type: str, context: Context) -> Translation:
        template = of_copy(templates, context.instance, STANDARD)
        assert template is not None, "the standard template comes along"
        return _translate(template, body, context)

    return run


def translate(body: bytes, content_type: str, context: Context) -> Translation:
    """Return the calls of a body with one or more records, by the templates that come along.

    A bad record is refused alone. Raises PayloadError when the body has no record, or its last is cut off.
    """
    return _with_built_in()(body, content_type, context)


@cache
def _with_built_in() -> Callable[[bytes, str, Context], Translation]:
    return translator(built_in())


def _translate(template: Template, body: bytes, context: Context) -> Translation:
    done = Translation()
    last: dict[str, EmergencyCall] = {}
    for index, record in enumerate(records(body, template.framing)):
        try:
            if record.fault:
                raise PayloadError(f"record[{index}]", record.fault)
            if any(word.casefold() in record.text.casefold() for word in template.no_record):
                done.ignored.append(Ignored("the database has no record of the caller"))
                continue
            call, key = _call(template, record, f"record[{index}]", context, done.notices)
        except PayloadError as error:
            done.refused.append(Refused(error.field, error.error, "emergency_call", record.original, index))
            continue
        call = continued(last.get(key), call, template.rebid_minutes)
        last[key] = call
        done.events.append(call)
        done.continues.append(Continues(call.event_id, key, template.rebid_minutes))
    return done


def _call(
    template: Template, record: Record, at: str, context: Context, notices: list[str]
) -> tuple[EmergencyCall, str]:
    lines = record.text.replace("\r\n", "\n").replace("\r", "\n").strip("\n").split("\n")
    told = {name: _field(lines, field) for name, field in template.fields.items()}
    missing = next((name for name in template.key if not told[name]), None)
    if missing is not None:
        raise PayloadError(f"{at}.{missing}", "is missing")
    moment = _moment(template, told, at, context)
    # A digest, because ids are seen where numbers must not be.
    key = sha256("|".join(told[name] for name in template.key).encode()).hexdigest()[:12]
    call_number = told.get("call_number") or f"{moment:%Y%m%dT%H%M%SZ}-{key}"
    digest = sha256(record.original).hexdigest()
    call_id = scoped(context, call_number)
    locations, position = _places(template, told, moment, at, notices)
    address = next((one.address for one in locations if one.role == "caller" and one.address), "")
    call = EmergencyCall(
        event_id=identity("emergency_call", context.source, call_id, digest),
        occurred_at=moment,
        observed_at=context.observed_at,
        source=context.source,
        jurisdiction=context.jurisdiction,
        call_id=call_id,
        number=call_number,
        received_at=moment,
        updated_at=moment,
        kind=KIND,
        status="received",
        address=address,
        lat=position.lat if position else None,
        lon=position.lon if position else None,
        uncertainty_m=position.uncertainty_m if position else None,
        beat=told.get("esn", ""),
        contact="voice",
        callback_number=number(told.get("callback", "")),
        service_class=told.get("class", ""),
        owner=told.get("position", "")[:200],
        locations=locations,
    )
    return call, key


def _field(lines: list[str], field: Field) -> str:
    """A field's text, "" when it is empty, not there, or one of the words for nothing."""
    text = "\n".join(lines if not field.line else lines[field.line - 1 : field.line])
    if field.pattern:
        found = re.search(field.pattern, text)
        if found is None:
            return ""
        text = found.groupdict().get("value") or (found[1] if found.re.groups else found[0]) or ""
    else:
        text = text[field.begin - 1 : field.end or None]
    text = " ".join(text.split())[:200]
    return "" if text in field.none else text


def _moment(template: Template, told: Mapping[str, str], at: str, context: Context) -> datetime:
    """The record's time. A layout without a year has the one that puts it nearest before the edge's clock."""
    written = " ".join(filter(None, (told.get("date"), told.get("time"))))
    if not written:
        return context.observed_at
    zone = ZoneInfo(template.times.zone) if template.times.zone else context.zone
    if "%Y" in template.times.format or "%y" in template.times.format:
        return moment_of_format(written, template.times.format, f"{at}.time", zone)
    year = context.observed_at.astimezone(zone).year
    moments = []
    for one in (year, year - 1, year + 1):
        try:
            moments.append(moment_of_format(f"{one} {written}", f"%Y {template.times.format}", f"{at}.time", zone))
        except PayloadError:
            if one == year - 1 and not moments:
                raise
    return min(moments, key=lambda moment: abs((moment - context.observed_at).total_seconds()))


def _places(
    template: Template, told: Mapping[str, str], moment: datetime, at: str, notices: list[str]
) -> tuple[tuple[CallLocation, ...], CallLocation | None]:
    """The places of a record, and the one where the caller is; a tower's place never is."""
    service = told.get("class", "")
    meaning = template.classes.get(service.upper()) if service else None
    address = ", ".join(
        part
        for part in (
            " ".join(filter(None, (told.get(name, "").lstrip("0" if name == "house" else "") for name in
                                   ("house", "house_suffix", "prefix", "street", "suffix", "unit")))),
            told.get("location"), told.get("community"), told.get("state"),
        )
        if part
    )[:500]  # fmt: skip
    spot = _position(template, told, at)
    uncertainty = _value(template, told, "uncertainty")
    confidence = _value(template, told, "confidence")
    if service and meaning is None:
        notices.append(f"{at}.class: the template does not tell what it means: its coordinates are not the caller's")
    role = {"caller": "caller", "address": "caller", "tower": "tower"}.get(meaning or "", "other")
    places: list[CallLocation] = []
    position: CallLocation | None = None
    if spot is not None:
        place = CallLocation(
            role=role,
            lat=spot[0],
            lon=spot[1],
            uncertainty_m=uncertainty if uncertainty is not None and uncertainty >= 0 else None,
            confidence=confidence / 100 if confidence is not None and 0 < confidence <= 100 else None,
            address=address if meaning == "address" else "",
            method=service,
            at=moment,
        )
        places.append(place)
        position = place if role == "caller" else None
    if address and not (spot is not None and meaning == "address"):
        # Of a wireless call the address is that of the antenna.
        of = "caller" if meaning == "address" or (meaning is None and not service) else "tower" if meaning else "other"
        places.append(CallLocation(role=of, address=address, method=service, at=moment))
    return tuple(places), position


def _position(template: Template, told: Mapping[str, str], at: str) -> tuple[float, float] | None:
    lat, lon = _value(template, told, "lat"), _value(template, told, "lon")
    if lat is None or lon is None:
        return None
    if abs(lat) > 90 or abs(lon) > 180:
        raise PayloadError(f"{at}.lat", "no place on earth: check the template's columns and factor")
    found = usable(lat, lon)
    return (round(found[0], 7), round(found[1], 7)) if found else None


def _value(template: Template, told: Mapping[str, str], name: str) -> float | None:
    text = told.get(name, "")
    if not _NUMBER.fullmatch(text):
        return None
    return float(text) * template.fields[name].factor
