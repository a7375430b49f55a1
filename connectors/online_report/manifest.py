"""What the connector of online reports is."""

from __future__ import annotations

from connectors.manifest import Manifest, Transport

MANIFEST = Manifest(
    name="online_report",
    title="Reports made online",
    transport=Transport.WEBHOOK,
    emits=("emergency_call", "person"),
    vendor="Watchfloor's own form, or any that posts its JSON",
    format_source="connectors/online_report/README.md",
    content_types=("application/json",),
    max_body_bytes=1024 * 1024,
)
