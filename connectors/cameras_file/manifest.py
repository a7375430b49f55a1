"""Cameras of an estate from a file."""

from __future__ import annotations

from connectors.manifest import Manifest, Transport

MANIFEST = Manifest(
    name="cameras_file",
    title="Cameras from CSV, GeoJSON or JSON",
    transport=Transport.FILE,
    emits=("camera",),
    format_source="RFC 4180 tables, RFC 7946 points, JSON arrays of objects",
)
