"""sql: a question to the store, read-only, within limits."""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import Annotated

import httpx2
import typer

from compose.commands.output import AsJson, fail, plain
from compose.commands.server_api import ask, not_running
from compose.settings import Settings, load
from dashboards.server.ports import FORMATS
from pipeline.store.errors import QueryFailedError, QueryRefusedError, StoreError


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("sql")
    def sql(
        query: Annotated[str, typer.Argument(help="One SELECT (or SHOW TABLES, DESCRIBE TABLE name); - reads stdin.")],
        format_: Annotated[str, typer.Option("--format", help=f"{', '.join(FORMATS)}.")] = "Pretty",
        raw: Annotated[bool, typer.Option("--raw", help="CSV as it is, not made safe for spreadsheets.")] = False,
        as_json: AsJson = False,
    ) -> None:
        """Ask the store. Tables: plate_reads, sightings, calls, incidents, alerts, cameras, zones, ..."""
        settings = load()
        fmt = "JSON" if as_json else next((one for one in FORMATS if one.lower() == format_.lower()), "")
        if not fmt:
            fail(f"There is no format {format_}; there are {', '.join(FORMATS)}.", 2, as_json=as_json)
        text = sys.stdin.read() if query == "-" else query
        try:
            reply = ask(settings, "POST", "/api/sql", as_json=as_json, body={"sql": text, "format": fmt, "raw": raw})
            content = reply.content
        except httpx2.ConnectError:
            content = _alone(settings, text, fmt, raw, as_json)
        if fmt == "Pretty":
            content = plain(content.decode(errors="replace")).encode()
        sys.stdout.buffer.write(content)
        if content and not content.endswith(b"\n"):
            sys.stdout.buffer.write(b"\n")


def _alone(settings: Settings, text: str, fmt: str, raw: bool, as_json: bool) -> bytes:
    """Open the store directly, as nobody serves it. Only when it is there: a question must not make an empty one."""
    if settings.embedded_store and not (settings.data_dir / "store").exists():
        fail(not_running(settings), as_json=as_json)

    # The driver tells of every failed connection with a traceback; what we say ourselves is enough.
    logging.getLogger("clickhouse_driver").setLevel(logging.CRITICAL)
    # Here, because it brings the engine, and there is seldom need of it.
    from compose.store_opening import open_store

    async def run() -> bytes:
        store = await open_store(settings)
        try:
            return await store.foreign_query(text, fmt, spreadsheet_safe=not raw)  # type: ignore[arg-type]
        finally:
            await store.close()

    try:
        return asyncio.run(run())
    except QueryRefusedError as error:
        fail(str(error), 3, as_json=as_json)
    except (QueryFailedError, StoreError) as error:
        fail(str(error), as_json=as_json)
