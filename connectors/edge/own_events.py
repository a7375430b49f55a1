"""Events that others send in our own form (schemas/generated), so that no connector is needed for them."""

from __future__ import annotations

from typing import Any

import msgspec

from connectors.payload import field_and_reason, join_path, split_parts
from connectors.translation import Context, Refused, Translation
from schemas.event_type import EventType
from schemas.events.camera_health import CAMERA_HEALTH
from schemas.events.camera_observation import CAMERA_OBSERVATION
from schemas.events.emergency_call import EMERGENCY_CALL
from schemas.events.plate_read import PLATE_READ, PlateRead
from schemas.plate import normalise
from schemas.wire.frame import FrameDecoder

#: What a source may state. Everything else (sightings, alerts, lists, actions) is made inside.
ACCEPTED: dict[str, EventType[Any]] = {
    kind.name: kind for kind in (PLATE_READ, EMERGENCY_CALL, CAMERA_HEALTH, CAMERA_OBSERVATION)
}

_decoders: dict[str, FrameDecoder[Any]] = {name: FrameDecoder(kind) for name, kind in ACCEPTED.items()}


def translate_own(body: bytes, event_type: str, context: Context) -> Translation:
    """Return the events of a JSON object or array of one accepted type; those that are not valid are refused alone.

    ``observed_at`` becomes our clock's, whatever was sent. Raises PayloadError when the body is not JSON.
    """
    parts, is_batch = split_parts(body)
    done = Translation()
    for index, raw in enumerate(parts):
        prefix = f"[{index}]" if is_batch else ""
        frame = _decoders[event_type].decode(bytes(raw))
        for rejected in frame.rejected:
            field, reason = field_and_reason(rejected.error, prefix)
            done.refused.append(Refused(field, reason, event_type, rejected.original, index))
        for event in frame.events:
            if isinstance(event, PlateRead) and normalise(event.plate) != event.plate:
                field = join_path(prefix, "plate")
                done.refused.append(
                    Refused(field, "expected upper-case letters and digits only", event_type, bytes(raw), index)
                )
                continue
            done.events.append(msgspec.structs.replace(event, observed_at=context.observed_at))
    return done
