"""A map made ready: its paths understood once, and one read brought to an event by them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from connectors.lpr import (
    candidates,
    coordinates,
    heading,
    is_no_read,
    moment_of_epoch_s,
    moment_of_format,
    moment_of_iso,
    plate,
    word,
)
from connectors.members import Members
from connectors.plate_origin import origin
from connectors.translation import Context, Ignored, PayloadError
from connectors.webhook_map.map_file import SPEEDS, PayloadMap, Source
from connectors.webhook_map.selecting import Node, Selector, selector
from schemas.events.plate_read import PlateCandidate, PlateRead
from schemas.identity import identity

_PER_SECOND = {"epoch_s": 1, "epoch_ms": 1_000, "epoch_us": 1_000_000, "epoch_ns": 1_000_000_000}


def compiled(map_: PayloadMap) -> CompiledMap:
    """Return a map ready for use."""
    return CompiledMap(map_)


class CompiledMap:
    """What a map says, ready to be asked."""

    def __init__(self, map_: PayloadMap) -> None:
        content = map_.content
        self.name = map_.name
        self.format = content.format
        self.json_field = content.json_field
        #: A path that goes into an array at the top wants the array as one payload.
        self.takes_arrays = content.reads.replace(" ", "").startswith(("$[", "@["))
        self._reads = self._path(content.reads) if content.reads else None
        self._zone: tzinfo | None = ZoneInfo(content.zone) if content.zone else None
        self._identity = [self._path(text) for text in content.identity]
        self._ignore = [(skip, self._path(skip.path)) for skip in content.ignore]
        self._fields = {name: _Field(name, source, self.format) for name, source in content.fields.items()}
        self._candidates = content.candidates
        others = content.candidates
        self._each = self._path(others.each) if others else None
        self._other_text = self._path(others.plate) if others else None
        self._other_sure = self._path(others.confidence) if others and others.confidence else None

    def _path(self, text: str) -> Selector:
        return selector(text, self.format)

    def skipped(self, payload: Node) -> str | None:
        """Return why a payload makes no event, or None."""
        for skip, path in self._ignore:
            found = [str(value) for value in path.values(payload) if value not in (None, "")]
            if skip.absent:
                if not found:
                    return skip.reason
            elif found and (not skip.equals or any(value in skip.equals for value in found)):
                return skip.reason
        return None

    def reads(self, payload: Node) -> Sequence[Any]:
        """Return the reads of a payload, as objects or elements."""
        return [payload.read] if self._reads is None else self._reads.nodes(payload)

    def read(self, node: Node, context: Context) -> PlateRead | Ignored:
        """Return what one read becomes. Raises PayloadError when it is to be refused."""
        zone = self._zone or context.zone
        raw = self._needed("plate", node, 100)
        if raw is None or is_no_read(raw):
            return Ignored("a vehicle without a readable plate has nothing to read")
        read = plate(raw, self._at("plate"))
        # Each camera that names itself nowhere is given a copy of its own.
        camera = self._needed("camera_id", node, 200) or context.instance
        moment = self._moment("occurred_at", node, zone)
        if moment is None:
            raise PayloadError(self._at("occurred_at"), "is missing")
        own = [str(value) for path in self._identity for value in path.values(node)]
        stamp = moment.isoformat(timespec="microseconds")
        native = self._text("native_id", node, 200) or f"{camera[:120]}@{stamp}"
        lat, lon = coordinates(self._number("lat", node, 90), self._number("lon", node, 180), "lat", "lon")
        region = origin(self._text("plate_country", node, 100), self._text("plate_region", node, 100))
        expires = self._moment("image_expires_at", node, zone)
        image = self._text("image_ref", node, 2000)
        return PlateRead(
            event_id=identity("plate_read", context.source, camera, stamp, read, self._flag("is_preview", node), *own),
            occurred_at=moment,
            observed_at=context.observed_at,
            source=context.source,
            jurisdiction=context.jurisdiction,
            camera_id=camera,
            plate=read,
            plate_raw=raw,
            confidence=self._fraction("confidence", node) or 0.0,
            plate_region=region,
            region_confidence=self._fraction("region_confidence", node) if region else None,
            candidates=self._others(node, read),
            lat=lat,
            lon=lon,
            heading_deg=heading(self._number("heading_deg", node, 100_000)),
            speed_kmh=self._speed(node),
            vehicle_make=word(self._text("vehicle_make", node, 100)),
            vehicle_model=word(self._text("vehicle_model", node, 100)),
            vehicle_colour=word(self._text("vehicle_colour", node, 100)),
            vehicle_body=word(self._text("vehicle_body", node, 100)),
            is_preview=self._flag("is_preview", node),
            is_parked=self._flag("is_parked", node),
            image_ref=image,
            image_expires_at=expires if image else None,
            native_id=native,
            track_id=self._text("track_id", node, 200),
            device_sequence=self._members("device_sequence", node).whole("device_sequence"),
        )

    def _at(self, name: str) -> str:
        return self._fields[name].at

    def _members(self, name: str, node: Node) -> Members:
        """A field's value as a member of its own name, to be read as leniently as all others."""
        field = self._fields.get(name)
        return Members({} if field is None else {name: field.value(node)})

    def _needed(self, name: str, node: Node, limit: int) -> str | None:
        value = self._members(name, node)
        if name not in self._fields or name not in value or value.value(name) == "":
            return None
        try:
            return value.needed_text(name, limit=limit)
        except PayloadError as error:
            raise PayloadError(self._at(name), error.error) from None

    def _text(self, name: str, node: Node, limit: int) -> str | None:
        return self._members(name, node).text(name, limit=limit)

    def _number(self, name: str, node: Node, most: float) -> float | None:
        number = self._members(name, node).number(name)
        if number is None:
            return None
        number = round(number * self._fields[name].source.factor, 9)
        return number if -most <= number <= most else None

    def _speed(self, node: Node) -> float | None:
        number = self._number("speed_kmh", node, 1000)
        if number is None:
            return None
        speed = round(number * SPEEDS[self._fields["speed_kmh"].source.unit], 3)
        return speed if 0 <= speed <= 500 else None

    def _fraction(self, name: str, node: Node) -> float | None:
        field, value = self._fields.get(name), self._members(name, node)
        if field is None or value.value(name) in (None, ""):
            return None
        try:
            return value.confidence(name, full=field.source.full)
        except PayloadError as error:
            raise PayloadError(field.at, error.error) from None

    def _flag(self, name: str, node: Node) -> bool:
        return self._members(name, node).flag(name)

    def _moment(self, name: str, node: Node, zone: tzinfo) -> datetime | None:
        field = self._fields.get(name)
        if field is None or (value := field.value(node)) in (None, ""):
            return None
        formats = [field.source.format] if isinstance(field.source.format, str) else field.source.format
        zone = ZoneInfo(field.source.zone) if field.source.zone else zone
        refusal: PayloadError | None = None
        for one in formats:
            try:
                return _moment(value, one, field.at, zone)
            except PayloadError as error:
                refusal = refusal or error
        raise refusal or PayloadError(field.at, "is no time")

    def _others(self, node: Node, chosen: str) -> tuple[PlateCandidate, ...]:
        if self._candidates is None or self._each is None:
            return ()
        text_path, sure_path = self._other_text, self._other_sure
        assert text_path is not None
        found: list[tuple[str, float]] = []
        for one in self._each.nodes(node)[:200]:
            inside = Node(node.root, one, node.parents)
            texts = [value for value in text_path.values(inside) if isinstance(value, str)]
            sures = sure_path.values(inside) if sure_path else ()
            sure = Members({"c": sures[0]}).number("c", least=0, most=self._candidates.full) if sures else None
            if texts:
                found.append((texts[0][:100], round((sure or 0.0) / self._candidates.full, 10)))
        return candidates(found, chosen)


class _Field:
    """One field of a map."""

    def __init__(self, name: str, source: Source, kind: str) -> None:
        self.source = source
        self.at = " or ".join(source.paths) or name
        self._paths = [selector(text, kind) for text in source.paths]

    def value(self, node: Node) -> Any:
        """Return what is told, brought through the table of values; the default or None where nothing is."""
        source = self.source
        if source.value is not None:
            return source.value
        told = [self._first(path, node) for path in self._paths]
        found: Any
        if source.join is not None:
            found = None if any(one is None for one in told) else source.join.join(str(one) for one in told)
        else:
            found = next((one for one in told if one is not None), None)
        if found is not None and source.values is not None:
            # JSON writes true and numbers; the table's keys are text.
            found = source.values.get("true" if found is True else "false" if found is False else str(found))
        if found is None and source.default is None and source.required:
            raise PayloadError(self.at, "is missing")
        return source.default if found is None else found

    def _first(self, path: Selector, node: Node) -> Any:
        for value in path.values(node):
            if value is None or (isinstance(value, str) and (not value.strip() or value.strip() in self.source.none)):
                continue
            return value.strip() if isinstance(value, str) and self.source.join is not None else value
        return None


def _moment(value: Any, form: str, at: str, zone: tzinfo) -> datetime:
    if form in _PER_SECOND:
        members = Members({"t": value})
        whole = members.whole("t")
        try:
            number = members.needed_number("t") if whole is None else whole
        except PayloadError as error:
            raise PayloadError(at, error.error) from None
        return moment_of_epoch_s(number / _PER_SECOND[form], at)
    text = value if isinstance(value, str) else str(value)
    if len(text) > 64:
        raise PayloadError(at, "is too long for a time")
    return moment_of_iso(text, at, zone) if form == "iso" else moment_of_format(text, form, at, zone or UTC)
