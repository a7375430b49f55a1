"""What lateness does to the ground truth: alerts come later, and some answers are no longer certain.

A broker that was away, or a machine that was too slow, does not lose events, but lets them arrive late and close
together. What the plan demands of their order then holds no longer.
"""

from __future__ import annotations

from msgspec.structs import replace

from connectors.simulator.agenda import Step
from connectors.simulator.ground_truth import WANTED_NEAR_INCIDENT, ExpectedAlert, silent
from schemas.events.camera_health import CameraHealth

#: Up to here the plan's own bands (``ground_truth.RACE_S``) allow for it.
HARMLESS_S = 2.0
#: The rules lower the severity of what reached us five minutes late; within a minute of that either is right.
HISTORY_S = 240.0
#: Part of a promised silence after which somebody may have noticed it.
_NOTICED = 2.5


class Lateness:
    """Told of every confirmed step, it says what is expected of it after all."""

    def __init__(self) -> None:
        self._heard: dict[str, tuple[float, float, CameraHealth]] = {}

    def expected(self, step: Step, sent_s: float, confirmed_s: float) -> tuple[ExpectedAlert, ...]:
        """Return the step's expected alerts as they stand.

        ``sent_s``: when its events were stamped as received, ``confirmed_s``: when the broker confirmed them, both in
        seconds after the start. Cameras whose reports were held up may be missed: those alerts are tolerated.
        """
        late_s = confirmed_s - step.offset_s
        stands = step.expected if late_s <= HARMLESS_S else tuple(_delayed(one, late_s) for one in step.expected)
        held_up = [
            missed
            for event in step.events
            if isinstance(event, CameraHealth)
            for missed in self._held_up(event, step.offset_s, sent_s, confirmed_s)
        ]
        return (*stands, *held_up)

    def _held_up(self, report: CameraHealth, offset_s: float, sent_s: float, confirmed_s: float) -> list[ExpectedAlert]:
        before = self._heard.get(report.camera_id)
        self._heard[report.camera_id] = (offset_s, confirmed_s, report)
        patience_s = _NOTICED * (report.next_report_s or 0.0)
        missed = []
        if before is not None and confirmed_s - before[1] > patience_s:
            missed.append(silent(before[0], before[2], required=False))
        if confirmed_s - sent_s > patience_s:
            missed.append(silent(offset_s, report, required=False))
        return missed


def _delayed(one: ExpectedAlert, late_s: float) -> ExpectedAlert:
    history = late_s > HISTORY_S
    return replace(
        one,
        due_s=one.due_s + late_s,
        deadline_s=one.deadline_s + late_s,
        required=one.required and one.rule != WANTED_NEAR_INCIDENT,
        severity="" if history else one.severity,
    )
