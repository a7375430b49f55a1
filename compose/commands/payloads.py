"""connectors list and connectors try: what there is, and what a payload becomes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
import typer

from compose.commands.output import AsJson, answer, fail
from compose.payload_origins import Run, origins
from compose.settings import Settings, load
from compose.webhook_maps import NAME as MAPPED
from compose.webhook_maps import connectors_with_maps, maps_in_force, with_one_map
from connectors.ali.template import TemplateError
from connectors.cad.word_map import WordMapError
from connectors.manifest import Manifest
from connectors.registry import connector_names
from connectors.registry import load as load_connector
from connectors.translation import Context, PayloadError, Translation
from connectors.webhook_map.map_file import MapError
from schemas.registry import BY_CLASS
from schemas.wire.frame import utc_now

#: Fields that come from the edge and not from the payload.
_OF_THE_EDGE = ("observed_at", "source", "jurisdiction", "synthetic")
#: Paths shown beside a field; an id is made of more.
_SHOWN_PATHS = 6


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Where events come from, and what a payload becomes.", no_args_is_help=True)
    app.add_typer(group, name="connectors")

    @group.command("list")
    def listed(as_json: AsJson = False) -> None:
        """List the connectors, and the maps by which any other reader is read."""
        settings = load()
        manifests = [load_connector(name).manifest for name in connector_names()]
        maps = maps_in_force(settings)
        width = max(map(len, (*(one.name for one in manifests), *maps)))
        lines = [f"{one.name:<{width}}  {one.transport.value:<9}  {one.title}" for one in manifests]
        lines += ["", f"Maps of {MAPPED}:"]
        lines += [f"{name:<{width}}  {one.content.format:<9}  {one.content.title}" for name, one in maps.items()]
        value = {
            "connectors": [_told(one) for one in manifests],
            "maps": [
                {"name": name, "format": one.content.format, "title": one.content.title, "file": str(one.file)}
                for name, one in maps.items()
            ],
        }
        answer(value, as_json=as_json, text="\n".join(lines))

    @group.command("try")
    def tried(
        name: Annotated[str, typer.Argument(help="The connector, or connector/copy as in webhook_map/verkada.")],
        file: Annotated[Path, typer.Argument(help="The body as the reader sends it.")],
        map_file: Annotated[Path | None, typer.Option("--map", help="A map to try: webhook_map, ali, cad.")] = None,
        content_type: Annotated[str, typer.Option(help="As the reader sends it; else told by the body.")] = "",
        as_json: AsJson = False,
    ) -> None:
        """Show what a payload becomes, field by field and from where, what is ignored and what is refused, and why.

        Nothing is sent anywhere. Ends with 1 when anything is refused. Shows plates.
        """
        settings = load()
        manifest, run, copy = _connector(settings, name, map_file, as_json)
        try:
            body = file.read_bytes()
        except OSError as error:
            fail(f"{file} cannot be read: {error.strerror}", 2, as_json=as_json)
        kind = content_type or guessed_type(body, manifest)
        if kind.partition(";")[0].strip().lower() not in manifest.content_types:
            takes = ", ".join(manifest.content_types)
            fail(f"{manifest.name} does not take {kind}; it takes: {takes}", 2, as_json=as_json)
        context = Context(
            connector=manifest.name,
            instance=copy,
            observed_at=utc_now(),
            jurisdiction=settings.jurisdiction,
            zone=ZoneInfo(settings.readers_zone),
        )
        try:
            done = run(body, kind, context)
        except PayloadError as error:
            fail(
                f"Refused as a whole: {error.field}: {error.error}",
                as_json=as_json,
                connector=manifest.name,
                content_type=kind,
                field=error.field,
                reason=error.error,
            )
        value = _answer(done, manifest, kind, origins(body, kind, run, context))
        answer(value, as_json=as_json, text="\n".join(_lines(value)))
        if done.refused:
            raise typer.Exit(1)


def _told(one: Manifest) -> dict[str, Any]:
    return {
        "name": one.name,
        "title": one.title,
        "transport": one.transport.value,
        "vendor": one.vendor,
        "emits": one.emits,
        "content_types": one.content_types,
    }


def _connector(settings: Settings, name: str, map_file: Path | None, as_json: bool) -> tuple[Manifest, Run, str]:
    """The connector to try, how it translates, and the name of the copy. Ends the command when there is none."""
    wanted, _, copy = name.partition("/")
    known = connectors_with_maps(settings)
    if wanted not in known:
        why = "reads files or streams" if wanted in connector_names() else "is no connector"
        fail(f"{wanted} {why}; payloads are taken by: {', '.join(known)}", 2, as_json=as_json)
    manifest, run = known[wanted].manifest, known[wanted].translate
    assert run is not None
    if map_file is not None:
        try:
            mapped = with_one_map(wanted, map_file)
        except (MapError, TemplateError, WordMapError) as error:
            fail(str(error), 2, as_json=as_json)
        if mapped is None:
            fail(f"--map is for {MAPPED}, ali and cad", 2, as_json=as_json)
        run, name = mapped
        return manifest, run, f"{name}.{copy}" if copy else name
    if wanted == MAPPED and not copy:
        fail(
            f"say which map: --map FILE, or {MAPPED}/NAME of: {', '.join(maps_in_force(settings))}", 2, as_json=as_json
        )
    return manifest, run, copy or "default"


def guessed_type(body: bytes, manifest: Manifest) -> str:
    """Return the content type that a body looks like, of those the connector takes."""
    begin = body.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0")
    if begin.startswith(b"--"):
        boundary = begin[2:].splitlines()[0].strip().decode("latin-1")
        multipart = next((one for one in manifest.content_types if one.startswith("multipart/")), "multipart/form-data")
        return f"{multipart}; boundary={boundary}"
    if begin[:1] in (b"{", b"["):
        return "application/json"
    if begin[:1] == b"<":
        return next((one for one in manifest.content_types if one.endswith("xml")), "application/xml")
    if "text/plain" in manifest.content_types:
        return "text/plain"
    if "application/x-www-form-urlencoded" in manifest.content_types and b"=" in begin:
        return "application/x-www-form-urlencoded"
    return manifest.content_types[0]


def _answer(
    done: Translation, manifest: Manifest, kind: str, told: list[dict[str, list[str]]] | None
) -> dict[str, Any]:
    events = []
    for place, event in enumerate(done.events):
        fields: dict[str, Any] = {}
        for name in event.__struct_fields__:
            value = getattr(event, name)
            if name in _OF_THE_EDGE or value in (None, ()):
                continue
            fields[name] = {"value": value, "from": sorted(told[place].get(name, [])) if told else []}
        events.append({"event_type": BY_CLASS[type(event)].name, "fields": fields})
    return {
        "connector": manifest.name,
        "content_type": kind,
        "origins": told is not None,
        "events": events,
        "ignored": [one.reason for one in done.ignored],
        "refused": [
            {"index": one.index, "field": one.field, "error": one.error, "event_type": one.event_type}
            for one in done.refused
        ],
        "notices": done.notices,
        "active": [len(one.call_ids) for one in done.snapshots],
    }


def _lines(value: Mapping[str, Any]) -> list[str]:
    lines: list[str] = []
    for number, event in enumerate(value["events"], 1):
        lines.append(f"{number}. {event['event_type']}")
        width = max(map(len, event["fields"]))
        for name, field in event["fields"].items():
            paths = field["from"]
            more = f" and {len(paths) - _SHOWN_PATHS} more" if len(paths) > _SHOWN_PATHS else ""
            source = f"   <- {', '.join(paths[:_SHOWN_PATHS])}{more}" if paths else ""
            lines.append(f"   {name:<{width}}  {_shown(field['value'])}{source}")
    lines += [f"ignored: {reason}" for reason in value["ignored"]]
    lines += [f"refused: part {one['index']}: {one['field']}: {one['error']}" for one in value["refused"]]
    lines += [f"notice: {notice}" for notice in value["notices"]]
    lines += [f"a snapshot: {count} calls are active; others are closed" for count in value["active"]]
    if not value["origins"] and value["events"]:
        lines.append("(The payload is too large, or of a form, to find out what comes from where.)")
    return lines or ["nothing: the payload is empty"]


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode().strip('"')
    return text if len(text) <= 200 else f"{text[:200]}..."
