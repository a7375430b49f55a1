"""What the camera stream connector is."""

from __future__ import annotations

from connectors.manifest import Manifest, Transport

MANIFEST = Manifest(
    name="camera_stream",
    title="Cameras watched through OpenCV",
    transport=Transport.STREAM,
    emits=("camera", "camera_health", "camera_observation"),
    format_source="Whatever FFmpeg reads from a file, RTSP (RFC 2326) or HTTP; metadata only, never pictures",
)
