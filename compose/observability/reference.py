"""Writes docs/reference/metrics.md from the metrics themselves: ``python -m compose.observability.reference``.

A test fails when the page and the metrics differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from msgspec import Struct
from prometheus_client.metrics import MetricWrapperBase

import compose.notify.metrics
import connectors.edge.metrics
import dashboards.server.metrics
import pipeline.metrics
import schemas.metrics
from compose.observability import metrics
from dashboards.server.hub import Hub
from dashboards.server.metrics import figures
from dashboards.server.ports import LedgerFigures, Vitals

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "metrics.md"

#: The modules that define metrics, with who tells them.
MODULES: dict[str, ModuleType] = {
    "Every part of the stream": schemas.metrics,
    "Edges": connectors.edge.metrics,
    "Processors and the store's reader": pipeline.metrics,
    "The server": dashboards.server.metrics,
    "Who is told outside": compose.notify.metrics,
    "Every role's process": metrics,
}

HEAD = """# Metrics

What each role tells at `/metrics`, in Prometheus' text format: [how to watch it](../how-to/watch-the-watchfloor.md).
Figures only: no plate, name or address is in a name, a label or a value. Labels have few values, all from our own code.
A counter ends in `_total`; a histogram has `_bucket`, `_sum` and `_count`. Times are seconds.

Made from the metrics themselves by `python -m compose.observability.reference`.
"""

TAIL = """
## The libraries' own

`process_cpu_seconds_total`, `process_resident_memory_bytes`, `process_open_fds`, `process_start_time_seconds` and what
else the Prometheus client tells of a Python process. A counter's `_created` is when it began.

## Buckets

`watchfloor_stage_seconds` has the bounds {buckets} s. A latency is worth a figure only up to its bucket: a 99th
percentile of 5 s may be anything from 2 to 5 s.
"""


class Definition(Struct, frozen=True):
    """One metric. ``name``: as it is scraped, without a histogram's endings."""

    name: str
    kind: str
    labels: tuple[str, ...]
    text: str


class _NoLedger:
    """Stands for a ledger that has nothing to tell yet: its metrics are there all the same."""

    def figures(self) -> LedgerFigures:
        return LedgerFigures(states={}, missing={}, lag={"stored": 0}, judged_ago_s=0.0)


def definitions() -> dict[str, list[Definition]]:
    """Return every metric by who tells it."""
    found = {title: list(_of_module(module)) for title, module in MODULES.items()}
    ledger: Any = _NoLedger()
    server = figures(Hub(), lambda: Vitals(log_alive=True, log_polled_ago_s=0.0), ledger)
    for family in server.collect():
        labels = tuple(dict.fromkeys(name for sample in family.samples for name in sample.labels))
        if family.name == "watchfloor_hub_closed_connections":
            labels = ("code",)  # no connection was closed yet
        found["The server"].append(_definition(family.name, family.type, labels, family.documentation))
    return found


def _of_module(module: ModuleType) -> Iterator[Definition]:
    for one in vars(module).values():
        if isinstance(one, MetricWrapperBase):
            (family,) = one.describe()
            yield _definition(family.name, family.type, tuple(one._labelnames), family.documentation)


def _definition(name: str, kind: str, labels: tuple[str, ...], text: str) -> Definition:
    return Definition(f"{name}_total" if kind == "counter" else name, kind, labels, text)


def page() -> str:
    """Return the page."""
    parts = [HEAD]
    for title, found in definitions().items():
        parts.append(f"\n## {title}\n\n| metric | kind | labels | what it is |\n|---|---|---|---|\n")
        for one in found:
            labels = ", ".join(f"`{label}`" for label in one.labels)
            parts.append(f"| `{one.name}` | {one.kind} | {labels} | {one.text} |\n")
    bounds = ", ".join(f"{bound:g}" for bound in schemas.metrics.LATENCY_BUCKETS_S)
    parts.append(TAIL.format(buckets=bounds))
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page())
