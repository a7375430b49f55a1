"""Whether a worker of a consumer group does its work."""

from __future__ import annotations

from pipeline.engine import Engine


def engine_fault(engine: Engine) -> str:
    """Return why a worker takes nothing from the log, or "". A worker more than there are partitions has none."""
    if engine.crashed:
        return "The engine has crashed."
    if not engine.started:
        return "It is joining the group."
    return "" if engine.assigned_partitions else "No partition is assigned to this worker."
