"""What the ALI connector is."""

from __future__ import annotations

from connectors.manifest import Manifest, Transport

MANIFEST = Manifest(
    name="ali",
    title="ANI/ALI records, by a template",
    transport=Transport.WEBHOOK,
    emits=("emergency_call",),
    vendor="any ALI database or controller",
    format_source="the layout's own; fields as NENA-02-010 names them",
    content_types=("text/plain",),
    max_body_bytes=1024 * 1024,
    remembers_calls=True,
)
