"""The fields of Plate Recognizer's payloads that are used, as the vendor names them. All others are skipped unread.

Source: Plate Recognizer guides, Stream, Webhooks and Outputs; and the vendor's API reference for the form in which a
plate is an object (``plate.props.plate[0].value``).
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from connectors.lpr import CameraId, Few, Fraction, Label, PlateText


class Message(Struct):
    """What Stream posts: ``hook`` says whose, ``data`` says what. A bare ``data`` is accepted too."""

    data: msgspec.Raw | UnsetType = UNSET


class Recognition(Struct):
    """One picture of one camera."""

    results: list[msgspec.Raw] | UnsetType = UNSET
    camera_id: CameraId | None = None
    timestamp: Annotated[str, Meta(max_length=64)] | None = None
    filename: Annotated[str, Meta(max_length=2000)] | None = None


class Reading(Struct):
    """One candidate. Older versions send no score."""

    plate: PlateText
    score: Fraction = 0.0


class Value(Struct):
    """One guess in the object form."""

    value: PlateText
    score: Fraction = 0.0


class MakeModel(Struct):
    """One guess at make and model."""

    make: Label | None = None
    model: Label | None = None
    score: Fraction = 0.0


class Colour(Struct):
    """One guess at the colour."""

    color: Label
    score: Fraction = 0.0


class Region(Struct):
    """Where the plate is from."""

    code: Label | None = None
    score: Fraction | None = None


class PlateProps(Struct):
    """The guesses inside a plate object."""

    plate: Few[Value] = []
    region: Few[Value] = []


class PlateObject(Struct):
    """A plate in the object form."""

    props: PlateProps


class VehicleProps(Struct):
    """The guesses inside a vehicle object."""

    make_model: Few[MakeModel] = []
    color: Few[Value] = []


class Vehicle(Struct):
    """The vehicle. ``props`` in the object form only."""

    type: Label | None = None
    props: VehicleProps | None = None


class Result(Struct):
    """One vehicle in the picture."""

    plate: PlateText | PlateObject | None = None
    score: Fraction | None = None
    region: Region | None = None
    candidates: Few[Reading] = []
    vehicle: Vehicle | None = None
    model_make: Few[MakeModel] = []
    color: Few[Colour] = []
    direction: float | Annotated[str, Meta(max_length=32)] | None = None
