"""What goes out says why and how late, and no plate where none may go."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from compose.notify.destinations import Wanted
from compose.notify.occasions import occasions_of
from compose.notify.wording import MASK, Content, content_of, data_of, decode, encode, masked, paragraph, subject_line
from schemas.events.alert import Alert, Evidence
from tests.unit.notify_facts import NOW, alert, escalated, withdrawn


def content(one: Alert, **wanted: object) -> Content:
    return content_of(occasions_of(one)[-1], Wanted(**wanted))  # type: ignore[arg-type]


def everything(one: Content) -> str:
    return json.dumps(data_of(one, NOW.timestamp())) + paragraph(one, NOW.timestamp()) + encode(one).decode()


def test_with_plates_all_of_the_evidence_goes_out() -> None:
    said = everything(content(alert(), plates=True))
    assert "A8C123" in said
    assert "position 2: B for 8" in said
    assert "taken by J. Doe" in said


def test_without_plates_neither_the_read_nor_the_listed_one_goes_out_nor_any_part_of_them() -> None:
    said = everything(content(alert(title="Possible stolen vehicle A8C123 (read ABC123) at Bourbon / St Louis")))
    for secret in ("A8C123", "ABC123", "ABC-123", "B for 8", "J. Doe"):
        assert secret not in said
    assert f"Possible stolen vehicle {MASK} (read {MASK}) at Bourbon / St Louis" in said
    assert "The reader was 97% sure of the plate." in said
    assert "look alike" in said


@pytest.mark.parametrize(
    ("text", "plates"),
    [
        ("HELLO was seen", ["HELLO"]), ("hello was seen", ["HELLO"]), ("AB 12-34 was seen", ["AB1234"]),
        ("beside XYZ9871, twice", []), ("beside XYZ-9871, twice", []), ("(7ABC123)", []), ("ÄB 1234.", ["ÄB1234"]),
    ],
)  # fmt: skip
def test_a_plate_is_masked_however_it_is_written(text: str, plates: list[str]) -> None:
    said = masked(text, plates)
    assert MASK in said
    assert not any(part in said.upper() for part in ("HELLO", "1234", "12-34", "987", "ABC123", "12 34"))


def test_sentences_and_cameras_are_left_as_they_are() -> None:
    text = "P1 in zone 8 at 12:30:00 UTC, 250 m from District-8, camera LPR-014; 97% sure"
    assert masked(text, ["HELLO"], "LPR-014") == text


def test_facts_that_could_hold_a_plate_stay_here() -> None:
    one = alert(why=(Evidence(kind="travel", text="", facts={"other_plate": "XYZ987", "gap_s": "12"}),))
    assert content(one).why[0].facts == {"gap_s": "12"}


def test_what_people_typed_and_who_they_are_never_goes_out() -> None:
    one = alert(note="call 555-0100", changed_by="r.diaz", verified_by="r.diaz", shelved_reason="hush")
    said = everything(content(one, plates=True))
    assert not any(secret in said for secret in ("555-0100", "r.diaz", "hush"))


def test_a_withdrawn_alert_says_so_first_and_that_nobody_is_to_act() -> None:
    one = content(withdrawn(alert()))
    assert subject_line(one).startswith("P2 WITHDRAWN: ")
    assert "Do not act on it." in paragraph(one, NOW.timestamp())
    assert subject_line(content(escalated(alert()))).startswith("P2 ESCALATED, nobody took it: ")


def test_it_says_how_late_it_is_and_how_old_the_list_is_at_the_time_of_sending() -> None:
    one = decode(encode(content(alert())))
    later = (NOW + timedelta(hours=2)).timestamp()
    assert data_of(one, later)["late_s"] == 7202
    assert data_of(one, later)["list_age_s"] == 5 * 3600
    assert "2 h before this was sent" in paragraph(one, later)
    assert "The list that was matched is 5 h old" in paragraph(one, later)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-01-15T09:00:00"])
def test_a_list_that_does_not_say_how_old_it_is_holds_nothing_up(text: str) -> None:
    one = content(alert(why=(Evidence(kind="list_entry", text="Entry.", facts={"list_as_of": text}),)))
    assert one.list_as_of is None
    assert "The list" not in paragraph(one, NOW.timestamp())


def test_only_the_fields_that_were_asked_for_go_out() -> None:
    one = content(alert(), fields=[])
    assert set(data_of(one, NOW.timestamp())) == {
        "id", "rev", "at", "occurred_at", "observed_at", "jurisdiction", "status", "rule", "severity", "title",
        "list_as_of", "late_s", "list_age_s",
    }  # fmt: skip
    assert one.title == "hotlist hit"


def test_an_alert_about_a_camera_names_it() -> None:
    one = alert(
        subject_kind="camera", subject="LPR-014", camera_id="LPR-014", title="LPR-014 has fallen silent", why=()
    )
    assert content(one).title == "LPR-014 has fallen silent"
