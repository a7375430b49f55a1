"""What a list would have hit, and where its plates have been: the work of ``hotlist preview`` and ``hotlist hunt``.

Apart from the commands, as it brings the matching with it, which no other command needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx2

from compose.commands.output import fail
from compose.commands.server_api import ask, not_running
from compose.look_alikes import look_alikes_in_force
from compose.past_reads import (
    Ask,
    BlastRadius,
    Matched,
    Window,
    blast_radius,
    matched_plates,
    portions,
    within,
)
from compose.roles.broker_settings import log_reader
from compose.settings import Settings
from connectors.hotlist_csv.loading import HotlistFile
from pipeline.rules import retro_hunt
from pipeline.state.hotlist_index import MAX_EDIT_ENTRIES, HotlistIndex
from pipeline.state.hotlists import Hotlists, wanted_of
from pipeline.state.in_force import InForce
from pipeline.state.withdrawals import Withdrawals
from pipeline.store.parameters import quoted
from schemas.events.alert import Alert
from schemas.events.hotlist import HOTLIST, Hotlist
from schemas.events.hotlist_entry import HOTLIST_ENTRY
from schemas.events.hotlist_withdrawal import HOTLIST_WITHDRAWAL
from schemas.events.sighting import Hit, Sighting
from schemas.identity import identity
from schemas.wire.frame import FrameDecoder, utc_now

#: A long list is read from the log within this time, seconds.
READ_LIST_S = 600.0
SHOWN = 20


def preview_of(settings: Settings, read: HotlistFile, days: int, simulated: bool, as_json: bool) -> BlastRadius:
    """Return what a file's entries would have hit. Ends the command when the store cannot be asked."""
    entries = (wanted_of(entry, _as_previewed(read)) for chunk in read.chunks() for entry in chunk)
    index = HotlistIndex(entries, look_alikes_in_force(settings))
    return blast_radius(_asking(settings, as_json), index, Window(days=days, simulated=simulated))


def hunt_for(
    settings: Settings, list_id: str, entries: frozenset[str], days: int, limit: int, simulated: bool, as_json: bool
) -> tuple[list[Alert], list[Alert]]:
    """Return past reads of a list's plates, newest first, and those of them that the store does not have yet.

    Ends the command when there is no such list, or the log or the store cannot be asked.
    """
    asking = _asking(settings, as_json)
    lists, in_force = _list_in_force(settings, list_id, as_json)
    found = _findings(asking, lists, in_force, Window(days=days, simulated=simulated), entries, limit)
    known = _known(asking, found)
    return found, [alert for alert in found if str(alert.alert_id) not in known]


def _asking(settings: Settings, as_json: bool) -> Ask:
    def asked(sql: str) -> list[dict[str, Any]]:
        try:
            reply = ask(settings, "POST", "/api/sql", as_json=as_json, body={"sql": sql, "format": "JSON"})
        except httpx2.ConnectError:
            fail(not_running(settings), as_json=as_json)
        rows: list[dict[str, Any]] = reply.json()["data"]
        return rows

    return asked


def _as_previewed(read: HotlistFile) -> Hotlist:
    """Return a manifest by which each entry tolerates an edit: what less tolerance would hit is among that."""
    return Hotlist(
        event_id=identity("hotlist", "preview"),
        occurred_at=read.as_of,
        observed_at=read.as_of,
        source="hotlist/preview",
        list_id=read.list_id,
        version=read.version,
        as_of=read.as_of,
        entry_count=read.entry_count,
        chunk_count=0,
        checksum="",
        tolerance="edit",
    )


def radius_lines(name: str, entries: int, told: BlastRadius) -> Iterator[str]:
    """Yield the lines that tell a person of a preview."""
    yield (
        f"{name}: {entries} entries against {told.plates_read} different plates read in {told.days:.1f} days. "
        f"They would have hit {told.reads} reads of {told.plates} plates, at {told.cameras} cameras in "
        f"{len(told.zones)} zones."
    )
    yield f"{'match':<12}{'plates':>10}{'reads':>10}{'of another state':>18}"
    for kind in ("exact", "look_alike", "pattern", "edit"):
        if kind in told.by_match:
            one = told.by_match[kind]
            yield f"{kind:<12}{one.plates:>10}{one.reads:>10}{one.other_state:>18}"
    for zone, reads in list(told.zones.items())[:SHOWN]:
        yield f"  {zone}: {reads} reads"
    for tolerance, hits in told.hits_a_day.items():
        if tolerance == "edit" and entries > MAX_EDIT_ENTRIES:
            yield f"--tolerance edit: only for lists of up to {MAX_EDIT_ENTRIES} entries"
            continue
        false = told.false_a_day_at_most[tolerance]
        yield f"--tolerance {tolerance}: {hits:g} hits a day, at most {false:g} of them false"


def _list_in_force(settings: Settings, list_id: str, as_json: bool) -> tuple[Hotlists, InForce]:
    """Return the list as the log has it, and whether entries of it are in force; or end the command."""
    lists, withdrawals = Hotlists(), Withdrawals()
    kinds = (HOTLIST, HOTLIST_ENTRY, HOTLIST_WITHDRAWAL)
    decoders = {kind.topic: FrameDecoder(kind) for kind in kinds}
    reader = log_reader(settings, kinds, "watchfloor-hunt")
    try:
        for records in reader.read_to_end(READ_LIST_S):
            for record in records:
                events = [one for one in decoders[record.kind.topic].decode(record.value).events if
                          one.list_id == list_id]  # fmt: skip
                if record.kind is HOTLIST_ENTRY:
                    lists.add_entries(events)
                    continue
                for event in events:
                    if record.kind is HOTLIST:
                        lists.add_manifest(event)
                    else:
                        withdrawals.apply(event)
    finally:
        reader.close()
    if list_id not in lists.in_force:
        fail(f"There is no list {list_id} in force.", as_json=as_json)
    lists.rebuild()
    return lists, InForce(withdrawals)


def _findings(
    asking: Ask, lists: Hotlists, in_force: InForce, window: Window, entries: frozenset[str], limit: int
) -> list[Alert]:
    """Return what was found, newest first. Reads that had the hit when they were made are no findings."""
    now = utc_now()
    found: list[Alert] = []
    for _, matched in matched_plates(asking, lists.index, window, in_force):
        ours = [one for one in matched if not entries or any(hit.entry_id in entries for hit in one.hits)]
        for some in portions(ours):
            matches = {(one.plate, one.region): one for one in some}
            for row in _past(asking, window, some, limit):
                had = set(zip(row["lists"], row["entries"], strict=True))
                match = matches.get((row["plate"], row["region"]))
                for place, hit in enumerate(match.hits if match is not None else ()):
                    if (hit.list_id, hit.entry_id) not in had and (not entries or hit.entry_id in entries):
                        found.append(retro_hunt.evaluate(_sighting(row, hit, match, place), hit, now))
        found = sorted(found, key=lambda alert: alert.occurred_at, reverse=True)[:limit]
    return found


def _past(asking: Ask, window: Window, some: Sequence[Matched], limit: int) -> list[dict[str, Any]]:
    return asking(
        "SELECT event_id, occurred_at, observed_at, source, jurisdiction, synthetic, camera_id, plate, "  # noqa: S608 - quoted
        "ifNull(plate_region, '') AS region, confidence, lat, lon, zones, hits.list_id AS lists, "
        f"hits.entry_id AS entries FROM sightings WHERE {window.where()} AND {within(some)} "
        f"ORDER BY occurred_at DESC LIMIT {limit}"
    )


def _sighting(row: dict[str, Any], hit: Hit, match: Matched | None, place: int) -> Sighting:
    return Sighting(
        event_id=UUID(row["event_id"]),
        occurred_at=datetime.fromisoformat(row["occurred_at"]),
        observed_at=datetime.fromisoformat(row["observed_at"]),
        source=row["source"],
        jurisdiction=row["jurisdiction"],
        synthetic=bool(row["synthetic"]),
        camera_id=row["camera_id"],
        plate=row["plate"],
        plate_region=row["region"] or None,
        confidence=float(row["confidence"]),
        lat=row["lat"],
        lon=row["lon"],
        zones=tuple(row["zones"]),
        hits=(hit,),
        audiences=(match.audiences[place],) if match is not None and match.audiences else (),
    )


def _known(asking: Ask, found: list[Alert]) -> set[str]:
    """Return the ids of findings that the store has: said again they would take the place of what people did since."""
    known: set[str] = set()
    for at in range(0, len(found), 400):
        ids = ", ".join(quoted(str(alert.alert_id)) for alert in found[at : at + 400])
        rows = asking(f"SELECT alert_id FROM alerts WHERE rule = {quoted(retro_hunt.RULE)} AND alert_id IN ({ids})")  # noqa: S608
        known |= {str(row["alert_id"]) for row in rows}
    return known
