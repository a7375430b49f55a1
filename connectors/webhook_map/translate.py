"""Payloads to plate reads by a map. Pure: the same bytes and map give the same events, ids included."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl
from xml.etree.ElementTree import Element, tostring

import msgspec

from connectors.json_body import json_of
from connectors.members import Members
from connectors.multipart import media_type_of, parts_of
from connectors.objects import check_size
from connectors.payload import MAX_PARTS, decode, split_parts
from connectors.translation import Context, Ignored, PayloadError, Refused, Translation
from connectors.webhook_map.compiled import CompiledMap, compiled
from connectors.webhook_map.map_file import PayloadMap, built_in
from connectors.webhook_map.selecting import Node
from connectors.xml_text import tree

_any = msgspec.json.Decoder(Any)
_MAX_FIELDS = 200


def translator(maps: Mapping[str, PayloadMap]) -> Callable[[bytes, str, Context], Translation]:
    """Return a translator that finds its map by the copy's name: ``lilin``, or ``lilin.gate`` for one copy of it."""
    understood = {name: compiled(one) for name, one in maps.items()}

    def run(body: bytes, content_type: str, context: Context) -> Translation:
        name = context.instance.partition(".")[0]
        if name not in understood:
            raise PayloadError("path", f"no map is called so; known are: {', '.join(sorted(understood))}")
        return _translate(understood[name], body, content_type, context)

    return run


def translate(body: bytes, content_type: str, context: Context) -> Translation:
    """Return the reads of one posted payload, by the maps that come along.

    Raises PayloadError when the body as a whole cannot be read, or no map is named as the copy. A bad read among
    several is refused alone.
    """
    return _with_built_in()(body, content_type, context)


@cache
def _with_built_in() -> Callable[[bytes, str, Context], Translation]:
    return translator(built_in())


def _translate(by: CompiledMap, body: bytes, content_type: str, context: Context) -> Translation:
    done = Translation()
    for payload in _payloads(by, body, content_type):
        reason = by.skipped(payload)
        if reason is not None:
            done.ignored.append(Ignored(reason))
            continue
        reads = by.reads(payload)
        if not reads:
            done.ignored.append(Ignored("the map finds no read in it"))
        if len(reads) > MAX_PARTS:
            raise PayloadError("body", f"holds more than {MAX_PARTS} reads; send fewer at a time")
        for place, read in enumerate(reads):
            node = Node(payload.root, read, payload.parents)
            try:
                event = by.read(node, context)
            except PayloadError as error:
                done.refused.append(Refused(error.field, error.error, "plate_read", _bytes(read), place))
                continue
            if isinstance(event, Ignored):
                done.ignored.append(event)
            else:
                done.events.append(event)
            check_size(done)
    if done.refused and by.format == "form" and not by.json_field:
        # Nothing marks the end of a form, so one that lacks what it needs may as well be cut off.
        raise PayloadError(done.refused[0].field, done.refused[0].error)
    return done


def _payloads(by: CompiledMap, body: bytes, content_type: str) -> Iterator[Node]:
    media_type, charset, boundary = media_type_of(content_type)
    kind = by.format
    if kind == "xml":
        if media_type.startswith("multipart/") and not body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            found = [part for part in parts_of(body, boundary, 50) if part.body.lstrip()[:1] == b"<"]
            if len(found) != 1:
                raise PayloadError("body", f"has {'more than one part' if found else 'no part'} with XML")
            body, charset = found[0].body, found[0].charset
        root = tree(body, charset)
        _plain_names(root)
        yield Node(root, root, {child: parent for parent in root.iter() for child in parent})
    elif kind == "form" and not by.json_field:
        form = _form(body, media_type, boundary)
        yield Node(form, form)
    else:
        yield from _json(by, body, content_type, media_type, boundary)


def _json(by: CompiledMap, body: bytes, content_type: str, media_type: str, boundary: bytes) -> Iterator[Node]:
    if by.json_field:
        text = _form(body, media_type, boundary).get(by.json_field)
        if text is None:
            raise PayloadError(by.json_field, "is missing in the form")
        body = text.encode("utf-8", "surrogatepass")
    else:
        body = json_of(body, content_type)
    parts, is_batch = split_parts(body)
    if is_batch and by.takes_arrays:
        whole = [decode(_any, raw) for raw in parts]
        yield Node(whole, whole)
        return
    for index, raw in enumerate(parts):
        value = decode(_any, raw, f"[{index}]" if is_batch else "")
        if not isinstance(value, dict):
            raise PayloadError(f"[{index}]", "expected an object")
        yield Node(value, value)


def _form(body: bytes, media_type: str, boundary: bytes) -> dict[str, str]:
    if media_type.startswith("multipart/"):
        parts = parts_of(body, boundary, 50)
        return {part.name: part.body.decode("utf-8", "replace") for part in parts if part.name}
    if media_type != "application/x-www-form-urlencoded":
        raise PayloadError("content-type", "this map reads a form")
    try:
        fields = parse_qsl(body.strip(), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise PayloadError("body", f"the form has more than {_MAX_FIELDS} fields") from None
    if not fields:
        raise PayloadError("body", "is no form")
    return {name.decode("utf-8", "replace"): value.decode("utf-8", "replace") for name, value in fields}


def _plain_names(root: Element) -> None:
    for element in root.iter():
        if isinstance(element.tag, str):
            element.tag = element.tag.rpartition("}")[2]
        if element.attrib:
            plain = {name.rpartition("}")[2]: value for name, value in element.attrib.items()}
            element.attrib.clear()
            element.attrib.update(plain)


def _bytes(read: Any) -> bytes:
    """A refused read for its dead letter."""
    if isinstance(read, Element):
        return bytes(tostring(read, "utf-8"))
    return Members({"read": read} if not isinstance(read, dict) else read).as_json()
