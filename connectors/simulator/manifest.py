"""The simulator's description."""

from __future__ import annotations

from connectors.manifest import Manifest, Transport

MANIFEST = Manifest(
    name="simulator",
    title="A made-up city",
    transport=Transport.GENERATOR,
    emits=("plate_read", "emergency_call", "camera", "camera_health", "zone", "hotlist", "hotlist_entry"),
    vendor="Watchfloor",
    format_source="our own; everything is marked synthetic",
)
