"""connect, process, store, serve: one role each, for many machines; `up` runs them all on one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from compose.commands.output import fail
from compose.roles.runner import run_role
from compose.settings import Settings, load


def register(app: typer.Typer) -> None:
    """Add the commands."""

    # A role is imported when it runs: engine, server and OpenCV take seconds that no other command should pay.

    @app.command("process")
    def process_command() -> None:
        """Run the stream processors: reads to sightings, calls to incidents, rules to alerts."""
        from compose.roles import process

        run_role("process", load(), process.run)

    @app.command("store")
    def store_command() -> None:
        """Store every event in ClickHouse (with the embedded store, `serve` does this itself)."""
        settings = load()
        if settings.embedded_store:
            fail("The embedded store belongs to `watchfloor serve`. Set WATCHFLOOR_CLICKHOUSE to use a server.")
        from compose.roles import store

        run_role("store", settings, store.run)

    @app.command("serve")
    def serve_command() -> None:
        """Serve the page, the API and the live map."""
        from compose.roles import serve

        run_role("serve", load(), serve.run)

    group = typer.Typer(help="Run an edge: webhooks by default, or a source that is watched or made up.")
    app.add_typer(group, name="connect")

    @group.callback(invoke_without_command=True)
    def webhooks(context: typer.Context) -> None:
        if context.invoked_subcommand is None:
            from compose.roles import connect

            run_role("connect", load(), connect.webhooks)

    @group.command("simulator")
    def simulator(
        rate: Annotated[float, typer.Option(help="Plate reads a second.", min=0.1, max=5000)] = 20.0,
        calls_per_minute: Annotated[float, typer.Option(help="911 calls a minute.", min=0, max=600)] = 6.0,
        seed: Annotated[int, typer.Option(help="The same seed makes the same city.")] = 1,
        duration: Annotated[float | None, typer.Option(help="Seconds after which no more is made up.")] = None,
        journal: Annotated[Path | None, typer.Option(help="File the ground truth is written to.")] = None,
    ) -> None:
        """Make up a city: traffic, calls, cameras; everything is marked synthetic."""
        from compose.roles import simulate

        async def body(settings: Settings, stop: asyncio.Event) -> None:
            await simulate.run(
                settings,
                stop,
                rate=rate,
                calls_per_minute=calls_per_minute,
                seed=seed,
                duration=duration,
                journal=journal,
            )

        run_role("simulator", load(), body)

    @group.command("camera")
    def camera(
        source: Annotated[str, typer.Argument(help="A video file (loops), or an rtsp:// or http:// address.")],
        camera_id: Annotated[str, typer.Option(help="The camera's id.")],
        lat: Annotated[float | None, typer.Option(help="Where it stands: latitude, degrees.")] = None,
        lon: Annotated[float | None, typer.Option(help="Where it stands: longitude, degrees.")] = None,
        name: Annotated[str, typer.Option(help="What people call it.")] = "",
    ) -> None:
        """Watch a camera's health and motion; pictures are looked at and forgotten."""
        from compose.roles import watch_camera

        async def body(settings: Settings, stop: asyncio.Event) -> None:
            await watch_camera.run(settings, stop, source=source, camera_id=camera_id, lat=lat, lon=lon, name=name)

        run_role(f"camera-{camera_id}", load(), body)

    @group.command("frigate")
    def frigate(
        host: Annotated[str, typer.Argument(help="The MQTT broker that Frigate publishes to.")],
        port: Annotated[int, typer.Option(help="Its port.", min=1, max=65535)] = 1883,
        prefix: Annotated[str, typer.Option(help="Frigate's topic_prefix.")] = "frigate",
        name: Annotated[str, typer.Option(help="Name of this copy, as in /ingest/frigate/NAME.")] = "default",
        tls: Annotated[bool, typer.Option("--tls", help="Speak TLS; mostly on port 8883.")] = False,
    ) -> None:
        """Read the plates that Frigate recognises from its MQTT broker."""
        from compose.roles import watch_frigate

        async def body(settings: Settings, stop: asyncio.Event) -> None:
            await watch_frigate.run(settings, stop, host=host, port=port, prefix=prefix, name=name, tls=tls)

        run_role(f"frigate-{name}", load(), body)
