"""The list of topics, for whoever creates or watches them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from schemas.event_type import EventType
from schemas.generate.json_text import json_text


def topics_json(kinds: Iterable[EventType[Any]]) -> str:
    """Return the text of topics.json: one object for each topic, in the registry's order."""
    return json_text(
        [
            {
                "event_type": kind.name,
                "topic": kind.topic,
                "key": kind.key,
                "compacted": kind.compacted,
                "retention_days": None if kind.compacted else kind.retention_days,
                "push": kind.push.value,
            }
            for kind in kinds
        ]
    )
