"""Health reports of the demo city's cameras: all well, but for one that freezes and one that falls silent at times."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from msgspec import Struct

from connectors.simulator.agenda import Agenda, Step
from connectors.simulator.city import City, Site
from connectors.simulator.config import SimulatorConfig
from connectors.simulator.ground_truth import SILENCE_PATIENCE_S, SILENT_REPORTS, silent, stopped
from schemas.events.camera_health import CameraHealth
from schemas.identity import identity

#: Freezes and silences a minute at intensity 1.
FREEZES_PER_MIN, SILENCES_PER_MIN = 0.25, 0.12


class _Watched(Struct):
    """A camera's state: ``silent_until_s`` lies in the past while it reports."""

    site: Site
    status: str = "ok"
    since_s: float = 0.0
    silent_until_s: float = -1.0


class CameraReports:
    """Every camera reports at its own beat; a change is reported at once. One camera at a time freezes."""

    def __init__(self, config: SimulatorConfig, start: datetime, made: City, agenda: Agenda) -> None:
        self._random = Random(f"{config.seed}/cameras")  # noqa: S311 - a made-up city, not secrets
        self._config = config
        self._start = start
        self._agenda = agenda
        self._cameras = [_Watched(site) for site in made.sites]
        self._frozen: _Watched | None = None
        for camera in self._cameras:
            agenda.put(round(self._random.uniform(0, config.report_every_s), 3), self._beat, camera)

    def fail(self, from_s: float) -> None:
        """Let cameras freeze and fall silent at random from then on."""
        if self._config.intensity > 0:
            self._agenda.put(from_s + self._gap(FREEZES_PER_MIN), self._freeze_again)
            self._agenda.put(from_s + self._gap(SILENCES_PER_MIN), self._silence_again)

    def plan_freeze(self, at_s: float) -> None:
        """Have a camera freeze at ``at_s``."""
        self._agenda.put(at_s, self._freeze)

    def plan_silence(self, at_s: float) -> None:
        """Have a camera make its last report for a while at ``at_s``."""
        self._agenda.put(at_s, self._silence)

    def _gap(self, per_min: float) -> float:
        return self._random.expovariate(per_min * self._config.intensity / 60)

    def _beat(self, at_s: float, camera: _Watched) -> Step | None:
        self._agenda.put(at_s + self._config.report_every_s, self._beat, camera)
        if camera.silent_until_s > at_s:
            return None
        return Step(at_s, (self._report(at_s, camera),))

    def _freeze_again(self, at_s: float, _: None) -> Step | None:
        self._agenda.put(at_s + self._gap(FREEZES_PER_MIN), self._freeze_again)
        return self._freeze(at_s, None)

    def _silence_again(self, at_s: float, _: None) -> Step | None:
        self._agenda.put(at_s + self._gap(SILENCES_PER_MIN), self._silence_again)
        return self._silence(at_s, None)

    def _freeze(self, at_s: float, _: None) -> Step | None:
        if self._frozen is not None:
            return None
        camera = self._well(at_s)
        camera.status, camera.since_s = "frozen", at_s
        self._frozen = camera
        self._agenda.put(at_s + self._random.uniform(25, 70), self._thaw, camera)
        report = self._report(at_s, camera)
        return Step(at_s, (report,), (stopped(at_s, report),))

    def _thaw(self, at_s: float, camera: _Watched) -> Step:
        camera.status, camera.since_s = "ok", at_s
        self._frozen = None
        return Step(at_s, (self._report(at_s, camera),))

    def _silence(self, at_s: float, _: None) -> Step:
        camera = self._well(at_s)
        noticed = SILENT_REPORTS * self._config.report_promise_s + SILENCE_PATIENCE_S
        camera.silent_until_s = at_s + noticed + self._random.uniform(15, 60)
        report = self._report(at_s, camera)
        return Step(at_s, (report,), (silent(at_s, report),))

    def _well(self, at_s: float) -> _Watched:
        """Return a video camera that is well and reports."""
        return self._random.choice(
            [
                camera
                for camera in self._cameras
                if camera.site.kind == "video" and camera.status == "ok" and camera.silent_until_s <= at_s
            ]
        )

    def _report(self, at_s: float, camera: _Watched) -> CameraHealth:
        now = self._start + timedelta(seconds=at_s)
        frozen = camera.status == "frozen"
        source, camera_id = self._config.source, camera.site.camera_id
        return CameraHealth(
            event_id=identity("camera_health", source, camera_id, camera.status, now.isoformat()),
            occurred_at=now,
            observed_at=now,
            source=source,
            jurisdiction=self._config.jurisdiction,
            synthetic=True,
            camera_id=camera_id,
            status=camera.status,
            since=self._start + timedelta(seconds=camera.since_s),
            fps=0.0 if frozen else round(self._random.uniform(14.2, 15.2), 1),
            detail="The picture does not change (simulated)." if frozen else "",
            next_report_s=self._config.report_promise_s,
        )
