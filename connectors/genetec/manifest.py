"""What the Genetec connector is."""

from __future__ import annotations

from connectors.manifest import Manifest, Transport

MANIFEST = Manifest(
    name="genetec",
    title="Genetec AutoVu LPR webhook",
    transport=Transport.WEBHOOK,
    emits=("plate_read",),
    vendor="Genetec",
    format_source="AutoVu SharpV, HTTP export of reads (its form is set per project; other forms: webhook_map)",
    content_types=("application/json",),
    # Pictures come as text inside; they are counted, and thrown away.
    max_body_bytes=16 * 1024 * 1024,
)
