"""What the AVL connector is."""

from __future__ import annotations

from connectors.manifest import Manifest, Transport

MANIFEST = Manifest(
    name="avl",
    title="Positions of units (AVL)",
    transport=Transport.WEBHOOK,
    emits=("unit_position",),
    vendor="any that posts JSON",
    format_source="names as they are in common use; see the README",
    content_types=("application/json",),
)
