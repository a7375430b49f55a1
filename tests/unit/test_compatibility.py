"""What the check of compatibility lets through, and what it stops with a sentence that says what to do."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta, Struct

from schemas.compatibility import Shape, check, problems, record, recorded, shapes, unresolved
from schemas.envelope import Event
from schemas.event_type import EventType, Table
from schemas.generate.__main__ import main
from schemas.wire.frame import FrameDecoder, encode_event


class Part(Struct, frozen=True):
    name: str
    size: int = 0


class Before(Event, frozen=True, kw_only=True):
    subject: str
    place: str
    mood: Literal["calm", "tense"] = "calm"
    level: Annotated[int, Meta(ge=0, le=10)] = 0
    parts: tuple[Part, ...] = ()
    old: Annotated[str, Meta(extra_json_schema={"deprecated": True})] = ""


def kind_of(cls: type[Any]) -> EventType[Any]:
    return EventType(name="thing", cls=cls, topic="rtcc.test.thing.v1", key="subject",
                     table=Table(name="things", order_by=("subject",)))  # fmt: skip


BEFORE = shapes([kind_of(Before)])


def found(change: Callable[[Shape], None]) -> list[str]:
    """The problems of a version that differs from the released one by ``change``."""
    now = copy.deepcopy(BEFORE)
    change(now["events"]["thing"])
    return problems({"1.0.0": BEFORE}, now)


def fields(event: Shape) -> Shape:
    within: Shape = event["body"]["fields"]
    return within


def test_this_version_fits_every_release() -> None:
    assert recorded(), "at least one release is recorded"
    assert check() == []


def test_the_check_of_generated_files_checks_it_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("schemas.compatibility.check", lambda: ["a.b: it was removed"])
    assert main(["--check"]) == 1
    assert "incompatible: a.b: it was removed" in capsys.readouterr().err


def test_an_optional_field_and_an_event_type_may_be_added() -> None:
    class After(Before, frozen=True, kw_only=True):
        more: str | None = None

    now = shapes([kind_of(After)])
    now["events"]["another"] = now["events"]["thing"]
    assert problems({"1.0.0": BEFORE}, now) == []


def test_both_versions_read_each_others_events_when_a_field_was_added() -> None:
    """What the check promises, done with the decoder of the wire."""

    class After(Before, frozen=True, kw_only=True):
        more: str | None = None

    common = {
        "event_id": "8f3a2f1c-31f6-5c43-9f0a-2f6a2f3f2b11",
        "occurred_at": "2026-01-15T18:30:05.125Z",
        "observed_at": "2026-01-15T18:30:05.125Z",
        "source": "test/x",
        "subject": "S",
        "place": "P",
    }
    newer = encode_event(msgspec.convert({**common, "more": "new"}, After))
    older = encode_event(msgspec.convert(common, Before))
    for cls, raw in ((Before, newer), (After, older), (After, newer)):
        frame = FrameDecoder(kind_of(cls)).decode(b"[" + raw + b"]")
        assert (len(frame.events), frame.rejected) == (1, [])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda event: fields(event).pop("place"), "thing.place: it was removed or renamed, and 1.0.0 requires it"),
        (lambda event: fields(event).pop("level"), "thing.level: it was removed or renamed without"),
        (
            lambda event: fields(event).update(more={"type": {"kind": "str", "limits": {}}, "required": True}),
            "thing.more: it is new and required",
        ),
        (lambda event: fields(event)["level"].update(required=True), "thing.level: it is required"),
        (lambda event: fields(event)["place"]["type"].update(kind="int"), "thing.place: its type was str"),
        (lambda event: fields(event)["place"]["type"].update(null=True), "thing.place: it may be null"),
        (lambda event: fields(event)["mood"]["type"].update(values=["calm"]), "thing.mood: 'tense' is refused"),
        (
            lambda event: fields(event)["mood"]["type"].update(values=["calm", "tense", "wild"]),
            "thing.mood: 'wild' is new",
        ),
        (
            lambda event: fields(event)["level"]["type"].update(limits={"ge": 0, "le": 5}),
            "thing.level: its limits were ge 0, le 10 in 1.0.0",
        ),
        (lambda event: event["body"].update(closed=True), "thing: it refuses fields it does not know"),
        (
            lambda event: fields(event)["parts"]["type"]["item"]["fields"].pop("name"),
            "thing.parts[].name: it was removed",
        ),
        (lambda event: event.update(key="place"), "thing: its key was 'subject'"),
        (lambda event: event.update(topic="rtcc.test.thing.v2"), "thing: its topic was"),
        (lambda event: event.update(table="others"), "thing: its table was"),
    ],
)
def test_what_one_of_two_versions_could_not_read_is_told(change: Callable[[Shape], None], told: str) -> None:
    (sentence,) = found(change)
    assert sentence.startswith(told)


def test_a_field_that_was_deprecated_for_a_release_may_go() -> None:
    assert found(lambda event: fields(event).pop("old")) == []


def test_an_event_type_that_is_gone_and_keys_that_move_are_told() -> None:
    (gone,) = problems({"1.0.0": BEFORE}, {**BEFORE, "events": {}})
    assert gone.startswith("thing: the event type of 1.0.0 is gone")
    (moved,) = problems({"1.0.0": BEFORE}, {**BEFORE, "partitions": {}})
    assert "other partitions" in moved


def test_an_older_release_binds_what_is_read_and_only_the_newest_what_is_written() -> None:
    def changed(change: Callable[[Shape], None]) -> Shape:
        shape = copy.deepcopy(BEFORE)
        change(shape["events"]["thing"])
        return shape

    wider = changed(lambda event: fields(event)["mood"]["type"].update(values=["calm", "tense", "wild"]))
    assert problems({"1.0.0": BEFORE, "1.10.0": wider}, wider) == []
    narrower = changed(lambda event: fields(event)["mood"]["type"].update(values=["calm"]))
    (sentence,) = problems({"1.0.0": BEFORE, "1.10.0": narrower}, narrower)
    assert sentence.startswith("thing.mood: 'tense' is refused, and 1.0.0")


def test_a_break_on_purpose_has_its_reason_and_a_reason_without_a_break_is_told() -> None:
    assert unresolved(["a.b: it was removed"], {"a.b: it was removed": "nobody wrote it"}) == []
    (stale,) = unresolved([], {"a.b: it was removed": "nobody wrote it"})
    assert "does not happen any more" in stale


def test_a_release_is_recorded_once(tmp_path: Path) -> None:
    record("1.2.3", tmp_path)
    assert check(tmp_path) == []
    with pytest.raises(ValueError, match="recorded already"):
        record("1.2.3", tmp_path)
    with pytest.raises(ValueError, match=r"1\.2\.3"):
        record("next", tmp_path)
