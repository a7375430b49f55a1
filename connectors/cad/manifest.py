"""What the CAD connector is."""

from __future__ import annotations

from connectors.manifest import Manifest, Transport

MANIFEST = Manifest(
    name="cad",
    title="CAD calls, one by one or all that are active",
    transport=Transport.WEBHOOK,
    emits=("emergency_call", "person"),
    vendor="any; the shape is that of Flock Safety's CAD API v3",
    format_source="https://docs.flocksafety.com (CAD v3: POST /cad/events, POST /cad/events/active)",
    content_types=("application/json",),
    max_body_bytes=16 * 1024 * 1024,
    takes_snapshots=True,
)
