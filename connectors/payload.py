"""Reading JSON from strangers: every failure is a PayloadError that names the field and never repeats its value."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from connectors.translation import PayloadError

T = TypeVar("T")

#: More parts than this in one payload are refused: it bounds the work and the dead letters one request can make.
MAX_PARTS = 1000

_BOM = b"\xef\xbb\xbf"
_raw = msgspec.json.Decoder(msgspec.Raw)
_raws = msgspec.json.Decoder(list[msgspec.Raw])
_AT = re.compile(r" - at `(?:key in )?\$(?P<path>[^`]*)`$")
_MISSING = re.compile(r"^Object missing required field `(?P<name>[^`]+)`")
_BYTE = re.compile(r"\(byte (\d+)\)$")
_LAST_KEY = re.compile(rb'"([A-Za-z_][A-Za-z0-9_]{0,60})"\s*:[^":{}]*$')


def join_path(prefix: str, path: str) -> str:
    """Return a path below a prefix: ``results[0]`` and ``plate`` give ``results[0].plate``."""
    path = path.removeprefix(".")
    if not prefix or not path or path.startswith("["):
        return prefix + path
    return f"{prefix}.{path}"


def field_and_reason(message: str, prefix: str = "") -> tuple[str, str]:
    """Split a msgspec validation message into the offending field's path and the reason in plain words."""
    at = _AT.search(message)
    path = join_path(prefix, at["path"]) if at else prefix
    reason = message[: at.start()] if at else message
    missing = _MISSING.match(reason)
    if missing:
        return join_path(path, missing["name"]), "is missing"
    return path or "body", reason.replace("`", "").replace("Expected", "expected", 1)


def decode(decoder: msgspec.json.Decoder[T], raw: bytes | msgspec.Raw, prefix: str = "") -> T:
    """Return a payload or a part of it, typed. Raises PayloadError naming the field below ``prefix``."""
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise PayloadError(*field_and_reason(str(error), prefix)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PayloadError(*_syntax(bytes(raw), error, prefix)) from None


def _syntax(raw: bytes, error: Exception, prefix: str) -> tuple[str, str]:
    """Say where text stops being JSON: the key before the bad byte, if one stands there, else the body."""
    if isinstance(error, UnicodeDecodeError):
        return prefix or "body", "is not UTF-8 text"
    if isinstance(error, RecursionError):
        return prefix or "body", "is nested too deeply"
    at = _BYTE.search(str(error))
    if at is None:
        return prefix or "body", "is not valid JSON: it is cut off or holds a broken character"
    place = int(at[1])
    key = _LAST_KEY.search(raw, max(0, place - 200), place)
    name = join_path(prefix, key[1].decode()) if key else prefix
    hint = " (NaN and Infinity are not JSON numbers)" if raw[place : place + 2].strip(b"-")[:1] in (b"N", b"I") else ""
    return name or "body", f"is not valid JSON at byte {place}{hint}"


def split_parts(body: bytes, max_parts: int = MAX_PARTS) -> tuple[list[msgspec.Raw], bool]:
    """Return the JSON objects of a body, still encoded, and whether they came as an array.

    Raises PayloadError when the body is empty, is not JSON, is neither object nor array, or has too many elements.
    """
    text = body.removeprefix(_BOM).strip()
    if not text:
        raise PayloadError("body", "is empty; send a JSON object")
    if text[:1] == b"[":
        parts = decode(_raws, text)
        if len(parts) > max_parts:
            raise PayloadError("body", f"holds {len(parts)} elements; send at most {max_parts} at a time")
        return parts, True
    part = decode(_raw, text)
    if text[:1] != b"{":
        raise PayloadError("body", "expected a JSON object, or an array of objects")
    return [part], False
