"""The cameras of the estate: by id, with the zones they stand in, and by nearness."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pipeline.state.zones import ZoneIndex
from schemas.events.camera import Camera
from schemas.events.incident import NearCamera
from schemas.place import distance_m

#: Degrees of latitude that are surely farther than any camera worth naming (about 5 km).
_NEAR_DEG = 0.05


class CameraIndex:
    """An immutable index over cameras; swap it whole. A fixed camera's zones are worked out once, here."""

    def __init__(self, cameras: Iterable[Camera] = (), zones: ZoneIndex | None = None) -> None:
        kept = [camera for camera in cameras if not camera.removed]
        self.by_id: dict[str, Camera] = {camera.camera_id: camera for camera in kept}
        lats = [camera.lat for camera in kept]
        lons = [camera.lon for camera in kept]
        held = (zones or ZoneIndex()).containing(lats, lons)
        self.zones_of: dict[str, tuple[str, ...]] = {
            camera.camera_id: ids for camera, ids in zip(kept, held, strict=True)
        }
        self._cameras = kept
        self._lats = np.array(lats, dtype=float)
        self._lons = np.array(lons, dtype=float)

    def nearest(self, lat: float, lon: float, count: int = 5) -> tuple[NearCamera, ...]:
        """Return up to ``count`` cameras within about 5 km, nearest first."""
        near = np.flatnonzero((np.abs(self._lats - lat) < _NEAR_DEG) & (np.abs(self._lons - lon) < _NEAR_DEG))
        found = [
            NearCamera(
                camera_id=self._cameras[at].camera_id,
                distance_m=round(distance_m(lat, lon, self._cameras[at].lat, self._cameras[at].lon), 1),
            )
            for at in near.tolist()
        ]
        found.sort(key=lambda camera: (camera.distance_m, camera.camera_id))
        return tuple(found[:count])
