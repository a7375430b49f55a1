"""Calls for service from open-data tables."""

from __future__ import annotations

from connectors.manifest import Manifest, Transport

MANIFEST = Manifest(
    name="calls_csv",
    title="911 and CAD calls from CSV",
    transport=Transport.FILE,
    emits=("emergency_call", "dead_letter"),
    format_source="RFC 4180 tables with a column map; shipped: New Orleans PD, Milwaukee PD",
)
