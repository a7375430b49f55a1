"""The table "What becomes of the payloads" in each webhook connector's README, made from the contract fixtures.

``python -m tests.contract.payload_tables`` writes the tables; with ``--check`` it only says which differ.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from connectors.registry import Connector, webhooks

FIXTURES = Path(__file__).parent / "fixtures"
BEGIN = "<!-- payloads: made by python -m tests.contract.payload_tables -->"
END = "<!-- payloads: end -->"

#: Shown of an event, where it has them; the rest is in the fixture's .expected.json.
_SHOWN = (
    "plate", "camera_id", "confidence", "plate_region", "call_id", "person_id", "unit_id", "kind", "category",
    "priority", "status", "role", "part", "parts",
)  # fmt: skip


def table(name: str) -> str:
    """Return the table of one connector: a row for each fixture."""
    rows = ["| payload | sent as | becomes |", "|---|---|---|"]
    for path in sorted((FIXTURES / name).glob("*.expected.json")):
        expected = json.loads(path.read_bytes())
        media_type = str(expected["content_type"]).partition(";")[0]
        stem = path.name.removesuffix(".expected.json")
        rows.append(f"| `{stem}` | `{media_type}` | {'<br>'.join(_outcomes(expected)) or 'nothing'} |")
    return "\n".join(rows)


def with_table(text: str, name: str) -> str:
    """Return a README with its table as the fixtures have it. Raises ValueError when it has no place for one."""
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"connectors/{name}/README.md has no place for the table: {BEGIN} ... {END}")
    return f"{head}{BEGIN}\n{table(name)}\n{END}{tail}"


def stale() -> list[Connector]:
    """Return the connectors whose README differs from the fixtures."""
    return [one for name, one in webhooks().items() if _readme(one) != with_table(_readme(one), name)]


def _readme(connector: Connector) -> str:
    return (connector.folder / "README.md").read_text(encoding="utf-8")


def _outcomes(expected: dict[str, Any]) -> list[str]:
    shown = [_event(event) for event in expected["events"]]
    shown += [f"ignored: {_cell(reason)}" for reason in expected["ignored"]]
    return shown + [f"refused: `{_cell(part['field'])}` {_cell(part['error'])}" for part in expected["refused"]]


def _event(event: dict[str, Any]) -> str:
    told = [f"{name} {_cell(str(event[name]))}" for name in _SHOWN if name in event]
    if "call_id" in event and event["event_type"] == "emergency_call":
        told.append(f"at {event['lat']}, {event['lon']}" if "lat" in event else "no place on the map")
        told += [f"{len(event[name])} {name}" for name in ("locations", "notes", "units", "vehicles", "links")
                 if event.get(name)]  # fmt: skip
    told += [name for name in ("is_preview", "is_parked") if event.get(name)]
    told += [f"track {_cell(event['track_id'])}"] if "track_id" in event else []
    return f"`{event['event_type']}`: {', '.join(told)}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main() -> None:
    """Write the tables, or check them."""
    differing = stale()
    if "--check" in sys.argv:
        for connector in differing:
            print(f"connectors/{connector.manifest.name}/README.md differs from its fixtures")
        sys.exit(1 if differing else 0)
    for connector in differing:
        name = connector.manifest.name
        (connector.folder / "README.md").write_text(with_table(_readme(connector), name), encoding="utf-8")
        print(f"wrote connectors/{name}/README.md")


if __name__ == "__main__":
    main()
