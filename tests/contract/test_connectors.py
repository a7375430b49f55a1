"""What every connector promises. A connector is found by its folder; nothing here names one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.manifest import Transport
from connectors.registry import connector_names, load, webhooks
from connectors.translation import Context, PayloadError, Translation
from schemas.envelope import Event
from schemas.registry import BY_CLASS, BY_NAME
from schemas.wire.frame import MAX_EVENT_BYTES, FrameDecoder, encode_event

FIXTURES = Path(__file__).parent / "fixtures"
CONNECTORS = connector_names()
WEBHOOKS = tuple(webhooks())
#: Those that take JSON; others have bounds and depths of their own, which their unit tests hold.
TAKE_JSON = tuple(name for name, one in webhooks().items() if "application/json" in one.manifest.content_types)
CASES = [(name, path) for name in WEBHOOKS for path in sorted((FIXTURES / name).glob("*.body"))]
AT = datetime(2026, 1, 15, 18, 30, 6, tzinfo=UTC)
#: Fields of the envelope that come from the context; the fixtures tell the rest.
ENVELOPE = {"observed_at": "2026-01-15T18:30:06Z", "jurisdiction": "demo", "synthetic": False}


def context(name: str, at: datetime = AT, instance: str = "east") -> Context:
    return Context(connector=name, instance=instance, observed_at=at, jurisdiction="demo")


def translate(name: str, body: bytes, content_type: str, at: datetime = AT, instance: str = "") -> Translation:
    run = webhooks()[name].translate
    assert run is not None
    return run(body, content_type, context(name, at, instance or instance_of(name)))


def instance_of(name: str, path: Path | None = None) -> str:
    """The copy a fixture is sent to: east, unless the connector finds something by its name and the fixture says so."""
    files = [path] if path is not None else [file for owner, file in CASES if owner == name]
    return next((str(told) for file in files if (told := expectation(file).get("instance"))), "east")


def expectation(path: Path) -> dict[str, Any]:
    expected: dict[str, Any] = json.loads(path.with_suffix(".expected.json").read_bytes())
    return expected


def assert_sound(name: str, done: Translation) -> None:
    """Every event survives the wire unchanged, and says truthfully whose it is."""
    for event in done.events:
        kind = BY_CLASS[type(event)]
        encoded = encode_event(event)
        frame = FrameDecoder(kind).decode(encoded)
        assert frame.rejected == []
        assert frame.events == [event]
        assert len(encoded) <= MAX_EVENT_BYTES
        assert kind.name in load(name).manifest.emits
        assert event.source.startswith(f"{name}/")
        assert kind.key_of(event)
    for refused in done.refused:
        assert refused.event_type in load(name).manifest.emits
        assert refused.field
        assert refused.error
        assert isinstance(refused.original, bytes)


def assert_sound_or_refused(name: str, body: bytes, content_type: str) -> None:
    try:
        done = translate(name, body, content_type)
    except PayloadError as caught:
        refusal = caught
    else:
        assert_sound(name, done)
        return
    assert refusal.field
    assert refusal.error


def shown(event: Event) -> dict[str, Any]:
    """The event as the fixtures write it: without envelope fields from the context, and without empty ones."""
    fields: dict[str, Any] = json.loads(encode_event(event))
    assert {name: fields.pop(name) for name in ENVELOPE} == ENVELOPE
    del fields["source"]
    kept = {name: value for name, value in fields.items() if value is not None and value != []}
    return {"event_type": BY_CLASS[type(event)].name, **kept}


@pytest.mark.parametrize("name", CONNECTORS)
def test_a_connector_is_named_as_its_folder_and_emits_known_events(name: str) -> None:
    manifest = load(name).manifest
    assert manifest.name == name
    assert manifest.title
    assert manifest.emits
    assert [kind for kind in manifest.emits if kind not in BY_NAME] == []


@pytest.mark.parametrize("name", CONNECTORS)
def test_a_connectors_readme_says_what_it_makes_and_how_to_use_it(name: str) -> None:
    text = (load(name).folder / "README.md").read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert text.count("\n## ") >= 2
    assert "```" in text, "an example to copy"
    assert [kind for kind in load(name).manifest.emits if f"`{kind}`" not in text] == []


@pytest.mark.parametrize("name", WEBHOOKS)
def test_a_webhooks_readme_has_the_sections_people_look_for(name: str) -> None:
    text = (load(name).folder / "README.md").read_text(encoding="utf-8")
    for section in ("## Set it up", "## What becomes of it", "## Limits"):
        assert f"\n{section}\n" in text
    assert f"/ingest/{name}" in text


@pytest.mark.parametrize("name", WEBHOOKS)
def test_a_webhook_says_what_it_takes_and_from_whom(name: str) -> None:
    manifest = load(name).manifest
    assert manifest.content_types
    assert all(media_type == media_type.lower() and ";" not in media_type for media_type in manifest.content_types)
    assert 1024 <= manifest.max_body_bytes <= 64 * 1024 * 1024
    assert manifest.vendor
    assert manifest.format_source


@pytest.mark.parametrize("name", CONNECTORS)
def test_only_webhooks_are_served_by_the_edge(name: str) -> None:
    assert (name in WEBHOOKS) == (load(name).manifest.transport is Transport.WEBHOOK)


@pytest.mark.parametrize("name", WEBHOOKS)
def test_a_webhook_has_fixtures_for_each_event_it_makes_and_for_each_way_out(name: str) -> None:
    expected = [expectation(path) for owner, path in CASES if owner == name]
    made = {event["event_type"] for case in expected for event in case["events"]}
    assert made == set(load(name).manifest.emits)
    assert any(case["ignored"] for case in expected)
    assert any(case["refused"] for case in expected)
    sent = {case["content_type"].partition(";")[0] for case in expected}
    assert sent == set(load(name).manifest.content_types)


@pytest.mark.parametrize(("name", "path"), CASES, ids=lambda value: getattr(value, "stem", value))
def test_a_fixture_gives_the_expected_events(name: str, path: Path) -> None:
    expected = expectation(path)
    done = translate(name, path.read_bytes(), expected["content_type"], instance=instance_of(name, path))
    assert_sound(name, done)
    assert {event.source for event in done.events} <= {f"{name}/{instance_of(name, path)}"}
    assert [shown(event) for event in done.events] == expected["events"]
    assert [ignored.reason for ignored in done.ignored] == expected["ignored"]
    refused = [
        {"index": part.index, "field": part.field, "error": part.error, "event_type": part.event_type}
        for part in done.refused
    ]
    assert refused == expected["refused"]


@pytest.mark.parametrize(("name", "path"), CASES, ids=lambda value: getattr(value, "stem", value))
def test_the_same_bytes_give_the_same_events_whenever_they_come(name: str, path: Path) -> None:
    body, content_type = path.read_bytes(), expectation(path)["content_type"]
    instance = instance_of(name, path)
    first = translate(name, body, content_type, instance=instance)
    assert translate(name, body, content_type, instance=instance) == first
    later = translate(name, body, content_type, AT + timedelta(hours=3), instance)
    assert [event.event_id for event in later.events] == [event.event_id for event in first.events]


@pytest.mark.parametrize(("name", "path"), CASES, ids=lambda value: getattr(value, "stem", value))
def test_another_instance_makes_other_ids(name: str, path: Path) -> None:
    body, content_type = path.read_bytes(), expectation(path)["content_type"]
    run = webhooks()[name].translate
    assert run is not None
    instance = instance_of(name, path)
    west = run(body, content_type, Context(connector=name, instance=f"{instance}.west", observed_at=AT))
    here = {event.event_id for event in translate(name, body, content_type, instance=instance).events}
    assert here.isdisjoint(event.event_id for event in west.events)


@pytest.mark.parametrize(("name", "path"), CASES, ids=lambda value: getattr(value, "stem", value))
def test_a_payload_cut_off_anywhere_is_refused_and_never_breaks(name: str, path: Path) -> None:
    body, content_type = path.read_bytes(), expectation(path)["content_type"]
    for length in range(0, len(body) - 2, max(1, len(body) // 60)):
        with pytest.raises(PayloadError) as caught:
            translate(name, body[:length], content_type, instance=instance_of(name, path))
        assert caught.value.field
        assert caught.value.error


def sent_types(name: str) -> st.SearchStrategy[str]:
    known = sorted({expectation(path)["content_type"] for owner, path in CASES if owner == name})
    odd = ["", "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "x" * 300]
    return st.sampled_from(known + odd)


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.text(max_size=200),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=20), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner: list[tuple[Any, ...]] = [at]
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in pairs:
        inner += places(part, (*at, key))
    return inner


def put(value: Any, at: tuple[Any, ...], new: Any) -> Any:
    if not at:
        return new
    changed = dict(value) if isinstance(value, dict) else list(value)
    changed[at[0]] = put(value[at[0]], at[1:], new)
    return changed


@pytest.mark.parametrize("name", WEBHOOKS)
@settings(max_examples=200, deadline=None, derandomize=True)
@given(data=st.data())
def test_arbitrary_bytes_raise_nothing_but_payload_errors(name: str, data: st.DataObject) -> None:
    body = data.draw(st.binary(max_size=400) | st.text(max_size=200).map(str.encode) | JSON_VALUES.map(to_bytes))
    content_type = data.draw(sent_types(name))
    assert_sound_or_refused(name, body, content_type)


def to_bytes(value: Any) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize("name", TAKE_JSON)
@settings(max_examples=400, deadline=None, derandomize=True)
@given(data=st.data())
def test_a_real_payload_with_one_value_spoilt_makes_only_sound_events(name: str, data: st.DataObject) -> None:
    bodies = [path.read_bytes() for owner, path in CASES if owner == name and path.read_bytes()[:1] in b"{["]
    payload = json.loads(data.draw(st.sampled_from(bodies)))
    spoilt = put(payload, data.draw(st.sampled_from(places(payload))), data.draw(JSON_VALUES))
    assert_sound_or_refused(name, to_bytes(spoilt), "application/json")


@pytest.mark.parametrize("name", WEBHOOKS)
def test_deep_nesting_is_a_payload_error(name: str) -> None:
    for body in (b"[" * 100_000, b'{"data":' * 50_000, b'{"x":' + b"[" * 5000 + b"]" * 5000 + b"}"):
        with pytest.raises(PayloadError):
            translate(name, body, "application/json")


@pytest.mark.parametrize("name", TAKE_JSON)
def test_one_payload_cannot_make_any_number_of_parts(name: str) -> None:
    with pytest.raises(PayloadError) as caught:
        translate(name, b"[" + b",".join([b"{}"] * 1001) + b"]", "application/json")
    assert caught.value.field == "body"
    assert "1000" in caught.value.error
