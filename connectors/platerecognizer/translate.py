"""Plate Recognizer Stream webhook to plate reads. Pure: the same bytes give the same events, ids included."""

from __future__ import annotations

from datetime import datetime
from math import isfinite

import msgspec
from msgspec import UNSET, Struct

from connectors.lpr import candidates, heading, moment_of_iso, plate, word
from connectors.payload import MAX_PARTS, decode, join_path, split_parts
from connectors.platerecognizer.form import json_field
from connectors.platerecognizer.payload import MakeModel, Message, PlateObject, Recognition, Result, Value
from connectors.translation import Context, Ignored, PayloadError, Refused, Translation
from schemas.events.plate_read import PlateRead
from schemas.identity import identity

_message = msgspec.json.Decoder(Message)
_recognition = msgspec.json.Decoder(Recognition)
_result = msgspec.json.Decoder(Result)


class _Picture(Struct):
    """What all results of one picture share."""

    camera_id: str
    taken_at: datetime
    filename: str | None


class _Reading(Struct):
    """A plate as either form of the payload tells it."""

    text: str
    field: str
    confidence: float
    region: str | None
    region_confidence: float | None
    others: list[tuple[str, float]]


def translate(body: bytes, content_type: str, context: Context) -> Translation:
    """Return the reads of one posted payload: a form with a field ``json``, or JSON itself.

    Raises PayloadError when the body as a whole cannot be read. A bad element of ``results`` is refused alone.
    """
    parts, is_batch = split_parts(json_field(body, content_type))
    done = Translation()
    for index, raw in enumerate(parts):
        prefix = f"[{index}]" if is_batch else ""
        try:
            _translate_message(raw, prefix, index, context, done)
        except PayloadError as error:
            done.refused.append(Refused(error.field, error.error, "plate_read", bytes(raw), index))
        if len(done.events) + len(done.refused) + len(done.ignored) > MAX_PARTS:
            raise PayloadError("body", f"holds more than {MAX_PARTS} reads; send fewer at a time")
    return done


def _translate_message(raw: msgspec.Raw, prefix: str, index: int, context: Context, done: Translation) -> None:
    message = decode(_message, raw, prefix)
    at = prefix if message.data is UNSET else join_path(prefix, "data")
    recognition = decode(_recognition, raw if message.data is UNSET else message.data, at)
    if recognition.results is UNSET:
        done.ignored.append(Ignored("no results: the message is not a recognition"))
        return
    if not recognition.results:
        done.ignored.append(Ignored("results is empty: the picture shows no vehicle"))
        return
    if len(recognition.results) > MAX_PARTS:
        raise PayloadError(join_path(at, "results"), f"holds more than {MAX_PARTS} plates")
    picture = _picture(recognition, at)
    for place, element in enumerate(recognition.results):
        here = join_path(at, f"results[{place}]")
        try:
            read = _read(decode(_result, element, here), here, picture, context)
        except PayloadError as error:
            number = index if prefix else place
            done.refused.append(Refused(error.field, error.error, "plate_read", bytes(element), number))
            continue
        if read is None:
            done.ignored.append(Ignored("a vehicle without a plate has nothing to read"))
        else:
            done.events.append(read)


def _picture(recognition: Recognition, at: str) -> _Picture:
    if recognition.camera_id is None:
        raise PayloadError(join_path(at, "camera_id"), "is missing; give the camera an id in the reader's settings")
    if recognition.timestamp is None:
        raise PayloadError(join_path(at, "timestamp"), "is missing")
    return _Picture(
        str(recognition.camera_id),
        moment_of_iso(recognition.timestamp, join_path(at, "timestamp")),
        recognition.filename or None,
    )


def _read(result: Result, at: str, picture: _Picture, context: Context) -> PlateRead | None:
    reading = _reading(result, at)
    if reading is None:
        return None
    read = plate(reading.text, reading.field)
    moment = picture.taken_at.isoformat(timespec="microseconds")
    props = result.vehicle.props if result.vehicle else None
    make_model = _best_make_model(result.model_make or (props.make_model if props else []))
    colours = [(colour.color, colour.score) for colour in result.color] or _pairs(props.color if props else [])
    return PlateRead(
        event_id=identity("plate_read", context.source, picture.camera_id, moment, read),
        occurred_at=picture.taken_at,
        observed_at=context.observed_at,
        source=context.source,
        jurisdiction=context.jurisdiction,
        camera_id=picture.camera_id,
        plate=read,
        plate_raw=reading.text,
        confidence=reading.confidence,
        plate_region=reading.region,
        region_confidence=reading.region_confidence if reading.region else None,
        candidates=candidates(reading.others, read),
        heading_deg=heading(_direction(result.direction, join_path(at, "direction"))),
        vehicle_make=word(make_model.make),
        vehicle_model=word(make_model.model),
        vehicle_colour=word(max(colours, key=lambda pair: pair[1])[0]) if colours else None,
        vehicle_body=word(result.vehicle.type) if result.vehicle else None,
        image_ref=picture.filename,
        native_id=f"{picture.camera_id}@{moment}"[:200],
    )


def _reading(result: Result, at: str) -> _Reading | None:
    """The plate in either form; none when the vehicle shows no plate."""
    if isinstance(result.plate, PlateObject):
        props = result.plate.props
        if not props.plate:
            return None
        chosen = max(props.plate, key=lambda value: value.score)
        place = next(i for i, value in enumerate(props.plate) if value is chosen)
        region = max(props.region, key=lambda value: value.score, default=None)
        return _Reading(
            text=chosen.value,
            field=join_path(at, f"plate.props.plate[{place}].value"),
            confidence=chosen.score,
            region=word(region.value) if region else None,
            region_confidence=region.score if region else None,
            others=_pairs(props.plate),
        )
    if result.plate is None:
        return None
    if result.score is None:
        raise PayloadError(join_path(at, "score"), "is missing")
    return _Reading(
        text=result.plate,
        field=join_path(at, "plate"),
        confidence=result.score,
        region=word(result.region.code) if result.region else None,
        region_confidence=result.region.score if result.region else None,
        others=[(candidate.plate, candidate.score) for candidate in result.candidates],
    )


def _pairs(values: list[Value]) -> list[tuple[str, float]]:
    return [(value.value, value.score) for value in values]


def _best_make_model(guesses: list[MakeModel]) -> MakeModel:
    return max(guesses, key=lambda guess: guess.score, default=MakeModel())


def _direction(value: float | str | None, field: str) -> float | None:
    """Degrees; the vendor sends an empty text where it has none."""
    if isinstance(value, str):
        if not value.strip():
            return None
        try:
            value = float(value)
        except ValueError:
            raise PayloadError(field, "expected degrees") from None
        if not isfinite(value):
            raise PayloadError(field, "expected degrees")
    return value
