"""The facts that must be known before anything happens: cameras, zones and the hotlist."""

from __future__ import annotations

from datetime import datetime

from connectors.simulator.city import Area, Site, city
from connectors.simulator.config import SimulatorConfig
from connectors.simulator.hotlist import hotlist_events
from schemas.envelope import Event
from schemas.events.camera import Camera
from schemas.events.zone import Zone
from schemas.identity import identity


def reference_events(config: SimulatorConfig, at: datetime) -> list[Event]:
    """Return the demo city's cameras, zones, hotlist entries and, last, the hotlist's manifest, as known ``at``."""
    made = city()
    cameras = [_camera(config, site, at) for site in made.sites]
    zones = [_zone(config, area, at) for area in made.areas]
    return [*cameras, *zones, *hotlist_events(config, at)]


def _camera(config: SimulatorConfig, site: Site, at: datetime) -> Camera:
    return Camera(
        event_id=identity("camera", config.source, site.camera_id, site.lat, site.lon, site.name, at.isoformat()),
        occurred_at=at,
        observed_at=at,
        source=config.source,
        jurisdiction=config.jurisdiction,
        synthetic=True,
        camera_id=site.camera_id,
        name=site.name,
        lat=site.lat,
        lon=site.lon,
        kind=site.kind,
        heading_deg=site.heading_deg,
        owner="Demo City",
    )


def _zone(config: SimulatorConfig, area: Area, at: datetime) -> Zone:
    return Zone(
        event_id=identity("zone", config.source, area.zone_id, area.ring, at.isoformat()),
        occurred_at=at,
        observed_at=at,
        source=config.source,
        jurisdiction=config.jurisdiction,
        synthetic=True,
        zone_id=area.zone_id,
        name=area.name,
        kind=area.kind,
        polygons=((area.ring,),),
        watched=area.watched,
    )
