"""Who may do what on Kafka: one user for each role, and nothing that is not listed here.

Kafka denies what no ACL allows (``allow.everyone.if.no.acl.found=false``). Describing a topic comes with reading or
writing it; an idempotent producer needs no right of its own since Kafka 3.0 (KIP-679).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kafka.admin import ACL, ACLOperation, ACLPermissionType, ResourcePattern, ResourceType
from msgspec import Struct

from compose.roles.broker_settings import NOTIFIED, NOTIFY_GROUP, PLACED, PROCESS_GROUP, STORE_GROUP
from schemas.event_type import EventType
from schemas.events.action import ACTION
from schemas.events.alert import ALERT
from schemas.events.assessment import ASSESSMENT
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
from schemas.events.marker import MARKER
from schemas.events.person import PERSON
from schemas.events.plate_noise import PLATE_NOISE
from schemas.events.plate_read import PLATE_READ
from schemas.events.sighting import SIGHTING
from schemas.events.source_document import SOURCE_DOCUMENT
from schemas.events.unit_position import UNIT_POSITION
from schemas.events.zone import ZONE
from schemas.registry import EVENT_TYPES

Kinds = tuple[EventType[Any], ...]

_REFERENCE: Kinds = (CAMERA, ZONE, HOTLIST, HOTLIST_ENTRY, HOTLIST_WITHDRAWAL)


class Grant(Struct, frozen=True, kw_only=True):
    """What a user may do: with topics of these event types, and with consumer groups.

    ``groups``: those it works in. ``watches``: those whose positions it may see.
    """

    user: str
    reads: Kinds = ()
    writes: Kinds = ()
    groups: tuple[str, ...] = ()
    watches: tuple[str, ...] = ()


#: The edge writes what sources send, and counts it for the ledger; it reads nothing.
CONNECT = Grant(
    user="watchfloor-connect",
    writes=(
        PLATE_READ,
        EMERGENCY_CALL,
        SOURCE_DOCUMENT,
        PERSON,
        MARKER,
        UNIT_POSITION,
        CAMERA_HEALTH,
        CAMERA_OBSERVATION,
        *_REFERENCE,
        LEDGER_COUNT,
        DEAD_LETTER,
    ),
)
#: The processors read what they consume and the facts they hold it against, and write what they make of it: an action
#: too, when a camera that works again closes its alert.
PROCESS = Grant(
    user="watchfloor-process",
    reads=(
        PLATE_READ,
        EMERGENCY_CALL,
        CAMERA_HEALTH,
        ACTION,
        SIGHTING,
        INCIDENT_INPUT,
        *_REFERENCE,
        PLATE_NOISE,
        INCIDENT,
        DRAWING,
        ALERT,
    ),
    writes=(
        SIGHTING,
        INCIDENT_INPUT,
        INCIDENT,
        DRAWING,
        ASSESSMENT,
        ALERT,
        PLATE_NOISE,
        ACTION,
        CANARY,
        IMAGE,
        DEAD_LETTER,
    ),
    groups=(PROCESS_GROUP,),
)
#: The store keeps everything, and changes nothing but the dead letters it makes of what it cannot keep.
STORE = Grant(user="watchfloor-store", reads=EVENT_TYPES, writes=(DEAD_LETTER,), groups=(STORE_GROUP,))
#: The server shows everything, and how far the others have come (the ledger). It writes what people do, and gives dead
#: letters back to the topic they came from.
SERVE = Grant(user="watchfloor-serve", reads=EVENT_TYPES, writes=EVENT_TYPES, watches=(PROCESS_GROUP, STORE_GROUP))
#: On one machine the server and the store are one process, because chDB can be opened by one only.
SERVE_AND_STORE = Grant(
    user="watchfloor-serve-store",
    reads=EVENT_TYPES,
    writes=EVENT_TYPES,
    groups=(STORE_GROUP,),
    watches=(PROCESS_GROUP,),
)
#: Who tells people outside reads what is told and where that is, and writes who was told.
NOTIFY = Grant(user="watchfloor-notify", reads=(*NOTIFIED, *PLACED), writes=(ACTION,), groups=(NOTIFY_GROUP,))

GRANTS: tuple[Grant, ...] = (CONNECT, PROCESS, STORE, SERVE, SERVE_AND_STORE, NOTIFY)


def acls(grants: tuple[Grant, ...] = GRANTS) -> Iterator[ACL]:
    """Yield the ACLs that give these grants."""
    for grant in grants:
        for kind in grant.reads:
            yield _allow(grant.user, ACLOperation.READ, ResourceType.TOPIC, kind.topic)
        for kind in grant.writes:
            yield _allow(grant.user, ACLOperation.WRITE, ResourceType.TOPIC, kind.topic)
        for group in grant.groups:
            yield _allow(grant.user, ACLOperation.READ, ResourceType.GROUP, group)
        for group in grant.watches:
            yield _allow(grant.user, ACLOperation.DESCRIBE, ResourceType.GROUP, group)


def _allow(user: str, operation: ACLOperation, kind: ResourceType, name: str) -> ACL:
    return ACL(f"User:{user}", "*", operation, ACLPermissionType.ALLOW, ResourcePattern(kind, name))
