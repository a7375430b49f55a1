"""What time alone makes due is asked by the worker: a rule that nobody asks would be silent for ever."""

from __future__ import annotations

import importlib
import pkgutil
from datetime import timedelta

from msgspec.structs import replace

from compose.roles.clocked import clocked
from compose.settings import Settings
from pipeline import processors
from pipeline.ownership import Ownership
from pipeline.processors.cameras import Cameras
from pipeline.processors.late_incidents import LateIncidents
from schemas.events.action import ACTION, ALERT_CLOSE, ALERT_ESCALATE
from schemas.events.alert import EXAMPLE as AN_ALERT
from tests.unit.test_escalation import EVERYWHERE, PARTITIONS, RAISED, log_of

#: These take events as well, so the worker has them already.
TAKING_EVENTS = {Cameras, LateIncidents}


def test_each_rule_that_can_tick_is_asked_by_the_worker() -> None:
    there = {
        one
        for found in pkgutil.iter_modules(processors.__path__, f"{processors.__name__}.")
        for one in vars(importlib.import_module(found.name)).values()
        if isinstance(one, type) and one.__module__ == found.name and hasattr(one, "tick")
    }
    asked = {type(one) for one in clocked(Settings(), log_of(), Ownership(lambda: EVERYWHERE, PARTITIONS))}
    assert there == asked | TAKING_EVENTS


def test_an_old_alert_is_escalated_and_closed_by_the_settings_a_worker_has() -> None:
    settings = Settings(alert_expires_h=2, escalate_p1_s=60)
    facts = log_of(replace(AN_ALERT, severity="P1"))
    ours = Ownership(lambda: EVERYWHERE, PARTITIONS)
    due = [one for rule in clocked(settings, facts, ours) for one in rule.tick(RAISED + timedelta(hours=2))]
    assert [getattr(one, "name", "") for one in due] == [ALERT_ESCALATE, ALERT_CLOSE]


def test_a_key_is_ours_while_we_have_its_partition_of_its_topic() -> None:
    places = {(ACTION.topic, 0)}
    ours = Ownership(lambda: places, 1)
    before = ours.of(ACTION)
    assert before("any")
    places.clear()
    places.add(("rtcc.other.v1", 0))
    assert not ours.of(ACTION)("any")
