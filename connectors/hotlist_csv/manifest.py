"""Hotlists from CSV."""

from __future__ import annotations

from connectors.manifest import Manifest, Transport

MANIFEST = Manifest(
    name="hotlist_csv",
    title="Hotlist from CSV",
    transport=Transport.FILE,
    emits=("hotlist_entry", "hotlist"),
    format_source="RFC 4180 tables with a header",
)
