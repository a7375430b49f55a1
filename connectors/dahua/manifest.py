"""What the Dahua connector is."""

from __future__ import annotations

from connectors.manifest import Manifest, Transport

MANIFEST = Manifest(
    name="dahua",
    title="Dahua event stream and ITSAPI",
    transport=Transport.WEBHOOK,
    emits=("plate_read",),
    vendor="Dahua",
    format_source="Dahua HTTP API (snapManager attachFileProc), RPC2 client.notifyEventStream, ITSAPI TollgateInfo",
    content_types=("application/json", "text/plain", "multipart/x-mixed-replace", "multipart/form-data"),
    # Pictures come beside or inside the events; they are counted, and thrown away.
    max_body_bytes=16 * 1024 * 1024,
    # Without it the camera sends the same picture again and again.
    answer=(("result", "true"),),
)
