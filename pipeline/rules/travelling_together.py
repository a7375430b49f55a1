"""Rule: two vehicles are seen together more often than traffic explains.

In rush hour many vehicles are read beside one another at camera after camera. So it is not counted how often a plate
was near another, it is asked how likely that was: once for meeting at a camera at all (by how busy the camera was just
then and how often the other plate is read), and once for staying together from one camera to the next (by how many of
the other vehicles that were beside it stayed as well). Where all go the same way, going the same way says nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from pipeline.rules.hotlist_match import edit
from pipeline.rules.path_alert import alert, moment
from pipeline.rules.plate_alert import evidence as hit_evidence
from pipeline.rules.plate_alert import wording
from pipeline.rules.stale_list import NO_LISTS, Lists
from schemas.events.alert import Alert, Evidence
from schemas.events.sighting import Sighting
from schemas.look_alikes import LookAlikes

RULE = "travelling_together"
VERSION = 1
#: Read at one camera within this time of one another, seconds: a convoy with a few cars between.
BESIDE_S = 30.0
#: Fewer shared cameras than this are never company, whatever the odds.
LEAST_SHARED = 3
#: How likely the company may be by chance, for all plates that were held against this one together.
MOST_CHANCE = 0.001
#: Passes further apart than this are two drives: nobody "stayed together" in between, seconds.
SAME_DRIVE_S = 1_800.0


class Passed(Struct, frozen=True):
    """A pass of a plate by a camera, and the other plates read there within ``BESIDE_S``. ``at``: epoch seconds."""

    at: float
    camera_id: str
    beside: frozenset[str]


class Company(Struct, frozen=True, kw_only=True):
    """A plate that was beside another. ``shared`` of the ``passes`` at so many ``cameras``.

    ``by_chance``: how many shared passes chance would bring; ``chance``: how likely it brings as many as these or more
    to any of the plates that were beside it.
    """

    plate: str
    shared: int
    passes: int
    cameras: tuple[str, ...]
    first_at: float
    last_at: float
    by_chance: float
    chance: float


def is_misread(plate: str, other: str, look_alikes: LookAlikes) -> bool:
    """Return whether a plate beside another may be the same one read differently: then it is no company."""
    return look_alikes.fold(plate) == look_alikes.fold(other) or bool(edit(other, plate, look_alikes, None))


def candidates(passes: Sequence[Passed]) -> dict[str, tuple[int, ...]]:
    """Return the plates that share at least ``LEAST_SHARED`` passes at as many cameras, with the places of these."""
    shared: dict[str, list[int]] = {}
    for place, one in enumerate(passes):
        for plate in one.beside:
            shared.setdefault(plate, []).append(place)
    return {
        plate: tuple(places)
        for plate, places in shared.items()
        if len({passes[place].camera_id for place in places}) >= LEAST_SHARED
    }


def companions(
    plate: str, passes: Sequence[Passed], reads: Mapping[str, int], all_reads: int, look_alikes: LookAlikes
) -> tuple[Company, ...]:
    """Return who was beside a plate more often than chance explains, least likely by chance first.

    ``passes``: those of the plate, in order of time. ``reads``: how often each candidate was read in that time;
    ``all_reads``: how often any plate was. Other readings of the same plate are no company, and no traffic either.
    """
    passes = _without_misreads(plate, passes, look_alikes)
    tested = len(frozenset[str]().union(*(one.beside for one in passes)))
    found = []
    for other, places in candidates(passes).items():
        meets = _meets(passes, other, reads.get(other, len(places)), max(all_reads, 1))
        stays = _stays(passes, other, meets)
        chance = min(1.0, tested * tail(meets, stays, len(places)))
        if chance > MOST_CHANCE:
            continue
        found.append(
            Company(
                plate=other,
                shared=len(places),
                passes=len(passes),
                cameras=tuple(sorted({passes[place].camera_id for place in places})),
                first_at=passes[places[0]].at,
                last_at=passes[places[-1]].at,
                by_chance=round(expected(meets, stays), 3),
                chance=chance,
            )
        )
    return tuple(sorted(found, key=lambda one: (one.chance, -one.shared, one.plate)))


def _without_misreads(plate: str, passes: Sequence[Passed], look_alikes: LookAlikes) -> Sequence[Passed]:
    times = Counter(other for one in passes for other in one.beside)
    # Who was there once is nobody's company, and stays with nobody: not worth looking at.
    same = {other for other, count in times.items() if count > 1 and is_misread(plate, other, look_alikes)}
    return [Passed(one.at, one.camera_id, one.beside - same) for one in passes] if same else passes


def tail(meets: Sequence[float], stays: Sequence[float], shared: int) -> float:
    """Return how likely chance makes ``shared`` passes or more shared ones.

    For each pass: ``meets``, the chance to be beside it when not beside it before; ``stays``, the chance to be beside
    it when it was at the pass before. A Markov chain, counted through.
    """
    apart, beside = [1.0] + [0.0] * shared, [0.0] * (shared + 1)
    for meet, stay in zip(meets, stays, strict=True):
        come = [was_apart * meet + was_beside * stay for was_apart, was_beside in zip(apart, beside, strict=True)]
        apart = [
            was_apart * (1 - meet) + was_beside * (1 - stay)
            for was_apart, was_beside in zip(apart, beside, strict=True)
        ]
        # The last place holds "as many or more".
        beside = [0.0, *come[:-1]]
        beside[-1] += come[-1]
    return min(1.0, apart[-1] + beside[-1])


def expected(meets: Sequence[float], stays: Sequence[float]) -> float:
    """Return how many shared passes chance brings."""
    total, beside = 0.0, 0.0
    for meet, stay in zip(meets, stays, strict=True):
        beside = (1 - beside) * meet + beside * stay
        total += beside
    return total


def _meets(passes: Sequence[Passed], plate: str, its_reads: int, all_reads: int) -> list[float]:
    """Return for each pass the chance that a read beside it is one of this plate: the base rate of the camera then."""
    # Half a vehicle where there was no other: an empty road is no proof.
    return [min(1.0, (len(one.beside - {plate}) + 0.5) * its_reads / all_reads) for one in passes]


def _stays(passes: Sequence[Passed], plate: str, meets: Sequence[float]) -> list[float]:
    """Return for each pass the share of the other vehicles beside the pass before that are beside this one, too.

    Laplace's rule (one more of each): where there were no others, half of them would have stayed. Over a break nobody
    stays, they meet again.
    """
    shares = [meets[0]] if passes else []
    for before, one, meet in zip(passes, passes[1:], meets[1:], strict=False):
        others = before.beside - {plate}
        share = (len(others & one.beside) + 1) / (len(others) + 2)
        shares.append(meet if one.at - before.at > SAME_DRIVE_S else max(meet, share))
    return shares


def evaluate(sighting: Sighting, company: Company, now: datetime, lists: Lists = NO_LISTS) -> tuple[Alert, ...]:
    """Return an alert (P4) about a plate that keeps company with the wanted plate of a sighting: one a day for a pair.

    It names somebody who is on no list, so it is raised only where the settings ask for it.
    """
    hits = [hit for hit in sighting.hits if hit.region_relation != "other"]
    if not hits:
        return ()
    hit = hits[0]
    made = alert(
        RULE,
        VERSION,
        (sighting.plate, company.plate, sighting.occurred_at.date().isoformat()),
        sighting,
        severity="P4",
        title=f"{company.plate} travels with {wording(hit)[0].lower()}{wording(hit)[1:]}",
        why=[_evidence(company), *hit_evidence(sighting, hit, now, lists)],
        triggers=(sighting.event_id,),
        now=now,
        hit=hit,
    )
    return (made,)


def _evidence(company: Company) -> Evidence:
    return Evidence(
        kind="company",
        text=f"{company.plate} was within {BESIDE_S:.0f} s of it at {company.shared} of {company.passes} passes, at "
        f"{len(company.cameras)} cameras, between {moment(company.first_at):%H:%M} and "
        f"{moment(company.last_at):%H:%M} UTC. Chance would bring {company.by_chance:.1f}. "
        "That alone puts it on no list.",
        facts={
            "companion": company.plate,
            "shared": str(company.shared),
            "passes": str(company.passes),
            "cameras": ", ".join(company.cameras),
            "by_chance": f"{company.by_chance:.3f}",
            "chance": f"{company.chance:.2g}",
        },
    )
