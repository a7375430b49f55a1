"""Tells of cameras whose reads people find wrong, in the worker that owns the alert about it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from pipeline.ownership import Ownership
from pipeline.rules import camera_misreads
from pipeline.state.recent import SaidLately
from pipeline.state.reference import Reference
from schemas.events.action import ACTION
from schemas.events.alert import Alert


class Misreads:
    """Says once, until somebody closes it, that a camera's misreads are too many.

    The verdicts are a fold of the log that every worker has; who owns the alert says it. Said twice it is one alert by
    its id.
    """

    def __init__(
        self,
        reference: Reference,
        ours: Ownership,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reference = reference
        self._ours = ours
        self._clock = clock
        self._said: SaidLately[UUID] = SaidLately()

    def tick(self, now: datetime) -> list[Alert]:
        """Return the alerts that are due. Asked every second."""
        found = []
        confusions = self._reference.confusions
        for camera_id, synthetic, misreads, told in confusions.misread_cameras(camera_misreads.MISREADS):
            counted = camera_misreads.due(misreads, told, now)
            if not counted:
                continue
            alert = camera_misreads.evaluate(
                camera_id,
                counted,
                told,
                confusions.judged(camera_id, synthetic, now - camera_misreads.WINDOW),
                self._reference.cameras.by_id.get(camera_id),
                now,
                synthetic=synthetic,
            )
            if self._is_ours_to_say(alert):
                found.append(alert)
        return found

    def _is_ours_to_say(self, alert: Alert) -> bool:
        if not self._ours.of(ACTION)(str(alert.alert_id)):
            return False
        return alert.alert_id not in self._reference.alerts and self._said.may_say(alert.alert_id, self._clock())
