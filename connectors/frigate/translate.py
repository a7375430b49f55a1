"""Frigate's MQTT messages to plate reads. Pure: the same bytes give the same events, ids included."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from connectors.lpr import is_no_read, moment_of_epoch_s, plate
from connectors.members import Members
from connectors.objects import Outcome, translate_json
from connectors.translation import Context, Ignored, PayloadError, Translation
from schemas.events.plate_read import PlateRead
from schemas.identity import identity

_KIND = re.compile(r"[a-z][a-z_]{0,39}")
_NO_PLATE = "no plate has been recognised on it"


def translate(body: bytes, content_type: str, context: Context) -> Translation:
    """Return the reads of one message: as Frigate published it, or as ``{"topic": ..., "payload": ...}``; or an array.

    Raises PayloadError when the body as a whole cannot be read.
    """
    return translate_json(body, lambda members: _message(members, context))


def _message(message: Members, context: Context) -> Iterator[Outcome]:
    if "topic" not in message:
        yield from _payload(message, context)
        return
    payload = message.value("payload")
    topic = (message.text("topic", limit=500) or "").strip("/")
    if isinstance(payload, str) and payload.lstrip()[:1] == "{":
        try:
            payload = msgspec.json.decode(payload.encode("utf-8", "surrogatepass"))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise PayloadError(message.path("payload"), "is not valid JSON") from None
    if not isinstance(payload, dict):
        last = topic.rpartition("/")[2]
        if last == "available" or "/status/" in topic:
            yield Ignored("status: whether Frigate or a camera is there, not a read")
            return
        if payload is None:
            raise PayloadError(message.path("payload"), "is missing")
        yield Ignored("this topic tells of no plate")
        return
    yield from _payload(Members(payload, message.path("payload")), context)


def _payload(payload: Members, context: Context) -> Iterator[Outcome]:
    kind = (payload.text("type") or "").strip().lower()
    if kind == "lpr":
        yield from _recognised(payload, context)
    elif payload.inside("after") and kind in ("new", "update", "end"):
        after = payload.inside("after")
        if "severity" in after or "detections" in after.inside("data"):
            yield Ignored("a review: it names objects, and tells of no plate")
        else:
            yield from _tracked(after, kind, context)
    elif not kind and "camera" in payload and "id" in payload:
        # An object as the HTTP API tells it; one that has ended has an end.
        yield from _tracked(payload, "end" if "end_time" in payload else "update", context)
    else:
        shown = kind if _KIND.fullmatch(kind) else "an unknown type"
        yield Ignored(f"{shown}: this connector makes no event of it")


def _recognised(update: Members, context: Context) -> Iterator[Outcome]:
    """``tracked_object_update`` of type lpr: what has been recognised on an object, once more for each better look."""
    if is_no_read(update.text("plate", limit=10_000) or "") and not isinstance(update.value("plate"), (dict, list)):
        yield Ignored(_NO_PLATE)
        return
    raw = update.needed_text("plate", limit=100)
    yield _read(
        context,
        holder=update,
        raw=raw,
        field=update.path("plate"),
        confidence=update.confidence("score", full=1),
        time="timestamp",
        stage="lpr",
    )


def _tracked(after: Members, kind: str, context: Context) -> Iterator[Outcome]:
    """``events``: the state of a tracked object. While it is in view the plate may change yet."""
    if after.flag("false_positive"):
        yield Ignored("a false positive: Frigate itself does not believe in the object")
        return
    name = "recognized_license_plate"
    # The HTTP API and some versions keep what was found on the object under data.
    found = after if name in after else after.inside("data")
    value = found.value(name)
    # Some versions send text and score together, as they do for sub_label.
    pair = value if isinstance(value, list) else None
    holder = Members({name: pair[0], f"{name}_score": pair[1]}, found.path()) if pair and len(pair) > 1 else found
    if is_no_read(holder.text(name, limit=10_000) or ""):
        yield Ignored(_NO_PLATE)
        return
    raw = holder.needed_text(name, limit=100)
    yield _read(
        context,
        holder=after,
        raw=raw,
        field=found.path(name),
        confidence=holder.confidence(f"{name}_score", full=1),
        time="frame_time",
        stage="final" if kind == "end" else "preview",
    )


def _read(
    context: Context, *, holder: Members, raw: str, field: str, confidence: float, time: str, stage: str
) -> PlateRead:
    read = plate(raw, field)
    camera = holder.needed_text("camera", limit=150)
    native = holder.needed_text("id", limit=150)
    names = (time, "frame_time", "timestamp", "end_time", "start_time")
    name = next((one for one in names if holder.value(one) is not None), time)
    moment = moment_of_epoch_s(holder.needed_number(name), holder.path(name))
    stamp = moment.isoformat(timespec="microseconds")
    return PlateRead(
        event_id=identity("plate_read", context.source, camera, native, stamp, read, stage),
        occurred_at=moment,
        observed_at=context.observed_at,
        source=context.source,
        jurisdiction=context.jurisdiction,
        camera_id=camera,
        plate=read,
        plate_raw=raw,
        confidence=confidence,
        is_preview=stage == "preview",
        is_parked=holder.flag("stationary"),
        native_id=native,
        track_id=native,
    )
