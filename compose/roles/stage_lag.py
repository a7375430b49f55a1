"""How far the stages behind the log are: seconds that the oldest event which waits for each has waited."""

from __future__ import annotations

import threading

import structlog

from compose.roles.broker_settings import PROCESS_GROUP, PROCESSED, STORE_GROUP
from compose.settings import Settings
from pipeline.lag import LagGauge
from pipeline.positions import GroupPositions
from schemas.registry import EVENT_TYPES
from schemas.wire.publisher import BrokerUnavailableError

log = structlog.get_logger(__name__)

#: Between two looks, seconds.
LOOK_EVERY_S = 2.0

STAGES = {
    "process": (PROCESS_GROUP, PROCESSED),
    "store": (STORE_GROUP, tuple(kind for kind in EVENT_TYPES if kind.table is not None)),
}


class StageLag:
    """Looks every few seconds, in a thread, with connections of its own. Nothing is known while the broker is away."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._behind: dict[str, float] | None = None
        self._by_topic: dict[str, dict[str, float]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stage-lag", daemon=True)

    @property
    def behind_s(self) -> dict[str, float] | None:
        """Seconds by stage, 0 when nothing waits; None when not known."""
        return self._behind

    @property
    def by_topic(self) -> dict[str, dict[str, float]]:
        """Seconds by stage and topic; topics in which nothing waits are left out."""
        return self._by_topic

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(1.0)  # it only looks: nothing is lost with it

    def _run(self) -> None:
        while not self._stop.is_set():
            opened: list[GroupPositions] = []
            try:
                gauges = {}
                for stage, (group, kinds) in STAGES.items():
                    positions = GroupPositions(
                        self._settings.bootstrap, group, [kind.topic for kind in kinds], **self._settings.kafka_config()
                    )
                    opened.append(positions)
                    gauges[stage] = LagGauge(positions)
                while not self._stop.is_set():
                    for gauge in gauges.values():
                        gauge.look()
                    self._by_topic = {stage: gauge.behind_s for stage, gauge in gauges.items()}
                    self._behind = {stage: round(gauge.worst_s, 1) for stage, gauge in gauges.items()}
                    self._stop.wait(LOOK_EVERY_S)
            except BrokerUnavailableError as error:
                log.info("the stages' lag is not known", why=str(error))
            except Exception as error:
                log.error("the stages' lag cannot be measured, trying again", error=type(error).__name__)
            finally:
                self._behind, self._by_topic = None, {}
                for positions in opened:
                    positions.close()
            self._stop.wait(LOOK_EVERY_S)
