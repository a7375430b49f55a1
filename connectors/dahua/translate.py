"""Dahua's traffic events to plate reads. Pure: the same bytes give the same events, ids included."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.charset import decoded
from connectors.dahua.event import event_reads, has_time
from connectors.dahua.key_values import events_of, is_heartbeat
from connectors.dahua.tollgate import tollgate_read
from connectors.members import Members
from connectors.multipart import media_type_of, parts_of
from connectors.objects import Outcome, each_alone, take, translate_json
from connectors.translation import Context, Ignored, PayloadError, Translation

#: A captured stream holds an event and some pictures for each vehicle, and heartbeats between them.
MAX_PARTS = 1000


def translate(body: bytes, content_type: str, context: Context) -> Translation:
    """Return the reads of one posted payload: JSON, key-value text, or a stream of such parts.

    Raises PayloadError when the body as a whole cannot be read. A bad event among several is refused alone.
    """
    media_type, charset, boundary = media_type_of(content_type)
    if not media_type.startswith("multipart/") or not body.lstrip(b"\r\n").startswith(b"--"):
        return _one(body, charset, context)
    done = Translation()
    found = parts_of(body, boundary, MAX_PARTS)
    if not found:
        raise PayloadError("body", "has no part with an event")
    for index, part in enumerate(found):
        try:
            partial = _one(part.body, part.charset, context)
        except PayloadError as error:
            raise PayloadError(f"part[{index}].{error.field}", error.error) from None
        done.events.extend(partial.events)
        done.ignored.extend(partial.ignored)
        done.refused.extend(partial.refused)
        if len(done.events) + len(done.refused) + len(done.ignored) > MAX_PARTS:
            raise PayloadError("body", f"holds more than {MAX_PARTS} reads; send fewer at a time")
    return done


def _one(body: bytes, charset: str, context: Context) -> Translation:
    """A bare document or one part: JSON by its first sign, text otherwise."""
    text = _text(body, charset)
    begin = text.lstrip()[:1]
    if begin in ("{", "["):
        return translate_json(text.encode("utf-8", "surrogatepass"), lambda members: _json(members, context))
    done = Translation()
    if is_heartbeat(text):
        done.ignored.append(Ignored("heartbeat: the stream is alive"))
        return done
    if not text.strip():
        raise PayloadError("body", "is empty; send an event")
    events = events_of(text, "body")
    for index, event in enumerate(events):
        members = Members(event, f"Events[{index}]")
        take(done, lambda one: event_reads(one, context), members, members.as_json, index)
    # Nothing marks the end of a text, so one event that lacks what it needs may as well be cut off.
    if len(events) == 1 and done.refused:
        raise PayloadError(done.refused[0].field, done.refused[0].error)
    if len(events) == 1 and done.ignored and "Code" not in events[0] and not has_time(Members(events[0])):
        raise PayloadError("Events[0].UTC", "is missing; the text may be cut off")
    return done


def _text(body: bytes, charset: str) -> str:
    """Old firmware writes Chinese plates in GBK and does not say so."""
    try:
        return decoded(body, charset)
    except PayloadError:
        if charset:
            raise
        return decoded(body, "gb18030")


def _json(members: Members, context: Context) -> Iterator[Outcome]:
    """The shapes in which the devices and their relays send events as JSON."""
    picture = members.inside("Picture")
    if picture:
        yield from tollgate_read(members, picture, context)
        return
    lists = [members.inside("params"), members]
    for holder in lists:
        for name in ("eventList", "Events"):
            if isinstance(holder.value(name), list):
                yield from each_alone(holder.each(name), lambda one: event_reads(one, context))
                return
    if any(name in members for name in ("Code", "EventBaseInfo", "TrafficCar", "Data")):
        yield from event_reads(members, context)
        return
    yield Ignored("no Picture and no event: a heartbeat, or a message without a vehicle")
