"""What the Plate Recognizer connector is."""

from __future__ import annotations

from connectors.manifest import Manifest, Transport

MANIFEST = Manifest(
    name="platerecognizer",
    title="Plate Recognizer Stream webhook",
    transport=Transport.WEBHOOK,
    emits=("plate_read",),
    vendor="Plate Recognizer (ParkPow)",
    format_source="https://guides.platerecognizer.com/docs/stream/results (Webhooks and Outputs)",
    content_types=("multipart/form-data", "application/x-www-form-urlencoded", "application/json"),
    # The form carries the vehicle's picture beside the JSON; it is counted, and thrown away.
    max_body_bytes=8 * 1024 * 1024,
)
