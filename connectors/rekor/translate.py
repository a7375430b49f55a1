"""Rekor/OpenALPR webhook to events. Pure: the same bytes give the same events, ids included."""

from __future__ import annotations

import re

import msgspec

from connectors.lpr import candidates, coordinates, heading, moment_of_epoch_ms, plate, share, word
from connectors.payload import MAX_PARTS, decode, join_path, split_parts
from connectors.rekor.health import camera_health
from connectors.rekor.payload import Alert, Group, Guess, Head, Heartbeat, Reading, Result, Results, Vehicle
from connectors.translation import Context, Ignored, PayloadError, Refused, Translation
from schemas.events.plate_read import PlateRead
from schemas.identity import identity

_head = msgspec.json.Decoder(Head)
_group = msgspec.json.Decoder(Group)
_alert = msgspec.json.Decoder(Alert)
_results = msgspec.json.Decoder(Results)
_result = msgspec.json.Decoder(Result)
_heartbeat = msgspec.json.Decoder(Heartbeat)

_KIND = re.compile(r"[a-z][a-z_]{0,39}")
#: User and password inside a camera's address; they must not reach a dead letter.
_CREDENTIALS = re.compile(rb"(://)[^/@\s\"]+@")


def translate(body: bytes, content_type: str, context: Context) -> Translation:
    """Return the events of one posted payload: a JSON object, or an array of such objects as a batch.

    Raises PayloadError when the body as a whole cannot be read. A bad part of a batch, or a bad result of
    ``alpr_results``, is refused alone; the rest goes on.
    """
    parts, is_batch = split_parts(body)
    done = Translation()
    for index, raw in enumerate(parts):
        prefix = f"[{index}]" if is_batch else ""
        try:
            _translate_part(raw, prefix, index, context, done)
        except PayloadError as error:
            done.refused.append(Refused(error.field, error.error, "plate_read", bytes(raw), index))
        if len(done.events) + len(done.refused) + len(done.ignored) > MAX_PARTS:
            raise PayloadError("body", f"holds more than {MAX_PARTS} reads; send fewer at a time")
    return done


def _translate_part(raw: msgspec.Raw, prefix: str, index: int, context: Context, done: Translation) -> None:
    kind = decode(_head, raw, prefix).data_type
    if kind == "alpr_group":
        done.events.append(_group_read(decode(_group, raw, prefix), prefix, context))
    elif kind == "alpr_alert":
        # The vendor's own hotlist decided this one; ours decides anew. It is the same read as its group's.
        inner = join_path(prefix, "group")
        done.events.append(_group_read(decode(_group, decode(_alert, raw, prefix).group, inner), inner, context))
    elif kind == "alpr_results":
        _translate_results(decode(_results, raw, prefix), prefix, index, context, done)
    elif kind == "heartbeat":
        _translate_heartbeat(decode(_heartbeat, raw, prefix), prefix, index, context, done)
    elif kind == "vehicle":
        done.ignored.append(Ignored("vehicle: a vehicle without a plate has nothing to read"))
    else:
        shown = kind if _KIND.fullmatch(kind) else "an unknown data_type"
        done.ignored.append(Ignored(f"{shown}: this connector makes no event of it"))


def _group_read(group: Group, prefix: str, context: Context) -> PlateRead:
    """One pass of a vehicle. Its preview and its final form share ``native_id`` and differ in ``event_id``."""

    def at(name: str) -> str:
        return join_path(prefix, name)

    read = plate(group.best_plate_number, at("best_plate_number"))
    native = group.best_uuid or f"{group.agent_uid or ''}-{group.camera_id}-{group.epoch_start}"
    lat, lon = coordinates(group.gps_latitude, group.gps_longitude, at("gps_latitude"), at("gps_longitude"))
    vehicle = group.vehicle or Vehicle()
    make = _best(vehicle.make)
    stage = "preview" if group.is_preview else "final"
    region = word(group.best_region)
    return PlateRead(
        event_id=identity("plate_read", context.source, native, group.camera_id, group.epoch_start, read, stage),
        occurred_at=moment_of_epoch_ms(group.epoch_start, at("epoch_start")),
        observed_at=context.observed_at,
        source=context.source,
        jurisdiction=context.jurisdiction,
        camera_id=str(group.camera_id),
        plate=read,
        plate_raw=group.best_plate_number,
        confidence=share(group.best_confidence),
        plate_region=region,
        region_confidence=_share_or_none(group.best_region_confidence) if region else None,
        candidates=candidates(_readings(group.candidates), read),
        lat=lat,
        lon=lon,
        heading_deg=heading(group.travel_direction),
        vehicle_make=make,
        vehicle_model=_model(_best(vehicle.make_model), make),
        vehicle_colour=_best(vehicle.color),
        vehicle_body=_best(vehicle.body_type),
        is_preview=group.is_preview,
        is_parked=group.is_parked,
        native_id=native,
        track_id=_track(group, native),
    )


def _track(group: Group, native: str) -> str:
    """What the preview and the final form of one pass share, also when a better picture became the best."""
    first = group.uuids[0] if isinstance(group.uuids, list) and group.uuids else None
    return first if isinstance(first, str) and 0 < len(first) <= 200 else native[:200]


def _translate_results(picture: Results, prefix: str, index: int, context: Context, done: Translation) -> None:
    """The plates of one picture, each a read of its own; a bad one is refused alone."""
    at = join_path(prefix, "results")
    moment = moment_of_epoch_ms(picture.epoch_time, join_path(prefix, "epoch_time"))
    lat, lon = coordinates(
        picture.gps_latitude,
        picture.gps_longitude,
        join_path(prefix, "gps_latitude"),
        join_path(prefix, "gps_longitude"),
    )
    if len(picture.results) > MAX_PARTS:
        raise PayloadError(at, f"holds more than {MAX_PARTS} plates")
    if not picture.results:
        done.ignored.append(Ignored("alpr_results: the picture shows no plate"))
    native = picture.uuid or f"{picture.agent_uid or ''}-{picture.camera_id}-{picture.epoch_time}"
    for place, raw in enumerate(picture.results):
        here = f"{at}[{place}]"
        try:
            result = decode(_result, raw, here)
            read = plate(result.plate, join_path(here, "plate"))
        except PayloadError as error:
            number = index if prefix else place
            done.refused.append(Refused(error.field, error.error, "plate_read", bytes(raw), number))
            continue
        region = _region(result.region, picture.country)
        nth = result.plate_index
        done.events.append(
            PlateRead(
                event_id=identity(
                    "plate_read", context.source, native, picture.camera_id, picture.epoch_time, nth, read
                ),
                occurred_at=moment,
                observed_at=context.observed_at,
                source=context.source,
                jurisdiction=context.jurisdiction,
                camera_id=str(picture.camera_id),
                plate=read,
                plate_raw=result.plate,
                confidence=share(result.confidence),
                plate_region=region,
                region_confidence=_share_or_none(result.region_confidence) if region else None,
                candidates=candidates(_readings(result.candidates), read),
                lat=lat,
                lon=lon,
                native_id=f"{native}#{nth}",
            )
        )


def _translate_heartbeat(beat: Heartbeat, prefix: str, index: int, context: Context, done: Translation) -> None:
    """One state for each of the agent's cameras; a bad one is refused alone."""
    at = join_path(prefix, "video_streams")
    moment = moment_of_epoch_ms(beat.timestamp, join_path(prefix, "timestamp"))
    if len(beat.video_streams) > MAX_PARTS:
        raise PayloadError(at, f"holds more than {MAX_PARTS} cameras")
    if not beat.video_streams:
        done.ignored.append(Ignored("heartbeat: it lists no camera"))
    for place, raw in enumerate(beat.video_streams):
        try:
            done.events.append(camera_health(raw, f"{at}[{place}]", moment, beat.agent_uid or "", context))
        except PayloadError as error:
            original = _CREDENTIALS.sub(rb"\1***@", bytes(raw))
            number = index if prefix else place
            done.refused.append(Refused(error.field, error.error, "camera_health", original, number))


def _readings(found: list[Reading]) -> list[tuple[str, float]]:
    return [(reading.plate, share(reading.confidence)) for reading in found]


def _share_or_none(percent: float | None) -> float | None:
    return None if percent is None else share(percent)


def _best(guesses: list[Guess]) -> str | None:
    """The name of the surest guess; the first of equals, as the vendor sorts them."""
    return word(max(guesses, key=lambda guess: guess.confidence).name) if guesses else None


def _model(make_model: str | None, make: str | None) -> str | None:
    """The vendor writes make and model as one word, ``bmw_x3``; the make is told apart already."""
    if make_model and make and make_model.startswith(f"{make}_"):
        return word(make_model[len(make) + 1 :])
    return make_model


def _region(region: str | None, country: str | None) -> str | None:
    """``us-mo`` as newer agents send it; older ones send ``mo`` and the country apart."""
    code, land = word(region), word(country)
    return word(f"{land}-{code}") if code and land and "-" not in code else code
