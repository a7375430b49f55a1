"""What a person says of a text that a camera reads, as a fact: no plate, or a plate after all."""

from __future__ import annotations

from datetime import timedelta

from pipeline.outcome import DeadLetter, Emit, Outcome
from pipeline.state.noise import Noise
from schemas.events.action import NOISE_DECLARE, NOISE_UNDO, Action
from schemas.events.plate_noise import PlateNoise
from schemas.identity import identity
from schemas.plate import normalise

#: The actions that are about noise.
NOISE_ACTIONS = frozenset({NOISE_DECLARE, NOISE_UNDO})
_MOMENT = timedelta(milliseconds=1)


def said(action: Action, noise: Noise) -> Outcome:
    """Return the fact that an action leads to. It keeps the counts of what was learnt, as the evidence there is."""
    camera_id, _, plate = action.subject_id.rpartition("/")
    if not camera_id or not 0 < len(plate) <= 20 or normalise(plate) != plate:
        return DeadLetter("invalid_field", "subject_id is not a camera, a slash and a normalised plate")
    known = noise.of(action.subject_id)
    event_id = identity("plate_noise", action.subject_id, action.event_id)
    if known is not None and known.event_id == event_id:
        return Emit((known,))
    at = action.occurred_at
    if known is not None and not known.is_learnt:
        # The latest holds: behind a clock that is ahead of ours, what is said now must still be the latest.
        at = max(at, known.changed_at + _MOMENT)
    return Emit(
        (
            PlateNoise(
                event_id=event_id,
                occurred_at=at,
                observed_at=action.observed_at,
                source="processor/noise",
                jurisdiction=action.jurisdiction,
                synthetic=action.synthetic,
                noise_id=action.subject_id,
                camera_id=camera_id,
                plate=plate,
                is_noise=action.name == NOISE_DECLARE,
                changed_at=at,
                changed_by=action.actor,
                reason=action.note,
                hours=0 if known is None else known.hours,
                reads=0 if known is None else known.reads,
                fewest_in_an_hour=0 if known is None else known.fewest_in_an_hour,
                most_in_an_hour=0 if known is None else known.most_in_an_hour,
                doubts=() if known is None else known.doubts,
            ),
        )
    )
