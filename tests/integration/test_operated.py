"""A running system as those who operate it see it: figures, health, one trace from end to end, and silent logs."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import signal
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from kafka import KafkaProducer
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families
from websockets.sync.client import connect

from compose.observability.reference import definitions
from schemas.events.plate_read import PLATE_READ
from tests.integration.test_main_job import group
from tests.local_system import Up, until

OBSERVABILITY = Path(__file__).parents[2] / "compose/observability"
ROLES = ("serve", "process", "connect", "notify")
TOKEN = "sesame-9f2c"
#: Where the role that notifies tells alerts to; whoever takes spans takes them, too.
DESTINATION = '[webhook.here]\nurl = "{url}"\nsecret_file = "key"\nnetworks = ["127.0.0.0/8"]\n'
HOTLIST = "plate,state,reason,case_number,severity\nRUN1234,LA,Taken from Ottoline Featherstonehaugh,26-7,P1\n"
#: What must be in no log: plates, people, tokens, and what people typed.
PRIVATE = ("RUN1234", "RUN-1234", "ZEBRA77", "OTTOLINE", "FEATHERSTONEHAUGH", "HYPATIA", TOKEN.upper())


class Collector:
    """Takes spans as an OpenTelemetry collector does."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, Any]] = []
        spans = self.spans

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.path == "/hook":
                    self.send_response(204)
                    self.end_headers()
                    return
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    role = next(a.value.string_value for a in resource.resource.attributes if a.key == "service.name")
                    spans.extend((role, span) for scope in resource.scope_spans for span in scope.spans)
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.base = f"http://127.0.0.1:{self._server.server_port}"
        self.url = f"{self.base}/v1/traces"

    def of(self, trace: str) -> list[tuple[str, Any]]:
        return [(role, span) for role, span in list(self.spans) if span.trace_id.hex() == trace]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Operated(Up):
    """A system with a collector beside it, and every event traced."""

    def __init__(self, folder: Path, collector: Collector) -> None:
        self.folder = folder
        self.collector = collector
        super().__init__(folder)

    def post(self, path: str, body: object, token: str = TOKEN) -> httpx2.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"content-type": "application/json", "x-watchfloor-token": token}
        return httpx2.post(f"{self.edge}/ingest/{path}", content=content, headers=headers)

    def ask(self, role: str, path: str) -> httpx2.Response:
        running = json.loads((self.folder / "run.json").read_bytes())
        return httpx2.get(f"http://{running['metrics'][role]}{path}")

    def metrics(self, role: str) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
        """Values by name and labels."""
        found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
        for family in text_string_to_metric_families(self.ask(role, "/metrics").text):
            for sample in family.samples:
                found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
        return found

    def value(self, role: str, name: str, **labels: str) -> float:
        return self.metrics(role).get(name, {}).get(tuple(sorted(labels.items())), 0.0)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operated]:
    folder = tmp_path_factory.mktemp("operated")
    collector = Collector()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WATCHFLOOR_TRACE_SHARE", "1")
        patch.setenv("WATCHFLOOR_TRACE_ENDPOINT", collector.url)
        patch.setenv("WATCHFLOOR_EDGE_TOKEN", TOKEN)
        (folder / "key").write_text(f"whsec_{base64.b64encode(bytes(range(32))).decode()}")
        (folder / "notify.toml").write_text(DESTINATION.format(url=f"{collector.base}/hook"))
        patch.setenv("WATCHFLOOR_NOTIFY_FILE", str(folder / "notify.toml"))
        system = Operated(folder / "data", collector)
    try:
        (folder / "list.csv").write_text(HOTLIST)
        system.command("hotlist", "load", str(folder / "list.csv"), "--list", "stolen", "--trusted-extract")
        yield system
    finally:
        system.stop()
        collector.close()


@contextlib.contextmanager
def page(up: Operated) -> Iterator[Any]:
    origin = f"http://127.0.0.1:{up.web_port}"
    with connect(f"ws://127.0.0.1:{up.web_port}/ws", origin=origin, subprotocols=["watchfloor.v1+json"]) as socket:  # type: ignore[arg-type,list-item]
        socket.send(json.dumps({"t": "hello", "v": 1, "client": "test", "sub": ["alerts", "sightings"]}))
        while json.loads(socket.recv(20)).get("ch") != "sightings":
            pass
        yield socket


def test_every_role_is_live_and_ready_and_says_so_on_a_port_of_its_own(up: Operated) -> None:
    for role in ROLES:
        assert up.ask(role, "/health").status_code == 200
        answer = up.ask(role, "/ready")
        assert (answer.status_code, answer.json()["wrong"], answer.json()["role"]) == (200, {}, role)
        assert up.ask(role, "/elsewhere").status_code == 404
        assert up.value(role, "watchfloor_ready") == 1


def test_prometheus_finds_every_role_in_the_file_that_up_keeps(up: Operated) -> None:
    listed = json.loads((up.folder / "prometheus/targets.json").read_bytes())
    running = json.loads((up.folder / "run.json").read_bytes())
    assert {one["labels"]["role"]: one["targets"] for one in listed} == {
        role: [at] for role, at in running["metrics"].items()
    }
    assert set(ROLES) == set(running["metrics"])


def test_one_trace_follows_a_read_from_the_edge_to_the_page(up: Operated) -> None:
    with page(up) as socket:
        assert up.post("rekor/east", group("RUN1234", "T-1")).json()["accepted"] == 1
        traces: dict[str, str] = {}
        while set(traces) != {"alerts", "sightings"}:
            message = json.loads(socket.recv(30))
            for channel in message.get("ch", {}) if message["t"] == "d" else ():
                traces[channel] = message["trace"]
    assert traces["alerts"] == traces["sightings"]
    trace = traces["alerts"]

    def seen() -> set[tuple[str, str]]:
        return {(role, span.name) for role, span in up.collector.of(trace)}

    whole = {
        ("connect", "edge.accept"),
        ("connect", "produce"),
        ("process", "process"),
        ("serve", "store.insert"),
        ("serve", "hub.push"),
    }
    until(lambda: seen() >= whole)

    def spans(name: str) -> list[Any]:
        return [span for _, span in up.collector.of(trace) if span.name == name]

    # Each goes on with the one before: the sighting and the alert are pushed and stored as what the processor made.
    (accept,), (produce,) = spans("edge.accept"), spans("produce")
    # The sighting is processed once more, by the rules on the plate's path.
    until(lambda: len(spans("process")) == 2)
    process, paths = sorted(spans("process"), key=lambda span: int(span.start_time_unix_nano))
    assert paths.parent_span_id == process.span_id
    assert accept.parent_span_id == b""
    assert produce.parent_span_id == accept.span_id
    assert process.parent_span_id == produce.span_id
    assert [link.span_id for link in process.links] == [produce.span_id]
    assert {span.parent_span_id for span in spans("hub.push")} == {process.span_id}
    until(lambda: {span.parent_span_id for span in spans("store.insert")} == {produce.span_id, process.span_id})
    assert accept.start_time_unix_nano <= process.start_time_unix_nano <= process.end_time_unix_nano


def test_a_read_moves_the_figures_of_every_hop(up: Operated) -> None:
    def counted() -> dict[str, float]:
        stage = "watchfloor_stage_seconds_count"
        return {
            "accepted": up.value("connect", "watchfloor_edge_accepted_events_total", type="plate_read"),
            "produced": up.value("connect", "watchfloor_produced_events_total", type="plate_read"),
            "edge": up.value("connect", stage, stage="edge", type="plate_read"),
            "decided": up.value(
                "process", "watchfloor_processed_events_total", processor="sightings", outcome="emit", reason=""
            ),
            "made": up.value("process", "watchfloor_emitted_events_total", processor="sightings"),
            "process": up.value("process", stage, stage="process", type="plate_read"),
            "stored": up.value("serve", "watchfloor_stored_events_total", type="plate_read"),
            "store": up.value("serve", stage, stage="store", type="plate_read"),
            "push": up.value("serve", stage, stage="push", type="sighting"),
            "whole": up.value("serve", stage, stage="whole", type="sighting"),
        }

    before = counted()
    assert up.post("rekor/east", group("OTHER12", "F-1")).json()["accepted"] == 1
    until(lambda: all(now > before[name] for name, now in counted().items()))
    assert {name: now - before[name] for name, now in counted().items()} == dict.fromkeys(before, 1)
    for role, hop, kind in (("connect", "edge", "plate_read"), ("process", "process", "plate_read"),
                            ("serve", "hub", "sighting"), ("serve", "store", "plate_read")):  # fmt: skip
        assert 0 < up.value(role, "watchfloor_newest_event_age_seconds", hop=hop, type=kind) < 60


def test_the_lag_goes_back_to_nothing_and_every_queue_has_a_bound(up: Operated) -> None:
    for role, group_name in (("process", "watchfloor-process"), ("serve", "watchfloor-store")):
        until(
            lambda role=role, of=group_name: not up.value(role, "watchfloor_lag_messages", group=of, type="plate_read")
        )  # type: ignore[misc]
        until(
            lambda role=role, of=group_name: not up.value(role, "watchfloor_lag_seconds", group=of, type="plate_read")
        )  # type: ignore[misc]
        assert up.value(role, "watchfloor_assigned_partitions", group=group_name) > 0
    queues = set()
    for role in ROLES:
        told = up.metrics(role)
        limits = told["watchfloor_queue_limit"]
        assert limits.keys() == told["watchfloor_queue_items"].keys()
        assert all(limit > 0 for limit in limits.values())
        queues |= {dict(labels)["queue"] for labels in limits}
    assert queues == {
        "edge_requests", "edge_body_bytes", "spool_unwritten_bytes", "ledger_buckets", "producer_events",
        "engine_process", "store_rows", "hub_flowing_frames", "hub_urgent_frames",
    }  # fmt: skip


def asked_by(text: str) -> set[str]:
    """The metrics that queries ask for; a histogram's by its parts."""
    return set(re.findall(r"\b(?:watchfloor|process)_[a-z_]+\b", text)) | set(re.findall(r"\bup\b", text))


def rules() -> set[str]:
    document = yaml.safe_load((OBSERVABILITY / "prometheus/rules.yaml").read_text())
    return set().union(*(asked_by(rule["expr"]) for part in document["groups"] for rule in part["rules"]))


def dashboards() -> set[str]:
    found: set[str] = set()
    for path in (OBSERVABILITY / "grafana/dashboards").glob("*.json"):
        for panel in json.loads(path.read_text())["panels"]:
            found |= set().union(*(asked_by(target["expr"]) for target in panel.get("targets", ())))
    return found


def test_rules_and_dashboards_ask_for_nothing_that_no_role_tells(up: Operated) -> None:
    # One refused, one with a bad part: counters with labels are told once they have counted.
    assert up.post("rekor/east", b"{").status_code == 400
    batch = [group("PART001", "P-1"), group("PART002", "P-2", epoch_start="soon")]
    assert up.post("rekor/east", batch).status_code in (200, 400, 422)
    told = {"up"}
    for role in ROLES:
        text = up.ask(role, "/metrics").text
        # A counter whose labels were never used has its headline, but no sample yet.
        told |= {f"{name}_total" for name in re.findall(r"^# TYPE (\w+)_total counter", text, re.M)}
        told |= {name for name, kind in re.findall(r"^# TYPE (\w+) (\w+)$", text, re.M) if kind != "histogram"}
        for name in re.findall(r"^# TYPE (\w+) histogram$", text, re.M):
            told |= {f"{name}_bucket", f"{name}_count", f"{name}_sum"}
    labels = {"watchfloor_process", "watchfloor_store", "process_engine"}
    assert rules() - told - labels == set()
    assert dashboards() - told - labels == set()
    assert len(rules()) > 20
    assert len(dashboards()) > 30


def test_every_metric_of_the_reference_is_told_by_some_role(up: Operated) -> None:
    text = "".join(up.ask(role, "/metrics").text for role in ROLES)
    families = set(re.findall(r"^# TYPE (\w+) \w+$", text, re.M))
    named = {one.name for found in definitions().values() for one in found}
    assert named - families == set()
    ours = {name for name in families if name.startswith("watchfloor_") and not name.endswith("_created")}
    assert ours - named == set()


def test_the_page_of_the_server_tells_its_figures_too(up: Operated) -> None:
    text = httpx2.get(f"{up.web}/metrics").text
    assert "watchfloor_ledger_buckets" in text
    assert "watchfloor_stage_seconds_bucket" in text


def test_no_log_of_any_role_holds_a_plate_a_name_or_a_token(up: Operated) -> None:
    named = "Ottoline Featherstonehaugh"
    # Good, refused as a whole, refused in part, not JSON, with a wrong token, and with content in the address.
    up.post("rekor/east", group("ZEBRA77", "L-1"))
    up.post("rekor/east", b'{"data_type": "alpr_group", "best_plate_number": "ZEBRA77", ')
    up.post("rekor/east", group("ZEBRA77", "L-2", epoch_start="ZEBRA77", best_region=named))
    up.post("rekor/east", [group("ZEBRA77", "L-3"), group("ZEBRA77", "L-4", gps_latitude=named)])
    up.post("rekor/ZEBRA77%20" + named.replace(" ", "%20"), group("ZEBRA77", "L-5"))
    up.post("rekor/east", group("ZEBRA77", "L-6"), token="HYPATIA")
    up.post("events/plate_read", {"plate": "ZEBRA77", "camera_id": named, "occurred_at": "ZEBRA77"})
    up.post("events/emergency_call", {"nature": named, "status": "ZEBRA77", "call_id": named})
    httpx2.get(f"{up.edge}/ingest/ZEBRA77?plate=ZEBRA77")
    # To the server: a question, an action by somebody about nothing, a page that talks nonsense.
    httpx2.post(f"{up.web}/api/sql", json={"sql": "SELECT nothing FROM plate_reads WHERE plate = 'ZEBRA77'"})
    httpx2.get(f"{up.web}/api/alerts/ZEBRA77?by={named}")
    action = {
        "action_id": "00000000-0000-0000-0000-00000000002a",
        "name": "acknowledge",
        "by": named,
        "note": "ZEBRA77",
    }
    httpx2.post(f"{up.web}/api/alerts/ZEBRA77/actions", json=action)
    with page(up) as socket:
        socket.send(json.dumps({"t": "sub", "sub": ["ZEBRA77", named]}))
        socket.send("ZEBRA77")
    # Into the log past the edge: frames that no processor and no store can read.
    kafka = KafkaProducer(bootstrap_servers=up.kafka)
    letters = up.count("dead_letters")
    for value in (b'{"plate": "ZEBRA77"', b'[{"plate": "ZEBRA77", "event_id": "Ottoline Featherstonehaugh"}]'):
        kafka.send(PLATE_READ.topic, key=b"ZEBRA77", value=value, headers=[("by", named.encode())]).get(20)
    kafka.close()
    until(lambda: up.count("dead_letters") >= letters + 2)
    until(lambda: up.count("plate_reads WHERE plate = 'ZEBRA77'") >= 1)
    logs = {path.name: path.read_text(errors="replace") for path in (up.folder / "logs").iterdir()}
    assert {"serve.log", "process.log", "connect.log"} <= logs.keys()
    assert all(logs[f"{role}.log"] for role in ROLES)
    leaks = [
        (name, line)
        for name, text in logs.items()
        for line in text.splitlines()
        if any(word in line.upper() for word in PRIVATE)
    ]
    assert leaks == []
    # Nor do the figures, nor what a collector was sent.
    for role in ROLES:
        assert not any(word in up.ask(role, "/metrics").text.upper() for word in PRIVATE)
    assert not any(word in str(span).upper() for _, span in list(up.collector.spans) for word in PRIVATE)


def test_health_tells_the_truth_while_the_broker_hangs_and_after(up: Operated) -> None:
    broker = json.loads((up.folder / "run.json").read_bytes())["roles"]["broker"]
    os.kill(broker, signal.SIGSTOP)
    try:
        assert up.post("rekor/east", group("HANG001", "H-1")).json()["accepted"] == 1
        until(lambda: up.ask("connect", "/ready").json()["notes"].get("spool", "").startswith("Spooling: "))
        assert up.ask("connect", "/ready").status_code == 200
        assert up.value("connect", "watchfloor_broker_away", edge="watchfloor-edge") == 1
        assert up.value("connect", "watchfloor_spool_events", edge="watchfloor-edge") >= 1
        # Its facts grow old and the pages' too: neither says that all is well. Both live, so nobody restarts them.
        until(lambda: "reference" in up.ask("process", "/ready").json()["wrong"], 60)
        until(lambda: "server" in up.ask("serve", "/ready").json()["wrong"], 60)
        for role in ("process", "serve"):
            assert up.ask(role, "/ready").status_code == 503
            assert up.ask(role, "/health").status_code == 200
            assert up.value(role, "watchfloor_ready") == 0
        doctor = up.run("doctor")
        assert doctor.returncode == 1
        assert "process: reference" in doctor.stdout
    finally:
        os.kill(broker, signal.SIGCONT)
    until(lambda: all(up.ask(role, "/ready").status_code == 200 for role in ROLES), 90)
    until(lambda: up.value("connect", "watchfloor_spool_drained_events_total", edge="watchfloor-edge") >= 1, 60)
    assert up.ask("connect", "/ready").json()["notes"] == {}
