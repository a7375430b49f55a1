"""The list of all event types. A new fact is one file in ``schemas/events`` and one line here."""

from __future__ import annotations

from typing import Any

from schemas.event_type import EventType
from schemas.events.action import ACTION
from schemas.events.alert import ALERT
from schemas.events.assessment import ASSESSMENT
from schemas.events.attachment import ATTACHMENT
from schemas.events.camera import CAMERA
from schemas.events.camera_health import CAMERA_HEALTH
from schemas.events.camera_observation import CAMERA_OBSERVATION
from schemas.events.canary import CANARY
from schemas.events.dead_letter import DEAD_LETTER
from schemas.events.drawing import DRAWING
from schemas.events.emergency_call import EMERGENCY_CALL
from schemas.events.hotlist import HOTLIST
from schemas.events.hotlist_entry import HOTLIST_ENTRY
from schemas.events.hotlist_withdrawal import HOTLIST_WITHDRAWAL
from schemas.events.image import IMAGE
from schemas.events.incident import INCIDENT
from schemas.events.incident_input import INCIDENT_INPUT
from schemas.events.ledger_count import LEDGER_COUNT
from schemas.events.map_layer import MAP_LAYER
from schemas.events.marker import MARKER
from schemas.events.person import PERSON
from schemas.events.plate_noise import PLATE_NOISE
from schemas.events.plate_read import PLATE_READ
from schemas.events.seal import SEAL
from schemas.events.sighting import SIGHTING
from schemas.events.source_document import SOURCE_DOCUMENT
from schemas.events.unit_position import UNIT_POSITION
from schemas.events.zone import ZONE

EVENT_TYPES: tuple[EventType[Any], ...] = (
    PLATE_READ,
    SIGHTING,
    CAMERA,
    CAMERA_OBSERVATION,
    CAMERA_HEALTH,
    EMERGENCY_CALL,
    SOURCE_DOCUMENT,
    PERSON,
    MARKER,
    INCIDENT,
    INCIDENT_INPUT,
    ASSESSMENT,
    DRAWING,
    ATTACHMENT,
    UNIT_POSITION,
    HOTLIST,
    HOTLIST_ENTRY,
    HOTLIST_WITHDRAWAL,
    PLATE_NOISE,
    ZONE,
    MAP_LAYER,
    ALERT,
    ACTION,
    SEAL,
    DEAD_LETTER,
    LEDGER_COUNT,
    CANARY,
    IMAGE,
)

BY_NAME: dict[str, EventType[Any]] = {kind.name: kind for kind in EVENT_TYPES}
BY_TOPIC: dict[str, EventType[Any]] = {kind.topic: kind for kind in EVENT_TYPES}
BY_CLASS: dict[type, EventType[Any]] = {kind.cls: kind for kind in EVENT_TYPES}
