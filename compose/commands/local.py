"""up and demo: everything on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import signal
import tempfile
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compose import run_file
from compose.backup import unfinished
from compose.backup.manifest import BackupError
from compose.broker import BrokerMissingError
from compose.commands.output import AsJson, answer, console, fail, say
from compose.local import Local, PortTakenError, addresses
from compose.settings import Settings, load
from schemas.wire.publisher import BrokerUnavailableError

if TYPE_CHECKING:
    from compose.chaos import ChaosReport
    from compose.demo_check import DemoReport

#: Plate reads a second where none are asked for: a city to look at, and one that keeps the machine busy.
DEMO_RATE, CHAOS_RATE = 20.0, 2000.0

_RATE_HELP = f"Plate reads a second; {DEMO_RATE:g} by default, {CHAOS_RATE:g} with --chaos."
Plates = Annotated[float | None, typer.Option("--rate", help=_RATE_HELP, min=0.1, max=5000)]
Seed = Annotated[int, typer.Option(help="The same seed makes the same city.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command("up")
    def up() -> None:
        """Run everything on this machine until Ctrl-C; roles that die are started again, history is kept."""
        _run(load(), demo=None)

    @app.command("demo")
    def demo(
        check_s: Annotated[
            float | None, typer.Option("--check", help="Run headless for so many seconds and judge.")
        ] = None,
        chaos: Annotated[
            bool, typer.Option("--chaos", help="Kill the worker with -9 again and again while you watch, and judge.")
        ] = False,
        rate: Plates = None,
        every_s: Annotated[
            float, typer.Option("--every", help="With --chaos: seconds between kills.", min=1, max=3600)
        ] = 15.0,
        seconds: Annotated[
            float | None, typer.Option("--seconds", help="With --chaos: end by itself after so many.", min=10)
        ] = None,
        seed: Seed = 1,
        kafka: Annotated[
            int,
            typer.Option(
                help="With --check or --chaos: brokers of an Apache Kafka of its own, 1 or 3; 0: the embedded one."
            ),
        ] = 0,
        open_page: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = True,
        as_json: AsJson = False,
    ) -> None:
        """Run everything with a made-up city, and open the live map; with --check or --chaos, judge the whole way."""
        if check_s is not None and chaos:
            fail("--check and --chaos are two things: give one.", 2, as_json=as_json)
        if kafka not in (0, 1, 3):
            fail("--kafka is 0, 1 or 3.", 2, as_json=as_json)
        if chaos:
            _chaos(rate or CHAOS_RATE, seed, every_s, seconds, kafka, open_page=open_page, as_json=as_json)
            return
        rate = rate or DEMO_RATE
        if check_s is None:
            settings = load()
            _run(
                settings.model_copy(update={"jurisdiction": "demo"}),
                demo=("simulator", rate, seed),
                open_page=open_page,
            )
            return
        if not 10 <= check_s <= 24 * 3600:
            fail("--check takes 10 seconds to a day.", 2, as_json=as_json)
        # Here, because the made-up city takes half a second to import, and `up` does without it.
        from compose.demo_check import check
        from compose.kafka.cluster import ClusterError
        from compose.kafka.jars import KafkaMissingError

        with tempfile.TemporaryDirectory(prefix="watchfloor-check-") as folder:
            try:
                report = asyncio.run(
                    check(load(), Path(folder), kafka=kafka, seconds=check_s, rate=rate, seed=seed, say=say)
                )
            except (PortTakenError, BrokerMissingError, TimeoutError, ClusterError, KafkaMissingError) as error:
                fail(str(error), as_json=as_json)
        answer(report, as_json=as_json, text=_told(report))
        raise typer.Exit(0 if report.ok else 1)


def _chaos(
    rate: float,
    seed: int,
    every_s: float,
    seconds: float | None,
    kafka: int,
    *,
    open_page: bool,
    as_json: bool,
) -> None:
    """Kill and judge; ends the command with 0 only if nothing was lost, doubled or not raised."""
    from compose.chaos import chaos
    from compose.kafka.cluster import ClusterError
    from compose.kafka.jars import KafkaMissingError

    async def look(page: str) -> None:
        if open_page and not as_json:
            await asyncio.to_thread(_open, page)

    async def until_stopped(folder: Path) -> ChaosReport:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, stop.set)
        return await chaos(
            load(), folder, kafka=kafka, rate=rate, seed=seed, every_s=every_s, seconds=seconds, stop=stop, say=say,
            look=look,
        )  # fmt: skip

    with tempfile.TemporaryDirectory(prefix="watchfloor-chaos-") as folder:
        try:
            report = asyncio.run(until_stopped(Path(folder)))
        except (PortTakenError, BrokerMissingError, TimeoutError, ClusterError, KafkaMissingError) as error:
            fail(str(error), as_json=as_json)
    worst = "none recovered" if report.worst_recovery_s is None else f"worst recovery {report.worst_recovery_s:.1f} s"
    text = (
        f"{len(report.kills)} kills (-9) of the worker at {rate:g} reads a second: {worst}, lost {report.lost}, "
        f"doubled {report.doubled}\n{_told(report.verdict)}"
    )
    answer(report, as_json=as_json, text=text)
    raise typer.Exit(0 if report.ok else 1)


def _run(settings: Settings, demo: tuple[str, float, int] | None, *, open_page: bool = False) -> None:
    try:
        with owned(settings.data_dir):
            unfinished.refuse(settings.data_dir)
            asyncio.run(_until_stopped(settings, demo, open_page))
    except (PortTakenError, BrokerMissingError, BrokerUnavailableError, BackupError, TimeoutError) as error:
        fail(str(error))


@contextlib.contextmanager
def owned(folder: Path) -> Iterator[None]:
    """Hold the data directory, so that no second system writes into it; ends the command when it cannot be held.

    The kernel lets go of the lock when this process is gone, however it ended.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "up.lock").open("ab")
    except OSError as error:
        fail(f"The data directory {folder} cannot be used: {error.strerror}. Set WATCHFLOOR_DATA_DIR to another.")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            running = run_file.read(folder)
            where = f" (process {running.pid}, page {running.web})" if running is not None else ""
            fail(
                f"Watchfloor runs from {folder} already{where}. Stop it, or set WATCHFLOOR_DATA_DIR to another folder."
            )
        yield


async def _until_stopped(settings: Settings, demo: tuple[str, float, int] | None, open_page: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    local = Local(settings)
    starting = asyncio.create_task(_start(local, demo))
    stopping = asyncio.create_task(stop.wait())
    try:
        with console.status("starting") if console.is_terminal else contextlib.nullcontext():
            await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            await starting
            _greet(settings, demo is not None)
            if open_page:
                await asyncio.to_thread(_open, addresses(settings).web)
            await stop.wait()
        else:
            starting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await starting
    finally:
        say("stopping")
        await local.stop()


async def _start(local: Local, demo: tuple[str, float, int] | None) -> None:
    await local.start(say)
    if demo is not None:
        name, rate, seed = demo
        await local.add(name, "connect", "simulator", "--rate", str(rate), "--seed", str(seed))


def _greet(settings: Settings, is_demo: bool) -> None:
    where = addresses(settings)
    say(f"\nWatchfloor is up.\n  page      {where.web}\n  webhooks  {where.edge}/ingest/<connector>")
    say(f"  logs      {settings.data_dir / 'logs'}")
    if settings.embedded_broker:
        say(
            f"The embedded log is kept in memory (at most {settings.embedded_log_limit_mb} MB) and does not survive a "
            "restart;\nthe store does. For lasting use, run `watchfloor kafka up` first: Apache Kafka, on this machine."
        )
    if is_demo:
        say("Everything on the map is made up and marked SIMULATED.")
    say("Press Ctrl-C to stop.")


def _open(url: str) -> None:
    with contextlib.suppress(webbrowser.Error):
        webbrowser.open(url)


def _told(report: DemoReport) -> str:
    lines = [
        f"events: {report.events_accepted} accepted, {report.events_stored} stored",
        (
            f"alerts: {report.alerts_expected} expected, {report.alerts_received} received, {report.alerts_missing} "
            f"missing, {report.alerts_duplicated} duplicated, {report.alerts_unexpected} unexpected"
        ),
        *(
            [f"latency from edge to screen, ms: p50 {took.p50}, p95 {took.p95}, p99 {took.p99}"]
            if (took := report.latency_ms) is not None
            else []
        ),
        "memory, MB: " + ", ".join(f"{name} {size:.0f}" for name, size in report.rss_mb.items()),
        *report.failures,
        "PASSED" if report.ok else "FAILED",
    ]
    return "\n".join(lines)
