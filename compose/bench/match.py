"""`watchfloor bench match`: what holding reads against lists of millions costs, and what a swap of lists costs them."""

from __future__ import annotations

import gc
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import msgspec
import psutil

from compose.bench.match_times import MatchTimes, RandomHits, match_times, random_hits
from compose.bench.workload import LETTERS, START, misread
from compose.roles.runner import TURN_S
from pipeline.rules.hotlist_match import match_frame
from pipeline.state.hotlist_index import HotlistIndex
from pipeline.state.hotlists import Hotlists
from schemas.events.hotlist import Hotlist
from schemas.events.hotlist_entry import HotlistEntry
from schemas.events.plate_read import PlateCandidate, PlateRead
from schemas.hotlist_checksum import RunningChecksum
from schemas.identity import identity

FRAME = 256
#: Of the reads: of listed plates, of listed plates misread by a look-alike, and with other readings of the reader.
LISTED_SHARE, MISREAD_SHARE, CANDIDATES_SHARE = 0.005, 0.005, 0.3
#: The same reads are matched so often; the median counts.
ROUNDS = 7
CHUNK = 512
#: Between two frames while a list is swapped, seconds: the stream is not at its limit, as in life.
PACE_S = 0.002


class MatchBench(msgspec.Struct, frozen=True, kw_only=True):
    """One run. ``reads_per_cpu_second``: exact, look-alikes and candidates together, in frames of 256.

    ``load_s``: from the manifest's arrival, when all chunks are there, until the list is in force; ``swap_s``: the same
    beside a stream of reads. ``longest_pause_ms``: the longest that the stream stood still between two frames while the
    list was loaded and swapped, and ``pause_without_ms`` while nothing was: what lies above is the swap's.
    ``bytes_per_entry``: of the index; ``resident_bytes_per_entry``: what the process grew by.
    """

    entries: int
    reads: int
    reads_per_cpu_second: int
    rounds: list[int]
    hits: dict[str, int]
    bytes_per_entry: float
    resident_bytes_per_entry: float
    load_s: float
    swap_s: float
    longest_pause_ms: float
    pause_without_ms: float
    rss_mb: float
    times: MatchTimes
    random: RandomHits


def run(
    *, entries: int, reads: int, rate: int, seconds: float, random_plates: int, seed: int, say: Callable[[str], None]
) -> MatchBench:
    """Measure; takes about 20 seconds for each million entries."""
    sys.setswitchinterval(TURN_S)  # as a role does
    before = _rss()
    say(f"a list of {entries:,} entries")
    lists = Hotlists()
    load_s = _load(lists, entries, seed, "1")
    gc.collect()
    grown = _rss() - before
    frames = list(_frames(reads, entries, seed))
    say(f"{reads:,} reads in frames of {FRAME}")
    rounds: list[int] = []
    hits: dict[str, int] = {}
    for _ in range(ROUNDS):
        hits = {}
        cpu = time.process_time()
        for frame in frames:
            for match in match_frame(frame, lists.index).values():
                for hit in match.hits:
                    hits[hit.match] = hits.get(hit.match, 0) + 1
        rounds.append(round(reads / (time.process_time() - cpu)))
    say("the stream alone, and while another version of the list is loaded and swapped in")
    pause_without = _longest_pause(frames, lambda: lists.index, lambda: time.sleep(3.0))
    swaps: list[float] = []
    pause = _longest_pause(frames, lambda: lists.index, lambda: swaps.append(_load(lists, entries, seed, "2")))
    say(f"{rate:,} reads a second for {seconds:g} s, each with two characters misread")
    times = match_times(
        lists.index, lambda number: plate_of(number, seed), entries, rate=rate, seconds=seconds, seed=seed
    )
    say(f"{random_plates:,} plates drawn at random")
    drawn = random_hits(lists.index, random_plates, seed)
    size = sum(part.size_bytes for part in lists.index.parts)
    return MatchBench(
        entries=entries,
        reads=reads,
        reads_per_cpu_second=sorted(rounds)[ROUNDS // 2],
        rounds=rounds,
        hits=dict(sorted(hits.items())),
        bytes_per_entry=round(size / max(entries, 1), 1),
        resident_bytes_per_entry=round(grown / max(entries, 1), 1),
        load_s=round(load_s, 2),
        swap_s=round(swaps[0], 2),
        longest_pause_ms=round(pause * 1000, 1),
        pause_without_ms=round(pause_without * 1000, 1),
        rss_mb=round(_rss() / 1e6, 1),
        times=times,
        random=drawn,
    )


def plate_of(number: int, seed: int) -> str:
    """Return the listed plate with this number: three digits, three letters and a digit; each number another."""
    space = 1000 * 26**3 * 10
    mixed = (number * 48_271_237 + seed * 7_919) % space
    mixed, last = divmod(mixed, 10)
    mixed, first = divmod(mixed, 1000)
    mixed, one = divmod(mixed, 26)
    two, three = divmod(mixed, 26)
    return f"{first:03d}{LETTERS[one]}{LETTERS[two]}{LETTERS[three]}{last}"


def _load(lists: Hotlists, entries: int, seed: int, version: str) -> float:
    """Have the entries arrive as the log brings them, in chunks; return what it takes from the manifest on, seconds."""
    running = RunningChecksum()
    chunk: list[HotlistEntry] = []
    for number in range(entries):
        entry = HotlistEntry(
            event_id=identity("hotlist_entry", "bench", version, number),
            occurred_at=START,
            observed_at=START,
            source="bench/match",
            list_id="bench",
            list_version=version,
            chunk=number // CHUNK,
            entry_id=f"B-{number:08d}",
            plate=plate_of(number, seed),
            plate_region="us-la" if number % 3 else "us-tx",
            kind="stolen_vehicle",
            severity="P2",
            reason=f"Stolen, case 26-{number:07d}",
            case_number=f"26-{number:07d}",
            vehicle_make="ford" if number % 2 else None,
            vehicle_colour="white" if number % 4 else None,
        )
        running.add(entry)
        chunk.append(entry)
        if len(chunk) == CHUNK:
            lists.add_entries(chunk)
            chunk = []
    lists.add_entries(chunk)
    manifest = Hotlist(
        event_id=identity("hotlist", "bench", version),
        occurred_at=START,
        observed_at=START,
        source="bench/match",
        list_id="bench",
        version=version,
        as_of=START,
        entry_count=entries,
        chunk_count=-(-entries // CHUNK),
        checksum=running.hexdigest(),
    )
    began = time.perf_counter()
    lists.add_manifest(manifest)
    lists.rebuild()
    return time.perf_counter() - began


def _frames(reads: int, entries: int, seed: int) -> Iterator[list[PlateRead]]:
    dice = random.Random(seed)  # noqa: S311 - a benchmark's dice must be loaded
    frame: list[PlateRead] = []
    for number in range(reads):
        draw = dice.random()
        if draw < LISTED_SHARE + MISREAD_SHARE and entries:
            plate = plate_of(dice.randrange(entries), seed)
            if draw < MISREAD_SHARE:
                plate = misread(dice, plate)
        else:
            plate = f"{dice.randrange(1000):03d}{''.join(dice.choices(LETTERS, k=3))}{dice.randrange(10)}"
        others: tuple[PlateCandidate, ...] = ()
        if dice.random() < CANDIDATES_SHARE:
            others = tuple(PlateCandidate(misread(dice, plate), dice.random()) for _ in range(dice.randrange(1, 4)))
        at = START + timedelta(milliseconds=number)
        frame.append(
            PlateRead(
                event_id=identity("plate_read", "match", seed, number),
                occurred_at=at,
                observed_at=at,
                source="bench/match",
                camera_id=f"C{number % 500}",
                plate=plate,
                plate_raw=plate,
                confidence=0.9,
                candidates=others,
            )
        )
        if len(frame) == FRAME:
            yield frame
            frame = []
    if frame:
        yield frame


def _longest_pause(
    frames: list[list[PlateRead]], index: Callable[[], HotlistIndex], meanwhile: Callable[[], None]
) -> float:
    """Return the longest time between two frames of a stream in this thread while another does something, seconds."""
    done = threading.Event()

    def work() -> None:
        try:
            meanwhile()
        finally:
            done.set()

    other = threading.Thread(target=work, name="meanwhile")
    other.start()
    longest, last, at = 0.0, time.perf_counter(), 0
    while not done.is_set():
        match_frame(frames[at % len(frames)], index())
        at += 1
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
        time.sleep(PACE_S)
    other.join()
    return longest


def _rss() -> float:
    return float(psutil.Process().memory_info().rss)
