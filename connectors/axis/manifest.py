"""What the Axis connector is."""

from __future__ import annotations

from connectors.manifest import Manifest, Transport

MANIFEST = Manifest(
    name="axis",
    title="Axis License Plate Verifier push",
    transport=Transport.WEBHOOK,
    emits=("plate_read",),
    vendor="Axis Communications (with FF Group)",
    format_source="developer.axis.com/vapix/applications/license-plate-verifier-api (Push events, Event stream)",
    content_types=("application/json", "multipart/form-data", "application/xml", "text/xml"),
    # The form carries pictures beside the JSON; they are counted, and thrown away.
    max_body_bytes=8 * 1024 * 1024,
)
