"""GET /metrics: figures in Prometheus' text format. Counts only, nothing of what events say."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fastapi import APIRouter
from prometheus_client import REGISTRY, CollectorRegistry, Gauge
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from starlette.responses import Response

from dashboards.server.hub import Hub
from dashboards.server.ports import Ledger, Vitals
from dashboards.server.vitals import what_is_wrong

#: All are told, also those that are zero: a metric that is absent looks like one that nobody measures.
STATES = ("balanced", "resends", "open", "not_reported", "not_comparable", "gap")
HOPS = ("logged", "stored", "processed", "alerted")


LAG_MESSAGES = Gauge(
    "watchfloor_hub_lag_messages", "Messages in the log that the hub has not read, as of its last fetch.", ["type"]
)


class _Figures(Collector):
    """Asks for the figures when they are scraped."""

    def __init__(self, hub: Hub, vitals: Callable[[], Vitals], ledger: Ledger | None) -> None:
        self._hub = hub
        self._vitals = vitals
        self._ledger = ledger

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics."""
        wrong = what_is_wrong(self._hub, self._vitals())
        yield _one("watchfloor_healthy", "1 when nothing is wrong, as /api/health says.", 0.0 if wrong else 1.0)
        yield from self._hub_figures()
        if self._ledger is None:
            return
        told = self._ledger.figures()
        buckets = GaugeMetricFamily(
            "watchfloor_ledger_buckets",
            "Buckets (event type, source, minute) of the last two hours by what the ledger says of them.",
            labels=["state"],
        )
        for state in STATES:
            buckets.add_metric([state], told.states.get(state, 0))
        yield buckets
        missing = GaugeMetricFamily(
            "watchfloor_ledger_missing_events",
            "Events of the last two hours that the hop before had and this hop has not.",
            labels=["hop"],
        )
        for hop in HOPS:
            missing.add_metric([hop], told.missing.get(hop, 0))
        yield missing
        lag = GaugeMetricFamily(
            "watchfloor_ledger_lag_messages", "Messages in the log that a hop has not acknowledged.", labels=["hop"]
        )
        for hop, messages in sorted(told.lag.items()):
            lag.add_metric([hop], messages)
        yield lag
        if told.judged_ago_s is not None:
            what = "Seconds since the ledger was judged."
            yield _one("watchfloor_ledger_judged_ago_seconds", what, told.judged_ago_s)

    def _hub_figures(self) -> Iterator[Metric]:
        told = self._hub.figures()
        yield _one("watchfloor_hub_clients", "Pages that are connected.", told["clients"])
        yield _one("watchfloor_hub_clients_limit", "The most pages that may be connected.", told["max_clients"])
        behind = self._hub.behind()
        yield _one("watchfloor_hub_behind_seconds", "How far the page furthest behind is behind.", behind.seconds)
        yield _one("watchfloor_hub_behind_bytes", "Bytes that pages have not been sent yet, of all.", behind.bytes)
        sent = CounterMetricFamily("watchfloor_hub_sent_messages", "Messages sent to pages.")
        sent.add_metric([], told["sent_messages"])
        yield sent
        size = CounterMetricFamily("watchfloor_hub_sent_bytes", "Characters sent to pages.")
        size.add_metric([], told["sent_bytes"])
        yield size
        closed = CounterMetricFamily(
            "watchfloor_hub_closed_connections", "Connections of pages that ended, by close code.", labels=["code"]
        )
        for code, number in sorted(told["closed"].items()):
            closed.add_metric([code], number)
        yield closed


def _one(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def figures(hub: Hub, vitals: Callable[[], Vitals], ledger: Ledger | None) -> CollectorRegistry:
    """Return the figures of one server."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(hub, vitals, ledger))
    return registry


def metrics_router(registry: CollectorRegistry) -> APIRouter:
    """Return the route. It tells the process's own figures too."""
    router = APIRouter()

    @router.get("/metrics", response_class=Response, include_in_schema=False)
    async def metrics() -> Response:
        """Return all figures."""
        text = generate_latest(REGISTRY) + generate_latest(registry)
        return Response(text, headers={"content-type": CONTENT_TYPE_LATEST})

    return router
