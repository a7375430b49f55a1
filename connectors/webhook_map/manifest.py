"""What the mapped webhook is."""

from __future__ import annotations

from connectors.manifest import Manifest, Transport

MANIFEST = Manifest(
    name="webhook_map",
    title="Any other reader, by a map",
    transport=Transport.WEBHOOK,
    emits=("plate_read",),
    vendor="any",
    format_source="the map's own vendor; paths are JSONPath (RFC 9535) or XPath as Python's ElementTree has it",
    content_types=(
        "application/json",
        "application/xml",
        "text/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ),
    # Pictures may come inside or beside; they are counted, and thrown away.
    max_body_bytes=16 * 1024 * 1024,
)
