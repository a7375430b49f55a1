"""Rules, dashboards and the reference of metrics agree with the metrics that the code defines."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from compose.observability.reference import PAGE, definitions, page

FOLDER = Path(__file__).parents[2] / "compose/observability"
RULES = yaml.safe_load((FOLDER / "prometheus/rules.yaml").read_text())
ALERTS = [rule for part in RULES["groups"] for rule in part["rules"] if "alert" in rule]
RECORDED = {rule["record"] for part in RULES["groups"] for rule in part["rules"] if "record" in rule}
BOARDS = {path.stem: json.loads(path.read_text()) for path in (FOLDER / "grafana/dashboards").glob("*.json")}
PANELS: list[Any] = [panel for board in BOARDS.values() for panel in board["panels"] if panel["type"] != "row"]
#: The Prometheus client's own, of which dashboards and rules ask, and Prometheus's own.
LIBRARY = {
    "process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds", "process_start_time_seconds",
    "up",
}  # fmt: skip


def told() -> set[str]:
    """Every name that can be asked for."""
    names = set(LIBRARY | RECORDED)
    for one in (one for found in definitions().values() for one in found):
        names |= (
            {f"{one.name}_{part}" for part in ("bucket", "count", "sum")} if one.kind == "histogram" else {one.name}
        )
    return names


def labels_of() -> dict[str, set[str]]:
    """The labels a metric can be told apart by; those of the target are on all."""
    found = {}
    for one in (one for all_ in definitions().values() for one in all_):
        for ending in ("", "_bucket", "_count", "_sum"):
            found[f"{one.name}{ending}"] = {*one.labels, "le", "role", "instance", "job"}
    return found


def asked(expression: str) -> set[str]:
    """The metrics of a query: names before a selector or a range, and all of ours wherever they stand."""
    text = re.sub(r'"[^"]*"', '""', expression)
    return set(re.findall(r"\b(?:watchfloor[_:]|process_)[a-z0-9_:]*[a-z0-9]\b", text)) | set(
        re.findall(r"\bup(?=\{)", text)
    )


def queries() -> dict[str, str]:
    """Every query by where it stands."""
    found = {rule.get("alert") or rule["record"]: rule["expr"] for part in RULES["groups"] for rule in part["rules"]}
    for panel in PANELS:
        found |= {f"{panel['title']} {target['refId']}": target["expr"] for target in panel["targets"]}
    return found


def test_the_reference_is_what_the_metrics_say() -> None:
    assert PAGE.read_text() == page(), "run: python -m compose.observability.reference"


def test_every_metric_says_what_it_is_and_has_few_labels() -> None:
    for one in (one for found in definitions().values() for one in found):
        assert len(one.text) > 15, one.name
        assert set(one.labels) <= {
            "stage", "type", "hop", "queue", "outcome", "part", "status", "connector", "edge", "processor", "reason",
            "group", "state", "code", "version", "destination",
        }, one.name  # fmt: skip


@pytest.mark.parametrize("where", queries())
def test_a_query_asks_for_metrics_that_are_told(where: str) -> None:
    names = asked(queries()[where])
    assert names
    assert names - told() == set()


@pytest.mark.parametrize("where", queries())
def test_a_query_selects_by_labels_that_its_metric_has(where: str) -> None:
    known = labels_of()
    for name, selector in re.findall(r"\b(watchfloor_[a-z_]+)\{([^}]*)\}", queries()[where]):
        assert set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", re.sub(r'"[^"]*"', '""', selector))) <= known[name]


def test_the_drift_check_would_see_a_metric_that_is_gone() -> None:
    assert asked('rate(watchfloor_gone_total{a="watchfloor_in_a_string"}[5m])') - told() == {"watchfloor_gone_total"}


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_says_how_grave_it_is_and_what_to_do(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in ("page", "ticket")
    assert len(alert["annotations"]["summary"]) > 15
    assert len(alert["annotations"]["description"]) > 30
    page_text = (FOLDER.parents[1] / "docs/how-to/watch-the-watchfloor.md").read_text()
    assert f"`{alert['alert']}`" in page_text


def test_every_alert_is_tried() -> None:
    tests = (FOLDER / "prometheus/rules_test.yaml").read_text()
    burns = {f"Watchfloor{name}Burn" for name in ("Delivery", "Intake", "DeadLetters")}
    untried = {one["alert"] for one in ALERTS if one["alert"] not in tests}
    # All burns are made alike: each objective and each speed is tried, not each of both.
    assert all(any(name.startswith(burn) for burn in burns) for name in untried)
    assert all(burn in tests for burn in burns)
    assert all(f"Burn{speed}" in tests for speed in ("Fast", "Middle", "Slow"))


def test_the_rules_do_what_their_own_tests_say() -> None:
    promtool = shutil.which("promtool")
    assert promtool is not None, "promtool is missing: .ci/prometheus installs it"
    done = subprocess.run(
        [promtool, "test", "rules", "rules_test.yaml"], cwd=FOLDER / "prometheus", capture_output=True, text=True,
        timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["prometheus.yaml", "one-machine.yaml"])
def test_the_configuration_of_prometheus_is_one(name: str) -> None:
    promtool = shutil.which("promtool")
    assert promtool is not None, "promtool is missing: .ci/prometheus installs it"
    done = subprocess.run(
        [promtool, "check", "config", "--syntax-only", name], cwd=FOLDER / "prometheus", capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_asks_the_containers_where_they_answer() -> None:
    config = yaml.safe_load((FOLDER / "prometheus/prometheus.yaml").read_text())
    services = yaml.safe_load((FOLDER.parent / "compose.yaml").read_text())["services"]
    asked_at = {one["labels"]["role"]: one["targets"] for one in config["scrape_configs"][0]["static_configs"]}
    for role, targets in asked_at.items():
        port = services[role]["environment"]["WATCHFLOOR_METRICS_PORT"]
        assert targets == [f"127.0.0.1:{port}"]
        assert services[role].get("network_mode") == "host" or f"127.0.0.1:{port}:{port}" in services[role]["ports"]
    assert set(asked_at) == {"connect", "process", "store", "serve"}


@pytest.mark.parametrize("name", BOARDS)
def test_a_dashboard_is_whole(name: str) -> None:
    board = BOARDS[name]
    source = yaml.safe_load((FOLDER / "grafana/provisioning/datasources/prometheus.yaml").read_text())
    uid = source["datasources"][0]["uid"]
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, f"{panel['title']} lies over another"
        taken |= cells
        if panel["type"] != "row":
            assert panel["description"]
            assert {target["datasource"]["uid"] for target in panel["targets"]} == {uid}
