"""Frames: every message's bytes end as events or as a named refusal, and nothing makes the decoder raise."""

from __future__ import annotations

from datetime import timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.events.camera_observation import CAMERA_OBSERVATION, EXAMPLE, CameraObservation
from schemas.registry import EVENT_TYPES
from schemas.wire.frame import MAX_EVENTS, FrameDecoder, encode_event, encode_frame, frame_headers, join_frame

DECODER = FrameDecoder(CAMERA_OBSERVATION)
GOOD = encode_event(EXAMPLE)


def observation(**changes: object) -> CameraObservation:
    return msgspec.structs.replace(EXAMPLE, **changes)


def with_share(json: bytes) -> bytes:
    assert b'"share":0.08' in GOOD
    return GOOD.replace(b'"share":0.08', b'"share":' + json)


def test_a_frame_comes_back_as_the_events_that_went_in() -> None:
    events = [observation(camera_id=f"c{i}") for i in range(3)]
    frame = DECODER.decode(encode_frame(events))
    assert frame.events == events
    assert list(frame.places) == [0, 1, 2]
    assert frame.rejected == []


@pytest.mark.parametrize("kind", EVENT_TYPES, ids=lambda kind: kind.name)
def test_every_example_survives_the_wire(kind) -> None:
    assert FrameDecoder(kind).decode(encode_frame(kind.examples)).events == list(kind.examples)


def test_joining_encoded_events_gives_the_same_frame_as_encoding_them_together() -> None:
    events = [EXAMPLE, observation(active=False)]
    assert join_frame([encode_event(event) for event in events]) == encode_frame(events)


def test_a_lone_object_is_a_frame_of_one() -> None:
    frame = DECODER.decode(GOOD)
    assert (frame.events, list(frame.places), frame.rejected) == ([EXAMPLE], [0], [])


def test_an_unknown_field_does_no_harm() -> None:
    assert DECODER.decode(GOOD[:-1] + b',"new_in_2030":[1,{"a":null}]}').events == [EXAMPLE]


@pytest.mark.parametrize("value", [None, b"[]"])
def test_a_tombstone_and_an_empty_frame_hold_nothing(value: bytes | None) -> None:
    frame = DECODER.decode(value)
    assert (frame.events, frame.rejected) == ([], [])


@pytest.mark.parametrize(
    ("bad", "reason", "named"),
    [
        (b'{"camera_id":"c"}', "invalid_field", "event_id"),
        (with_share(b"94"), "invalid_field", "$.share"),
        (with_share(b"1e999"), "invalid_field", "$.share"),
        (with_share(b'"a lot"'), "invalid_field", "$.share"),
        (GOOD.replace(b"2026-01-15T18:30:00Z", b"2026-01-15T18:30:00"), "invalid_field", "$.occurred_at"),
        (b"null", "invalid_field", "object"),
        (b"7", "invalid_field", "object"),
        (GOOD.replace(b"canal", b"ca\xffal"), "not_json", "utf-8"),
    ],
)
def test_a_bad_event_is_set_aside_alone_with_its_bytes_and_place(bad: bytes, reason: str, named: str) -> None:
    frame = DECODER.decode(b"[" + b",".join([GOOD, bad, GOOD]) + b"]")
    assert frame.events == [EXAMPLE, EXAMPLE]
    assert list(frame.places) == [0, 2]
    [rejected] = frame.rejected
    assert (rejected.original, rejected.index, rejected.reason) == (bad, 1, reason)
    assert named in rejected.error


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"not json",
        b"[" + GOOD + b",",
        b"[" + GOOD + b"] trailing",
        b"[{}," + GOOD,
        b"[" + with_share(b"NaN") + b"," + GOOD + b"]",
        b"[" + with_share(b"Infinity") + b"]",
        b"\xff\xfe\x00",
        b"[" * 200_000,
        b'[{"event_id":' + b"[" * 200_000,
        b"[" + GOOD + b"," + GOOD[:-1] + b',"deep":' + b"[" * 50_000 + b"]" * 50_000 + b"}]",
    ],
    ids=lambda value: repr(value[:12]) + str(len(value)),
)
def test_bytes_that_are_no_json_are_set_aside_whole(value: bytes) -> None:
    frame = DECODER.decode(value)
    assert frame.events == []
    [rejected] = frame.rejected
    assert (rejected.original, rejected.index, rejected.reason) == (value, -1, "not_json")
    assert rejected.error


def test_a_broken_lone_object_is_not_json() -> None:
    [rejected] = DECODER.decode(GOOD[:-5]).rejected
    assert (rejected.original, rejected.index, rejected.reason) == (GOOD[:-5], 0, "not_json")


def test_of_a_key_given_twice_the_last_one_counts() -> None:
    [event] = DECODER.decode(b"[" + with_share(b'0.5,"share":0.25') + b"]").events
    assert event.share == 0.25


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_no_bytes_at_all_make_the_decoder_raise_or_lose_them(value: bytes) -> None:
    frame = DECODER.decode(value)
    assert frame.rejected or value.strip() == b"[]"


@given(st.lists(st.sampled_from([GOOD, b"{}", b"1", with_share(b"2"), b'"x"']), min_size=1, max_size=20))
def test_every_element_of_a_frame_ends_as_an_event_or_a_refusal(parts: list[bytes]) -> None:
    frame = DECODER.decode(join_frame(parts))
    places = [*frame.places, *(rejected.index for rejected in frame.rejected)]
    assert sorted(places) == list(range(len(parts)))
    assert len(frame.events) == parts.count(GOOD)


def test_headers_follow_cloud_events_and_count_the_frame() -> None:
    local = EXAMPLE.occurred_at.astimezone(timezone(timedelta(hours=-6)))
    headers = dict(frame_headers(CAMERA_OBSERVATION, observation(occurred_at=local), 12))
    assert headers == {
        "content-type": b"application/json",
        "ce_specversion": b"1.0",
        "ce_type": b"rtcc.camera.observation.v1",
        "ce_id": str(EXAMPLE.event_id).encode(),
        "ce_source": b"camera_stream/canal",
        "ce_time": b"2026-01-15T18:30:00.000+00:00",
        "count": b"12",
    }


def test_a_trace_is_carried_in_the_headers_when_there_is_one() -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert dict(frame_headers(CAMERA_OBSERVATION, EXAMPLE, 1, trace))["traceparent"] == trace.encode()


def test_an_array_longer_than_a_frame_with_a_bad_element_is_set_aside_whole() -> None:
    value = b"[" + b"1," * MAX_EVENTS + b"1]"
    frame = DECODER.decode(value)
    assert frame.events == []
    [rejected] = frame.rejected
    assert (rejected.original, rejected.index, rejected.reason) == (value, -1, "too_many_events")


def test_an_array_longer_than_a_frame_is_read_when_all_of_it_can_be() -> None:
    frame = DECODER.decode(join_frame([GOOD] * (MAX_EVENTS + 1)))
    assert (len(frame.events), frame.rejected) == (MAX_EVENTS + 1, [])
