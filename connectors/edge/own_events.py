"""Events that others send in our own form (schemas/generated), so that no connector is needed for them."""

from __future__ import annotations

from typing import Any

import msgspec

from connectors.payload import MAX_PARTS, field_and_reason, join_path, split_parts
from connectors.translation import Context, Refused, Translation
from schemas.envelope import Event
from schemas.event_type import EventType
from schemas.events.camera_health import CAMERA_HEALTH
from schemas.events.camera_observation import CAMERA_OBSERVATION
from schemas.events.emergency_call import EMERGENCY_CALL
from schemas.events.plate_read import PLATE_READ, PlateRead
from schemas.events.unit_position import UNIT_POSITION
from schemas.plate import normalise
from schemas.wire.frame import FrameDecoder

#: What a source may state. Everything else (sightings, alerts, lists, actions) is made inside.
ACCEPTED: dict[str, EventType[Any]] = {
    kind.name: kind for kind in (PLATE_READ, EMERGENCY_CALL, UNIT_POSITION, CAMERA_HEALTH, CAMERA_OBSERVATION)
}

_decoders: dict[str, FrameDecoder[Any]] = {name: FrameDecoder(kind) for name, kind in ACCEPTED.items()}


def translate_own(body: bytes, event_type: str, context: Context) -> Translation:
    """Return the events of a JSON object or array of one accepted type; those that are not valid are refused alone.

    ``observed_at`` becomes our clock's, whatever was sent. Raises PayloadError when the body is not JSON.
    """
    done = Translation()
    if body[:1] == b"[":
        whole = _decoders[event_type].decode(body)
        if not whole.rejected and len(whole.events) <= MAX_PARTS and all(map(_is_sound, whole.events)):
            done.events.extend(
                msgspec.structs.replace(event, observed_at=context.observed_at) for event in whole.events
            )
            return done
    parts, is_batch = split_parts(body)  # one by one, to say of each what is wrong with it
    for index, raw in enumerate(parts):
        prefix = f"[{index}]" if is_batch else ""
        frame = _decoders[event_type].decode(bytes(raw))
        for rejected in frame.rejected:
            field, reason = field_and_reason(rejected.error, prefix)
            done.refused.append(Refused(field, reason, event_type, rejected.original, index))
        for event in frame.events:
            if not _is_sound(event):
                reason = "expected upper-case letters and digits only"
                done.refused.append(Refused(join_path(prefix, "plate"), reason, event_type, bytes(raw), index))
                continue
            done.events.append(msgspec.structs.replace(event, observed_at=context.observed_at))
    return done


def _is_sound(event: Event) -> bool:
    return not isinstance(event, PlateRead) or normalise(event.plate) == event.plate
