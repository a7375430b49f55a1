"""What the Flock connector is."""

from __future__ import annotations

from connectors.manifest import Manifest, Transport

MANIFEST = Manifest(
    name="flock",
    title="Flock Safety hotlist alerts and plate reads",
    transport=Transport.WEBHOOK,
    emits=("plate_read",),
    vendor="Flock Safety",
    format_source="https://docs.flocksafety.com/developer-hub/docs/being-notified-about-lpr-alerts; Plate Reads API v3",
    content_types=("application/json", "application/xml"),
)
