"""What the EIDO connector is."""

from __future__ import annotations

from connectors.manifest import Manifest, Transport

MANIFEST = Manifest(
    name="eido",
    title="EIDO: incidents of NG9-1-1 systems",
    transport=Transport.WEBHOOK,
    emits=("emergency_call", "person", "source_document"),
    vendor="any that keeps to NENA-STA-021",
    format_source="NENA-STA-021.1b-2022; schema openapi.yaml 1.0.0 of github.com/NENA911/EIDO-JSON",
    content_types=("application/json",),
    # One note may have 16 MB, and JSON writes some characters as six.
    max_body_bytes=64 * 1024 * 1024,
    keeps_refused=True,
)
