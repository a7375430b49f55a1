"""The fields of Rekor's payloads that are used, as the vendor names them. All others are skipped unread.

Source: Rekor Scout documentation, Application Integration; agent versions 2 to 4. Pictures (``*_jpeg``) are never read.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from connectors.lpr import CameraId, Few, Label, Percent, PlateText

EpochMs = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Identifier = Annotated[str, Meta(max_length=150)]


class Head(Struct):
    """What every payload begins with: its kind."""

    data_type: Annotated[str, Meta(max_length=100)]


class Reading(Struct):
    """One candidate."""

    plate: PlateText
    confidence: Percent


class Guess(Struct):
    """One guess at a vehicle's attribute."""

    name: Label
    confidence: Percent = 0.0


class Vehicle(Struct):
    """Guesses at what vehicle it is."""

    color: Few[Guess] = []
    make: Few[Guess] = []
    make_model: Few[Guess] = []
    body_type: Few[Guess] = []


class Group(Struct):
    """``alpr_group``: one pass of one vehicle."""

    epoch_start: EpochMs
    camera_id: CameraId
    best_plate_number: PlateText
    best_confidence: Percent
    best_uuid: Annotated[str, Meta(max_length=200)] | None = None
    #: Of its pictures, oldest first. A preview has the first of those that the final form has.
    uuids: object = None
    agent_uid: Identifier | None = None
    best_region: Label | None = None
    best_region_confidence: Percent | None = None
    candidates: Few[Reading] = []
    gps_latitude: float | None = None
    gps_longitude: float | None = None
    travel_direction: float | None = None
    vehicle: Vehicle | None = None
    is_parked: bool = False
    is_preview: bool = False


class Alert(Struct):
    """``alpr_alert``: a group that is on the vendor's own list."""

    group: msgspec.Raw


class Results(Struct):
    """``alpr_results``: the plates of one picture."""

    epoch_time: EpochMs
    camera_id: CameraId
    results: list[msgspec.Raw]
    uuid: Annotated[str, Meta(max_length=180)] | None = None
    agent_uid: Identifier | None = None
    country: Label | None = None
    gps_latitude: float | None = None
    gps_longitude: float | None = None


class Result(Struct):
    """One plate of one picture."""

    plate: PlateText
    confidence: Percent
    plate_index: Annotated[int, Meta(ge=0, le=10_000)] = 0
    region: Label | None = None
    region_confidence: Percent | None = None
    candidates: Few[Reading] = []


class Heartbeat(Struct):
    """``heartbeat``: the agent's state, sent every minute."""

    timestamp: EpochMs
    agent_uid: Identifier | None = None
    video_streams: list[msgspec.Raw] = []


class VideoStream(Struct):
    """One camera of the agent."""

    camera_id: CameraId
    is_streaming: bool
    camera_name: Label | None = None
    fps: Annotated[float, Meta(ge=0)] | None = None
    last_update: EpochMs | None = None
