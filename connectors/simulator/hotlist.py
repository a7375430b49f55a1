"""The demo city's hotlist: some 200 wanted plates, of which a few drive about."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from msgspec import Struct

from connectors.simulator.config import SimulatorConfig
from connectors.simulator.vehicles import FIRST_WANTED, Vehicle, vehicle
from schemas.events.hotlist import Hotlist
from schemas.events.hotlist_entry import HotlistEntry
from schemas.hotlist_checksum import checksum
from schemas.identity import identity
from schemas.plate import fold
from schemas.wire.frame import MAX_EVENTS

LIST_ID = "demo-hotlist"
ENTRIES, DRIVING = 200, 24
#: kind, severity, reason, weight
_REASONS: tuple[tuple[str, str, str, int], ...] = (
    ("stolen_vehicle", "P2", "Stolen vehicle (simulated)", 10),
    ("stolen_plate", "P3", "Stolen plate (simulated)", 5),
    ("wanted_person", "P1", "Wanted person's vehicle (simulated)", 3),
    ("missing_person", "P2", "Missing person's vehicle (simulated)", 1),
    ("other", "P3", "Be on the look-out (simulated)", 2),
)


class Wanted(Struct, frozen=True):
    """A wanted vehicle and what the list says of it. ``expired``: the entry ran out yesterday and raises nothing."""

    entry_id: str
    vehicle: Vehicle
    kind: str
    severity: str
    reason: str
    region_known: bool
    driving: bool
    expired: bool


def wanted(seed: int) -> tuple[Wanted, ...]:
    """Return the wanted vehicles; no two of them can be taken for each other. The first ones drive about."""
    random = Random(f"{seed}/hotlist")  # noqa: S311 - made-up plates, not secrets
    found: list[Wanted] = []
    folds: set[bytes] = set()
    number = FIRST_WANTED
    while len(found) < ENTRIES:
        one = vehicle(number, seed)
        number += 1
        if fold(one.plate) in folds:
            continue
        folds.add(fold(one.plate))
        place = len(found)
        kind, severity, reason, _ = random.choices(_REASONS, [reason[3] for reason in _REASONS])[0]
        found.append(
            Wanted(
                entry_id=f"SIM-{place + 1:04d}",
                vehicle=one,
                kind=kind,
                severity=severity,
                reason=reason,
                region_known=random.random() < 0.8,
                driving=place < DRIVING,
                expired=place < DRIVING and place % 12 == 11,
            )
        )
    return tuple(found)


def hotlist_events(config: SimulatorConfig, at: datetime) -> list[HotlistEntry | Hotlist]:
    """Return the list as events, current as of ``at``: its entries in chunks, then the manifest."""
    version = f"{at:%Y%m%dT%H%M%S.%fZ}"
    entries = [_entry(config, one, place // MAX_EVENTS, version, at) for place, one in enumerate(wanted(config.seed))]
    manifest = Hotlist(
        event_id=identity("hotlist", config.source, LIST_ID, version),
        occurred_at=at,
        observed_at=at,
        source=config.source,
        jurisdiction=config.jurisdiction,
        synthetic=True,
        list_id=LIST_ID,
        version=version,
        title="Demo hotlist (simulated)",
        owner="Demo City Police",
        as_of=at,
        entry_count=len(entries),
        chunk_count=entries[-1].chunk + 1,
        checksum=checksum(entries),
    )
    return [*entries, manifest]


def _entry(config: SimulatorConfig, one: Wanted, chunk: int, version: str, at: datetime) -> HotlistEntry:
    return HotlistEntry(
        event_id=identity("hotlist_entry", config.source, LIST_ID, version, one.entry_id),
        occurred_at=at,
        observed_at=at,
        source=config.source,
        jurisdiction=config.jurisdiction,
        synthetic=True,
        list_id=LIST_ID,
        list_version=version,
        chunk=chunk,
        entry_id=one.entry_id,
        plate=one.vehicle.plate,
        plate_region=one.vehicle.region if one.region_known else None,
        kind=one.kind,
        severity=one.severity,
        reason=one.reason,
        case_number=f"DEMO-{one.entry_id}",
        vehicle_make=one.vehicle.make,
        vehicle_model=one.vehicle.model,
        vehicle_colour=one.vehicle.colour,
        expires_at=at - timedelta(days=1) if one.expired else at + timedelta(days=30),
    )
