"""What the PIDF-LO connector is."""

from __future__ import annotations

from connectors.manifest import Manifest, Transport

MANIFEST = Manifest(
    name="pidf_lo",
    title="PIDF-LO: where a caller is",
    transport=Transport.WEBHOOK,
    emits=("emergency_call",),
    vendor="any that keeps to RFC 4119 and 5491",
    format_source="RFC 4119, 5139, 5491, 7459; OGC 06-142r1 for the shapes",
    content_types=("application/pidf+xml", "application/xml"),
    max_body_bytes=1024 * 1024,
)
