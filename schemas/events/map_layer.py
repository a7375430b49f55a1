"""A map that an agency added: tiles in a file of the server, and how they are shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta

from schemas.envelope import Count, Event, Latitude, Longitude, Moment, Name, Word
from schemas.event_type import EventType, Push, Table
from schemas.identity import identity

#: What a layer may be: the map beneath everything, or shapes between that and what goes on.
BASEMAP, OVERLAY = "basemap", "overlay"
#: A name is part of a file's name and of an address: small letters, digits and hyphens.
NAME_PATTERN = r"^[a-z0-9][a-z0-9-]{0,39}$"
#: Zoom levels of web maps; tiles are never finer (PMTiles version 3 §4.1).
Zoom = Annotated[int, Meta(ge=0, le=26)]


class MapLayer(Event, frozen=True, kw_only=True, gc=False):
    """A layer of the map. Each event is its whole state. The tiles themselves are a file that the server holds."""

    name: Annotated[str, Meta(pattern=NAME_PATTERN, description="Its name: small letters, digits, hyphens.")]
    title: Annotated[str, Meta(max_length=100, description="What people call it.")] = ""
    kind: Annotated[Word, Meta(description="basemap (beneath everything) or overlay.")] = OVERLAY
    # Not "file": a column of that name would let a question in SQL name the function of that name.
    archive: Annotated[
        str,
        Meta(
            max_length=120,
            description="PMTiles file under /maps/; its name holds part of the sum, so it never changes.",
        ),
    ] = ""
    sha256: Annotated[str, Meta(max_length=64, description="SHA-256 of the file, hexadecimal.")] = ""
    bytes: Annotated[Count, Meta(description="Size of the file, bytes.")] = 0
    tiles: Annotated[Word, Meta(description="vector or raster.")] = "vector"
    tile_schema: Annotated[
        Word, Meta(description="How its layers are drawn: watchfloor, protomaps, openmaptiles or generic.")
    ] = "generic"
    source_layers: Annotated[
        tuple[Annotated[str, Meta(max_length=200)], ...], Meta(description="Layers inside vector tiles, by name.")
    ] = ()
    west: Annotated[Longitude, Meta(description="Bounds, degrees.")] = -180.0
    south: Annotated[Latitude, Meta(description="Bounds, degrees.")] = -90.0
    east: Annotated[Longitude, Meta(description="Bounds, degrees.")] = 180.0
    north: Annotated[Latitude, Meta(description="Bounds, degrees.")] = 90.0
    min_zoom: Annotated[Zoom, Meta(description="Shown from this zoom on.")] = 0
    max_zoom: Annotated[Zoom, Meta(description="The finest tiles; from there on they are enlarged.")] = 14
    label: Annotated[str, Meta(max_length=200, description="Property that is written beside a shape; empty: none.")] = (
        ""
    )
    colour: Annotated[
        str, Meta(pattern=r"^(#[0-9a-f]{6})?$", description="Colour of an overlay, #rrggbb; empty: the page's own.")
    ] = ""
    attribution: Annotated[str, Meta(max_length=500, description="Whose data it is, as plain text.")] = ""
    changed_at: Annotated[Moment, Meta(description="When it was added or removed (UTC).")]
    changed_by: Annotated[Name, Meta(description="Who did it.")]
    removed: Annotated[bool, Meta(description="True when the layer is no longer shown.")] = False


_AT = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
EXAMPLE = MapLayer(
    event_id=identity("map_layer", "hydrants", _AT.isoformat()),
    occurred_at=_AT,
    observed_at=_AT,
    source="map/cli",
    name="hydrants",
    title="Hydrants",
    archive="hydrants-5d41402abc4b.pmtiles",
    sha256="5d41402abc4b2a76b9719d911017c5925d41402abc4b2a76b9719d911017c592",
    bytes=48_211,
    source_layers=("hydrants",),
    west=-90.14,
    south=29.9,
    east=-89.95,
    north=30.07,
    label="label",
    colour="#d98cff",
    changed_at=_AT,
    changed_by="r.diaz",
)

MAP_LAYER = EventType(
    name="map_layer",
    cls=MapLayer,
    topic="rtcc.place.map-layer.v1",
    key="name",
    table=Table(name="map_layer_states", order_by=("name", "changed_at", "event_id"), current="map_layers"),
    push=Push.LATEST,
    version_field="changed_at",
    compacted=True,
    examples=(EXAMPLE,),
)
