"""Zones from GeoJSON."""

from __future__ import annotations

from connectors.manifest import Manifest, Transport

MANIFEST = Manifest(
    name="zones_geojson",
    title="Zones from GeoJSON",
    transport=Transport.FILE,
    emits=("zone",),
    format_source="RFC 7946, GeoJSON",
)
