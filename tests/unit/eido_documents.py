"""An EIDO with one of each component, made up in the structure of NENA-STA-021, and what is done with one in tests."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from connectors.eido.translate import translate
from connectors.translation import Context, Translation
from schemas.envelope import Event
from schemas.events.emergency_call import EmergencyCall

FIXTURES = Path(__file__).parents[1] / "contract" / "fixtures"
AT = datetime(2026, 1, 15, 18, 30, 6, tzinfo=UTC)
AGENCY = {"$ref": "urn:emergency:uid:eidodatacomponent:agency1:psap.example"}

E = TypeVar("E", bound=Event)


def document() -> dict[str, Any]:
    """A whole document, to be changed at will."""
    made: dict[str, Any] = json.loads((FIXTURES / "eido" / "call.body").read_bytes())
    return made


def component(name: str, **members: Any) -> dict[str, Any]:
    """A component with its prologue."""
    return {
        "$id": f"urn:emergency:uid:eidodatacomponent:{name}:psap.example",
        "lastUpdateTimeStamp": "2026-01-15T18:28:50.000Z",
        "updatedByAgencyReference": AGENCY,
        **members,
    }


def context(connector: str = "eido", instance: str = "east", at: datetime = AT) -> Context:
    return Context(connector=connector, instance=instance, observed_at=at, jurisdiction="demo")


def read(value: Any, at: datetime = AT) -> Translation:
    """What becomes of a document."""
    return translate(json.dumps(value).encode(), "application/json", context(at=at))


def of_type(done: Translation, kind: type[E]) -> list[E]:
    return [event for event in done.events if isinstance(event, kind)]


def call_of(value: Any) -> EmergencyCall:
    """The one call of a document that is taken whole."""
    done = read(value)
    assert done.refused == []
    (call,) = of_type(done, EmergencyCall)
    return call
