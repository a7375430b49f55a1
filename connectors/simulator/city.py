"""What stands in the demo city: cameras, zones, and the drives that pass its plate readers. Always the same."""

from __future__ import annotations

from functools import lru_cache
from math import cos, hypot, pi, sin
from random import Random

from msgspec import Struct

from connectors.simulator.districts import District, districts
from connectors.simulator.geography import Point, from_plane, to_plane
from connectors.simulator.streets import SPEED_KMH, Streets, Way, streets

_CITY_SEED = 1803
READERS, VIDEO_CAMERAS, SCHOOLS = 60, 60, 12
_NAMED = (("Demo Market", 260.0), ("Demo Stadium", 300.0), ("Demo Hospital", 220.0))
_SCHOOL_RADIUS_M = 90.0
#: The busy middle of the city, where cameras stand closer.
_DOWNTOWN: Point = (-90.070, 29.958)
#: Longer drives are left out, so that the vehicles under way stay few.
_LONGEST_DRIVE_S = 900.0


class Site(Struct, frozen=True):
    """A camera: ``kind`` is video or lpr; ``crossing`` is where it stands."""

    camera_id: str
    name: str
    kind: str
    lat: float
    lon: float
    heading_deg: float
    crossing: int


class Area(Struct, frozen=True):
    """A zone: one closed ring of (longitude, latitude)."""

    zone_id: str
    name: str
    kind: str
    ring: tuple[Point, ...]
    watched: bool


class Pass(Struct, frozen=True):
    """A reader on a drive: when it is passed at free flow (seconds after the first one), and how."""

    site: Site
    at_s: float
    heading_deg: float
    speed_kmh: float


class City(Struct, frozen=True):
    """The city. ``drives``: ways through it, each as the readers it passes in order."""

    net: Streets
    districts: tuple[District, ...]
    sites: tuple[Site, ...]
    areas: tuple[Area, ...]
    drives: tuple[tuple[Pass, ...], ...]


@lru_cache(maxsize=1)
def city() -> City:
    """Return the demo city."""
    net = streets()
    random = Random(_CITY_SEED)  # noqa: S311 - a made-up city, not secrets
    readers = _sites(net, random, "lpr", READERS, ("arterial", "motorway"), 420.0)
    videos = _sites(net, random, "video", VIDEO_CAMERAS, ("arterial", "street"), 260.0)
    pieces = districts(net)
    return City(net, pieces, (*readers, *videos), _areas(net, random, pieces), _drives(net, random, readers))


def _sites(net: Streets, random: Random, kind: str, count: int, roads: tuple[str, ...], gap_m: float) -> list[Site]:
    """Return cameras on crossings of these classes, at least ``gap_m`` apart, denser towards the middle."""
    centre = to_plane(_DOWNTOWN)
    candidates = [crossing for crossing in range(len(net.crossings)) if net.kind_at(crossing) in roads]
    sites: list[Site] = []
    taken: list[Point] = []
    while len(sites) < count:
        crossing = random.choice(candidates)
        here = to_plane(net.crossings[crossing])
        far = hypot(here[0] - centre[0], here[1] - centre[1])
        if random.random() > 1.2 / (1 + far / 3000) or any(hypot(here[0] - x, here[1] - y) < gap_m for x, y in taken):
            continue
        taken.append(here)
        lon, lat = net.crossings[crossing]
        heading = random.choice(net.leaving[crossing]).heading_deg
        sites.append(
            Site(
                camera_id=f"sim-{'lpr' if kind == 'lpr' else 'cam'}-{len(sites) + 1:03d}",
                name=net.corner(crossing),
                kind=kind,
                lat=round(lat, 6),
                lon=round(lon, 6),
                heading_deg=round(heading, 1) % 360,
                crossing=crossing,
            )
        )
    return sites


def _areas(net: Streets, random: Random, pieces: tuple[District, ...]) -> tuple[Area, ...]:
    areas = [
        Area(f"demo-district-{piece.number}", f"Demo District {piece.number} ({piece.name})", "police_district",
             piece.ring, False)
        for piece in pieces
    ]  # fmt: skip
    wanted = [(f"demo-school-{n:02d}", f"Demo School {n}", "school", _SCHOOL_RADIUS_M) for n in range(1, SCHOOLS + 1)]
    wanted += [(f"demo-place-{n}", name, "named", radius) for n, (name, radius) in enumerate(_NAMED, start=1)]
    taken: list[Point] = []
    while wanted:
        x, y = to_plane(random.choice(net.crossings))
        middle = (x + 90.0, y + 90.0)  # between streets, not on a crossing
        if any(hypot(middle[0] - ox, middle[1] - oy) < 1100 for ox, oy in taken):
            continue
        taken.append(middle)
        zone_id, name, kind, radius = wanted.pop(0)
        areas.append(Area(zone_id, name, kind, _ring(middle, radius, 4 if kind == "school" else 8), True))
    return tuple(areas)


def _ring(middle: Point, radius: float, corners: int) -> tuple[Point, ...]:
    turns = [2 * pi * (corner + 0.5) / corners for corner in range(corners)]
    ring = [from_plane((middle[0] + radius * sin(turn), middle[1] + radius * cos(turn))) for turn in turns]
    rounded = [(round(lon, 6), round(lat, 6)) for lon, lat in ring]
    return (*rounded, rounded[0])


def _drives(net: Streets, random: Random, readers: list[Site]) -> tuple[tuple[Pass, ...], ...]:
    at = {site.crossing: site for site in readers}
    drives = []
    for start in random.sample(range(len(net.crossings)), 40):
        back = net.ways_from(start)
        for end in random.sample(range(len(net.crossings)), 40):
            passes = _passes(net, net.way(back, end), at)
            if passes and passes[-1].at_s <= _LONGEST_DRIVE_S:
                drives.append(passes)
    return tuple(drives)


def _passes(net: Streets, way: Way, at: dict[int, Site]) -> tuple[Pass, ...]:
    passes = []
    first = None
    for edge, seconds in zip(way.edges, way.seconds[1:], strict=True):
        site = at.get(edge.to)
        if site is not None:
            first = seconds if first is None else first
            speed = SPEED_KMH[net.roads[edge.road].kind]
            passes.append(Pass(site, seconds - first, round(edge.heading_deg, 1) % 360, speed))
    return tuple(passes)
