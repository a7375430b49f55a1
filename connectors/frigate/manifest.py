"""What the Frigate connector is."""

from __future__ import annotations

from connectors.manifest import Manifest, Transport

MANIFEST = Manifest(
    name="frigate",
    title="Frigate recognised plates",
    transport=Transport.WEBHOOK,
    emits=("plate_read",),
    vendor="Frigate NVR",
    format_source="https://docs.frigate.video/integrations/mqtt (frigate/events, frigate/tracked_object_update)",
    content_types=("application/json",),
)
