"""Where a wanted vehicle is likely to be seen next: a reason on its alerts, never an alert by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.state.transitions import Expected
from schemas.events.alert import Evidence
from schemas.events.camera import Camera

KIND = "expected_next"


def evidence(expected: Sequence[Expected], cameras: Mapping[str, Camera]) -> tuple[Evidence, ...]:
    """Return one reason that names the likely next cameras; none when nothing is likely.

    Facts by rank, from 1: ``camera_1``, ``share_1``, ``soonest_s_1``, ``latest_s_1`` ..., and ``passes`` they were
    learnt from. ``expected_cameras`` has the ids, parted by spaces, for the map.
    """
    if not expected:
        return ()
    facts = {"passes": str(expected[0].passes), "expected_cameras": " ".join(one.camera_id for one in expected)}
    told = []
    for rank, one in enumerate(expected, start=1):
        facts |= {
            f"camera_{rank}": one.camera_id,
            f"share_{rank}": f"{one.share:.3f}",
            f"soonest_s_{rank}": f"{one.soonest_s:.0f}",
            f"latest_s_{rank}": f"{one.latest_s:.0f}",
        }
        told.append(f"{name_of(one.camera_id, cameras)} in {span(one)} ({one.share:.0%})")
    return (
        Evidence(
            kind=KIND,
            text=f"Next seen probably at {', '.join(told)}; learnt from {expected[0].passes} passes here.",
            facts=facts,
        ),
    )


def span(one: Expected) -> str:
    """Return how long a vehicle takes, as "40 to 90 s" or "1.9 to 2.4 min"."""
    if one.latest_s < 120:
        return f"{one.soonest_s:.0f} to {one.latest_s:.0f} s"
    return f"{one.soonest_s / 60:.1f} to {one.latest_s / 60:.1f} min"


def name_of(camera_id: str, cameras: Mapping[str, Camera]) -> str:
    """Return what people call a camera."""
    camera = cameras.get(camera_id)
    return camera.name if camera is not None and camera.name else f"camera {camera_id}"
