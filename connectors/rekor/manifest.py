"""What the Rekor/OpenALPR connector is."""

from __future__ import annotations

from connectors.manifest import Manifest, Transport

MANIFEST = Manifest(
    name="rekor",
    title="Rekor Scout / OpenALPR webhook",
    transport=Transport.WEBHOOK,
    emits=("plate_read", "camera_health"),
    vendor="Rekor Systems (OpenALPR)",
    format_source="https://docs.rekor.ai/scout/application-integration (JSON plate results, group results, heartbeat)",
    content_types=("application/json",),
)
