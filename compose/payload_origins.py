"""Where in a payload each field of an event comes from, found by trial: change one value, see what becomes different.

So it holds for every connector and every map, and cannot say anything else than what the translator does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from typing import Any
from urllib.parse import parse_qsl, urlencode
from xml.etree.ElementTree import Element, tostring

import msgspec
from msgspec import Struct

from connectors.charset import decoded
from connectors.multipart import media_type_of
from connectors.translation import Context, PayloadError, Translation
from connectors.xml_text import local, tree
from schemas.envelope import Event

Run = Callable[[bytes, str, Context], Translation]

#: Beyond these a payload is shown without origins: each value costs two or more translations of it.
MAX_VALUES = 1200
MAX_EVENTS = 20
#: Longer texts are pictures.
_MAX_TEXT = 4000


class Value(Struct, frozen=True):
    """One value of a payload: its path, its text, and the body with another in its place (None: without it)."""

    path: str
    text: str
    body_with: Callable[[str | None], bytes]


def origins(body: bytes, content_type: str, run: Run, context: Context) -> list[dict[str, list[str]]] | None:
    """Return for each event what paths its fields come from; None when the payload is too large to try."""
    try:
        plain_type, found = values(body, content_type)
    except (PayloadError, ValueError):
        return None
    first = _events(run, found[0].body_with(found[0].text) if found else body, plain_type, context)
    if len(found) > MAX_VALUES or len(first) > MAX_EVENTS or len(first) != len(run(body, content_type, context).events):
        return None
    told: list[dict[str, list[str]]] = [{} for _ in first]
    for value in found:
        for place, names in _differing(value, first, run, plain_type, context).items():
            for name in names:
                told[place].setdefault(name, []).append(value.path)
    return told


def _differing(
    value: Value, first: Sequence[Event], run: Run, content_type: str, context: Context
) -> dict[int, list[str]]:
    """Which fields of which events differ when a value is another; when none outlives that, when it is missing."""
    for other in (*_others(value.text), None):
        changed = _events(run, value.body_with(other), content_type, context)
        if len(changed) != len(first):
            continue
        different = {place: names for place in range(len(first)) if (names := _names(first[place], changed[place]))}
        if different or other is None:
            return different
    return {}


def _events(run: Run, body: bytes, content_type: str, context: Context) -> Sequence[Event]:
    try:
        return run(body, content_type, context).events
    except PayloadError:
        return ()


def _names(before: Event, after: Event) -> list[str]:
    if type(before) is not type(after):
        return []
    return [name for name in before.__struct_fields__ if getattr(before, name) != getattr(after, name)]


def _others(text: str) -> Iterator[str]:
    """Texts that differ a little, and most likely are of the same kind: a number stays one, a time stays one."""
    low = text.strip().lower()
    if low in ("true", "false"):
        yield "false" if low == "true" else "true"
        return
    places = [place for place, char in enumerate(text) if char.isascii() and char.isalnum()]
    for place in (places[-1:] + places[:1]) if places else []:
        char = text[place]
        if char.isdigit():
            new = str(int(char) - 1) if char != "0" else "1"
        else:
            new = {"z": "y", "Z": "Y"}.get(char, chr(ord(char) + 1))
        yield text[:place] + new + text[place + 1 :]
    digits = [place for place, char in enumerate(text) if char.isascii() and char.isdigit()]
    if digits and digits[-1] not in (places[-1], places[0]):
        place = digits[-1]
        yield text[:place] + ("1" if text[place] == "0" else str(int(text[place]) - 1)) + text[place + 1 :]


def values(body: bytes, content_type: str) -> tuple[str, list[Value]]:
    """Return the content type for changed bodies, and the values of a body: JSON, XML, key-value text, or a form."""
    media_type, charset, boundary = media_type_of(content_type)
    if media_type.startswith("multipart/") and boundary and body.lstrip(b"\r\n").startswith(b"--"):
        return content_type, _of_parts(body, boundary)
    if media_type == "application/x-www-form-urlencoded":
        return content_type, _of_form(body)
    return f"{media_type}; charset=utf-8", _of_text(body, charset)


def _of_text(body: bytes, charset: str) -> list[Value]:
    begin = body.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0")[:1]
    if begin == b"<":
        root = tree(body, charset)
        return [_xml_value(root, number, place) for number, place in enumerate(_xml_places(root))]
    text = decoded(body, charset)
    if begin in (b"{", b"["):
        payload = msgspec.json.decode(text.encode("utf-8", "surrogatepass"))
        return [_json_value(payload, at) for at in _json_places(payload)]
    lines = text.splitlines()
    return [_line_value(lines, number) for number, line in enumerate(lines) if "=" in line]


def _json_places(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _json_places(inner, (*at, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _json_places(inner, (*at, number))
    elif value is not None and (not isinstance(value, str) or len(value) <= _MAX_TEXT):
        yield at


def _json_value(payload: Any, at: tuple[str | int, ...]) -> Value:
    here: Any = payload
    for step in at:
        here = here[step]
    text = here if isinstance(here, str) else json.dumps(here)

    def body_with(new: str | None) -> bytes:
        changed = deepcopy(payload)
        holder: Any = changed
        for step in at[:-1]:
            holder = holder[step]
        if new is None:
            del holder[at[-1]]
        else:
            holder[at[-1]] = new if isinstance(here, str) else _number(new)
        return json.dumps(changed).encode()

    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in at).lstrip(".")
    return Value(path, text, body_with)


def _number(text: str) -> Any:
    """A changed number may not be written as JSON has it (01)."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _xml_places(root: Element) -> list[tuple[str, str]]:
    """Path and attribute ("" for the text) of each value, in document order."""
    found: list[tuple[str, str]] = []

    def walk(element: Element, path: str) -> None:
        found.extend((path, name) for name in element.attrib)
        if len(element) == 0 and (element.text or "").strip() and len(element.text or "") <= _MAX_TEXT:
            found.append((path, ""))
        names = [local(child) for child in element]
        for number, (child, name) in enumerate(zip(element, names, strict=True)):
            nth = f"[{names[: number + 1].count(name)}]" if names.count(name) > 1 else ""
            walk(child, f"{path}/{name}{nth}")

    walk(root, local(root))
    return found


def _xml_value(root: Element, number: int, place: tuple[str, str]) -> Value:
    """The ``number``-th value, as ``_xml_places`` counts."""

    def at(tree_: Element) -> tuple[Element, Element | None]:
        count = 0
        stack: list[tuple[Element, Element | None]] = [(tree_, None)]
        while stack:
            element, parent = stack.pop()
            inside = len(element.attrib)
            is_leaf = len(element) == 0 and (element.text or "").strip() and len(element.text or "") <= _MAX_TEXT
            if count <= number < count + inside + bool(is_leaf):
                return element, parent
            count += inside + bool(is_leaf)
            stack.extend((child, element) for child in reversed(element))
        raise AssertionError("counted past the end")

    path, attribute = place

    def body_with(new: str | None) -> bytes:
        changed = deepcopy(root)
        element, parent = at(changed)
        if attribute:
            if new is None:
                del element.attrib[attribute]
            else:
                element.attrib[attribute] = new
        elif new is None and parent is not None:
            parent.remove(element)
        else:
            element.text = new
        return bytes(tostring(changed, "utf-8"))

    element = at(root)[0]
    text = element.attrib[attribute] if attribute else (element.text or "").strip()
    shown = path.partition("/")[2] or path
    return Value(f"{shown}/@{attribute.rpartition('}')[2]}" if attribute else shown, text, body_with)


def _line_value(lines: Sequence[str], number: int) -> Value:
    key, _, text = lines[number].partition("=")

    def body_with(new: str | None) -> bytes:
        changed = [*lines[:number], *([] if new is None else [f"{key}={new}"]), *lines[number + 1 :]]
        return ("\r\n".join(changed) + "\r\n").encode("utf-8", "surrogatepass")

    return Value(key.strip(), text.strip(), body_with)


def _of_form(body: bytes) -> list[Value]:
    fields = parse_qsl(body.decode("utf-8", "replace").strip(), keep_blank_values=True)
    found: list[Value] = []
    for number, (name, text) in enumerate(fields):

        def with_text(new: bytes | None, number: int = number, name: str = name) -> bytes:
            one = [] if new is None else [(name, new.decode("utf-8", "surrogatepass"))]
            return urlencode([*fields[:number], *one, *fields[number + 1 :]]).encode()

        found += _inside(name, text.encode("utf-8", "surrogatepass"), with_text)
    return found


def _of_parts(body: bytes, boundary: bytes) -> list[Value]:
    mark = b"--" + (boundary if body.lstrip(b"\r\n").startswith(b"--" + boundary) else boundary.removeprefix(b"--"))
    pieces = body.split(mark)
    found: list[Value] = []
    for number, piece in enumerate(pieces[1:], 1):
        head, gap, content = piece.partition(b"\r\n\r\n")
        if not gap or b"image/" in head.lower():
            continue
        name = _part_name(head) or f"part[{number - 1}]"

        def with_text(new: bytes | None, number: int = number, head: bytes = head) -> bytes:
            one = [] if new is None else [head + b"\r\n\r\n" + new + b"\r\n"]
            return mark.join([*pieces[:number], *one, *pieces[number + 1 :]])

        found += _inside(name, content.removesuffix(b"\r\n"), with_text)
    return found


def _part_name(head: bytes) -> str:
    for line in head.decode("latin-1").splitlines():
        if line.lower().startswith("content-disposition") and 'name="' in line:
            return line.partition('name="')[2].partition('"')[0]
    return ""


def _inside(name: str, text: bytes, with_text: Callable[[bytes | None], bytes]) -> list[Value]:
    """The values of a form's field: of the document that it holds, or itself."""
    try:
        inner = _of_text(text, "") if text.lstrip()[:1] in (b"{", b"[", b"<") or b"\n" in text else []
    except (PayloadError, msgspec.DecodeError, ValueError):
        inner = []
    if not inner:
        plain = text.decode("utf-8", "replace")
        return [Value(name, plain, lambda new: with_text(None if new is None else new.encode()))]

    def nested(one: Value) -> Value:
        return Value(one.path, one.text, lambda new: with_text(one.body_with(new)))

    return [nested(one) for one in inner]
