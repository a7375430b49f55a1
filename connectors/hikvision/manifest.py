"""What the Hikvision connector is."""

from __future__ import annotations

from connectors.manifest import Manifest, Transport

MANIFEST = Manifest(
    name="hikvision",
    title="Hikvision ISAPI HTTP listening",
    transport=Transport.WEBHOOK,
    emits=("plate_read",),
    vendor="Hikvision",
    format_source="Device Network SDK (Traffic) Developer Guide, XML_EventNotificationAlert_ANPR; ISAPI HTTP listening",
    content_types=("application/xml", "text/xml", "multipart/form-data", "multipart/mixed", "application/json"),
    # The form carries the vehicle's pictures beside the XML; they are counted, and thrown away.
    max_body_bytes=16 * 1024 * 1024,
)
