"""How fast a road is driven: by its class, or by a limit that the file tells."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from pathlib import Path

from compose.roads.errors import RoadsRefusedError

#: km/h by OpenStreetMap's ``highway``, as in the car profile of OSRM (Project-OSRM/osrm-backend, profiles/car.lua):
#: what is driven on average, not what is allowed. 0: not for cars.
HIGHWAY_KMH: dict[str, float] = {
    "motorway": 90, "motorway_link": 45, "trunk": 85, "trunk_link": 40, "primary": 65, "primary_link": 30,
    "secondary": 55, "secondary_link": 25, "tertiary": 40, "tertiary_link": 20, "unclassified": 25, "residential": 25,
    "living_street": 10, "service": 15, "road": 25,
    **dict.fromkeys(
        ("footway", "pedestrian", "path", "cycleway", "bridleway", "steps", "corridor", "elevator", "platform",
         "track", "construction", "proposed", "abandoned", "razed", "raceway", "busway", "bus_stop", "rest_area",
         "services", "via_ferrata", "escape"),
        0,
    ),
}  # fmt: skip
#: km/h by the US Census Bureau's MAF/TIGER feature class code: the highway class nearest in meaning. 0: not for cars.
MTFCC_KMH: dict[str, float] = {
    "s1100": 90, "s1200": 65, "s1400": 25, "s1630": 45, "s1640": 25, "s1730": 15, "s1740": 15, "s1780": 15,
    **dict.fromkeys(("s1500", "s1710", "s1720", "s1750", "s1810", "s1820", "s1830"), 0),
}  # fmt: skip
CLASS_KMH: Mapping[str, float] = {**HIGHWAY_KMH, **MTFCC_KMH}

KMH_PER_MPH = 1.609344
#: A limit outside of this is a typing error or a code, km/h.
LEAST_KMH, MOST_KMH = 3.0, 160.0

_LIMIT = re.compile(r"(\d{1,3}(?:\.\d{1,3})?)\s*(mph|km/h|kmh|kph)?", re.IGNORECASE)


def limit_kmh(text: object, kmh_per_unit: float = 1.0) -> float | None:
    """Return a speed limit in km/h; None when the text is none, or an impossible one.

    ``text``: a number, or words as in OpenStreetMap's ``maxspeed`` ("50", "30 mph"; "none", "walk" and "RO:urban" are
    no numbers). ``kmh_per_unit``: of a number without a unit.
    """
    found = _LIMIT.fullmatch(str(text).strip())
    if found is None:
        return None
    unit = (found[2] or "").lower()
    kmh = float(found[1]) * (KMH_PER_MPH if unit == "mph" else 1.0 if unit else kmh_per_unit)
    return kmh if LEAST_KMH <= kmh <= MOST_KMH else None


def own_table(path: Path) -> dict[str, float]:
    """Read a CSV with the columns ``class`` and ``kmh`` (0: not for cars). Raises RoadsRefusedError."""
    table: dict[str, float] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            for row in csv.DictReader(file):
                kmh = float(row["kmh"])
                if kmh != 0 and not LEAST_KMH <= kmh <= MOST_KMH:
                    raise RoadsRefusedError(
                        f"{path}: {kmh:g} km/h for {row['class']} is neither 0 nor from {LEAST_KMH:g} to {MOST_KMH:g}"
                    )
                table[row["class"].strip().lower()] = kmh
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise RoadsRefusedError(f"{path} is no CSV with the columns class and kmh: {error}") from error
    if not table:
        raise RoadsRefusedError(f"{path} names no class.")
    return table
