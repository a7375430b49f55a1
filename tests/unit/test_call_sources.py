"""The acceptance checks A5, A13, A14 and H5 of CAD, ALI and online reports, at their connectors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connectors.ali.template import FIELDS, TemplateError, built_in, read_template
from connectors.ali.translate import translate as ali
from connectors.avl.translate import translate as avl
from connectors.cad.translate import translate as cad
from connectors.cad.translate import translator
from connectors.cad.word_map import WordMapError, read_map
from connectors.call_kinds import category, kinds
from connectors.online_report.emergency_words import emergency, languages
from connectors.online_report.translate import translate as online
from connectors.phone import number
from connectors.translation import PayloadError, Translation
from pipeline.rules import online_emergency
from schemas.events.emergency_call import GRAVE, EmergencyCall
from schemas.events.unit_position import UnitPosition
from schemas.identity import identity
from tests.unit.eido_documents import AT, FIXTURES, call_of, context, document, of_type


def fixture(connector: str, stem: str) -> bytes:
    return (FIXTURES / connector / f"{stem}.body").read_bytes()


def record(service: str = "WPH2", uncertainty: str = "25", at: str = "18:28", lat: str = "+29.957600") -> bytes:
    """A record of the layout ``lines``."""
    text = "\r\n".join(
        (
            f"(504) 555-0123 {service} {at} 01/15",
            "1-504-511-0042",
            f"{'000500':<12}BOURBON ST",
            f"{'NEW ORLEANS':<31}LA",
            "N SECTOR",
            "EXAMPLE WIRELESS",
            "ESN=00123  CO=EXMPL",
            f"{lat} -090.067000{uncertainty:>4} 90",
        )
    )
    return b"\x02" + text.encode() + b"\x03"


def records(body: bytes, template: str = "lines") -> Translation:
    return ali(body, "text/plain", context("ali", template))


def the_call(done: Translation) -> EmergencyCall:
    (call,) = of_type(done, EmergencyCall)
    return call


def test_a13_three_layouts_are_read_by_configuration_alone() -> None:
    assert len(built_in()) >= 3
    for template, stem in (("lines", "lines_phase_2"), ("labelled", "labelled"), ("packed", "packed")):
        call = the_call(records(fixture("ali", stem), template))
        assert call.callback_number == "+15045550123"
        assert call.service_class in ("WPH1", "WPH2")
        assert {round(place.lat, 4) for place in call.locations if place.lat is not None} == {29.9576}


def test_a13_a_layout_of_ones_own_is_a_file(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(
        'title = "own"\n[times]\nformat = "%H%M%S %Y%m%d"\n[framing]\nstart = "<"\nend = ">"\n'
        "[fields]\ncallback = { pattern = 'TN=(?P<value>\\d+)' }\ntime = { pattern = 'T=(\\d+)' }\n"
    )
    assert read_template(file).fields.keys() == {"callback", "time"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[fields]\nshoe = { line = 1 }", "no such field"),
        ("[fields]\ncallback = { begin = 2 }", "line or a pattern"),
        ("[fields]\ncallback = { line = 1, begin = 5, end = 2 }", "ends before"),
        ("[fields]\ncallback = { pattern = '(' }", "pattern"),
        ("[fields]\npani = { line = 1 }", "key"),
        ("[fields]\ncallback = { line = 1 }\nlat = { line = 2 }", "belong together"),
    ],
)
def test_a13_a_template_that_cannot_work_is_refused_with_its_key(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "own.toml"
    file.write_text(f'title = "own"\n[times]\nformat = "%H%M"\n{text}\n')
    with pytest.raises(TemplateError, match=says):
        read_template(file)


def test_a13_bad_parity_is_refused_alone() -> None:
    good = fixture("ali", "labelled")
    bad = bytearray(good)
    bad[30] ^= 0x80
    done = records(bytes(bad) + good, "labelled")
    assert len(done.events) == 1
    assert (done.refused[0].field, done.refused[0].error) == ("record[0]", "has wrong parity in 1 of its bytes")


def test_a13_a_record_without_its_end_is_refused_and_the_next_is_read() -> None:
    done = records(record().replace(b"\x03", b"") + record())
    assert len(done.events) == 1
    assert done.refused[0].error == "has no end character"


def test_a13_a_body_that_may_be_cut_off_is_refused_whole() -> None:
    with pytest.raises(PayloadError, match="cut off"):
        records(record() + record()[:-1])


def test_a13_no_record_found_makes_no_call_and_says_so() -> None:
    done = records(fixture("ali", "no_record"))
    assert (done.events, done.refused, len(done.ignored)) == ([], [], 1)


def test_a13_a_rebid_is_the_same_call_with_all_its_places() -> None:
    done = records(record("WPH1", "1200", "18:28") + record("WPH2", "25", "18:29") + record("WPH2", "12", "18:30"))
    calls = of_type(done, EmergencyCall)
    assert len({call.call_id for call in calls}) == 1
    assert len({call.received_at for call in calls}) == 1
    assert [call.updated_at for call in calls] == sorted({call.updated_at for call in calls})
    told = [(place.role, place.uncertainty_m) for place in calls[-1].locations if place.lat is not None]
    assert told == [("caller", 12.0), ("caller", 25.0), ("tower", 1200.0)]


def test_a13_a_later_call_of_the_same_number_is_another_call() -> None:
    calls = of_type(records(record(at="12:00") + record(at="18:28")), EmergencyCall)
    assert len({call.call_id for call in calls}) == 2


def test_a13_ids_hold_no_number() -> None:
    call = the_call(records(record()))
    assert "555" not in call.call_id + call.number
    assert set(built_in()["lines"].fields) <= set(FIELDS)


def test_a14_a_tower_is_never_the_callers_place() -> None:
    call = the_call(records(record("WPH1", "1200")))
    assert (call.lat, call.lon, call.uncertainty_m, call.address) == (None, None, None, "")
    assert {place.role for place in call.locations} == {"tower"}


def test_a14_the_circle_has_the_metres_that_were_told() -> None:
    call = the_call(records(record("WPH2", "25")))
    assert (call.lat, call.lon, call.uncertainty_m) == (29.9576, -90.067, 25.0)
    assert call.locations[0].confidence == 0.9
    assert call.address == ""  # of a wireless call the address is the antenna's


def test_a14_feet_are_made_metres() -> None:
    call = the_call(records(fixture("ali", "packed"), "packed"))
    assert call.uncertainty_m == pytest.approx(82 * 0.3048)


def test_a14_a_class_that_the_template_does_not_tell_has_no_caller_place_and_is_told() -> None:
    done = records(record("XYZ9", "25"))
    call = the_call(done)
    assert (call.lat, {place.role for place in call.locations}) == (None, {"other"})
    assert len(done.notices) == 1


def test_a14_a_residence_has_its_address() -> None:
    call = the_call(records(fixture("ali", "lines_residence")))
    assert call.address == "412 ROYAL ST, APT 2, NEW ORLEANS, LA"
    assert [place.role for place in call.locations] == ["caller"]


def posted(value: object, instance: str = "east") -> Translation:
    return cad(json.dumps(value).encode(), "application/json", context("cad", instance))


EVENT = {"externalId": "CFS-1", "eventType": "ROBBERY", "priority": 1, "timestamp": "2026-01-15T18:28:40Z"}


def test_a5_the_highest_of_each_source_is_the_same_and_the_lowest_is_the_lowest() -> None:
    value = document()
    value["incidentComponent"]["incidentCommonPriorityNumber"] = 10
    highest = {call_of(value).priority}
    highest |= {the_call(posted(EVENT | {"priority": word})).priority for word in (1, "1", "P1", "p1")}
    assert highest == {10}
    assert the_call(posted(EVENT | {"priority": 5})).priority == 2


@pytest.mark.parametrize("word", [0, "E", "P11", "high", "10"])
def test_a5_a_word_that_no_map_tells_is_unknown_and_told(word: object) -> None:
    done = posted(EVENT | {"priority": word})
    assert (the_call(done).priority, the_call(done).priority_raw) == (None, str(word))
    assert ["priority" in notice for notice in done.notices] == [True]


def test_a5_a_source_has_a_map_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "east.toml"
    file.write_text(
        'title = "x"\n[priority]\nE = 10\n1 = 9\n[categories]\n"64G" = "robbery"\n[status]\nROUTED = "dispatched"\n'
    )
    run = translator({"east": read_map(file)})
    body = json.dumps(EVENT | {"priority": "e", "eventType": "64g", "status": "routed"}).encode()
    call = the_call(run(body, "application/json", context("cad", "east")))
    assert (call.priority, call.category, call.status) == (10, "robbery", "dispatched")


def test_a5_a_map_with_a_word_that_is_none_of_ours_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "east.toml"
    file.write_text('title = "x"\n[priority]\n[status]\nROUTED = "routed"\n')
    with pytest.raises(WordMapError, match="status: routed"):
        read_map(file)


def test_an_upsert_is_the_state_and_a_resend_the_same_state() -> None:
    first, again = the_call(posted(EVENT)), the_call(posted(EVENT))
    closed = the_call(posted(EVENT | {"closedAt": "2026-01-15T19:00:00Z"}))
    assert first.event_id == again.event_id != closed.event_id
    assert first.call_id == closed.call_id == "east:CFS-1"
    assert (first.status, closed.status, closed.received_at) == ("received", "closed", first.received_at)


def test_a_snapshot_with_something_nameless_closes_nothing() -> None:
    done = posted({"active": [EVENT, {"eventType": "x", "priority": 1}]})
    assert done.snapshots == []
    assert any("no call is closed" in notice for notice in done.notices)


def report(**members: object) -> Translation:
    value = {"submission_id": "OR-1", "kind": "Report", "description": "x", "submitted_at": "2026-01-15T18:30:00Z"}
    return online(json.dumps(value | members).encode(), "application/json", context("online_report", "site"))


def test_h5_a_submission_sent_again_is_one_contact() -> None:
    first, again = the_call(report()), the_call(report(description="Other words"))
    assert (first.event_id, first.call_id) == (again.event_id, again.call_id)
    assert the_call(report(submission_id="OR-2")).event_id != first.event_id


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("He has a gun", "weapon"),
        ("My friend CAN’T  breathe", "medical"),
        ("she was   stabbed", "stabbing"),
        ("Él tiene un cuchillo", "stabbing"),
        ("no puedo respirar", "medical"),
        ("my house is on fire and he has a gun", "weapon"),
    ],
)
def test_h5_words_of_an_emergency_raise_an_alert_at_once(text: str, wanted: str) -> None:
    call = the_call(report(description=text))
    assert (call.contact, call.category, call.priority) == ("online", wanted, 10)
    (alert,) = online_emergency.evaluate(call, identity("incident", call.call_id), AT)
    assert (alert.severity, alert.subject, alert.triggers) == ("P1", call.call_id, (call.event_id,))
    assert alert == online_emergency.evaluate(call, identity("incident", call.call_id), AT)[0]


@pytest.mark.parametrize("text", ["My bicycle was stolen", "The gunwale of my boat is bent", "I shot a video of it"])
def test_h5_a_report_without_them_raises_none(text: str) -> None:
    call = the_call(report(description=text))
    assert call.priority == 3
    assert online_emergency.evaluate(call, identity("incident", call.call_id), AT) == ()


def test_h5_an_emergency_that_is_over_or_came_by_voice_raises_none() -> None:
    call = the_call(report(description="He has a gun"))
    body = {name: getattr(call, name) for name in call.__struct_fields__}
    for changed in ({"status": "closed"}, {"contact": "voice"}):
        other = EmergencyCall(**body | changed)
        assert online_emergency.evaluate(other, identity("incident", call.call_id), AT) == ()


FILE = {"name": "door.jpg", "type": "image/jpeg", "size": 1234567, "sha256": "ab" * 32, "scan": "clean",
        "url": "https://forms.example.org/files/77"}  # fmt: skip


def attached(*files: object) -> tuple[list[str], list[str]]:
    """The notes that a report with these attachments has beside its own, and what was left out of them."""
    done = report(attachments=list(files))
    (call,) = (event for event in done.events if isinstance(event, EmergencyCall))
    assert [note.author for note in call.notes] == ["reporter", *["form"] * (len(call.notes) - 1)]
    return [note.text for note in call.notes[1:]], [one.reason for one in done.ignored]


def test_h5_an_attachment_is_told_by_reference_with_what_its_scanner_found() -> None:
    notes, ignored = attached(FILE)
    (note,) = notes
    assert note.startswith(f"Attachment: door.jpg; image/jpeg; 1,234,567 bytes; sha256 {'ab' * 32}; kept at https://")
    assert note.endswith("https://forms.example.org/files/77; its sender's scanner found nothing.")
    assert ignored == []
    ((bare,), _) = attached({"name": "a.txt"})
    assert bare == "Attachment: a.txt; nobody has told that it was scanned."


def test_h5_an_infected_attachment_is_said_to_be_and_its_address_is_not_told() -> None:
    ((note,), ignored) = attached(FILE | {"scan": "INFECTED"})
    assert "SOMETHING HARMFUL" in note
    assert "https" not in note
    assert ignored == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        (r"C:\Users\x\door.jpg", "door.jpg"),
        ("door\u202egpj.exe", "doorgpj.exe"),
        ("a\x00b\n c.txt", "ab c.txt"),
        ("", "without a name"),
        ("x" * 500, "x" * 200),
    ],
)
def test_h5_the_name_of_an_attachment_leads_nowhere_and_hides_nothing(name: str, shown: str) -> None:
    ((note,), _) = attached({"name": name})
    assert note == f"Attachment: {shown}; nobody has told that it was scanned."


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://user:secret@forms.example.org:8443/f/7?sig=secret#secret", "https://forms.example.org:8443/f/7"),
        ("http://forms.example.org/f/7", ""),
        ("javascript:alert(1)", ""),
        ("https://forms.example.org/<script>", ""),
        ("https://[::1", ""),
        ("https://x:99999/", ""),
    ],
)
def test_h5_the_address_of_an_attachment_holds_no_key_and_is_https(url: str, kept: str) -> None:
    ((note,), ignored) = attached({"name": "f", "url": url})
    assert "secret" not in note
    assert (f"kept at {kept};" in note) == bool(kept)
    assert ignored == ([] if kept else ["attachments[0].url: expected an https address"])


def test_h5_what_is_wrong_in_an_attachment_is_left_out_and_the_report_is_taken() -> None:
    notes, ignored = attached({"name": "f", "sha256": "no", "type": "<b>", "size": -1, "base64": "AAAA"}, "door.jpg")
    assert notes == ["Attachment: f; nobody has told that it was scanned."]
    assert [reason.partition(":")[0] for reason in ignored] == [
        "attachments[0].sha256", "attachments[0]", "attachments[1]",
    ]  # fmt: skip
    done = report(attachments="door.jpg")
    assert (len(done.events), len(done.ignored), done.refused) == (1, 1, [])


def test_h5_more_attachments_than_are_told_are_counted() -> None:
    notes, _ = attached(*[FILE] * 23)
    assert len(notes) == 21
    assert notes[-1].startswith("And 3 more")


def test_h5_every_list_says_who_wrote_it_and_when_it_was_read() -> None:
    assert {one.language for one in languages()} >= {"en", "es"}
    assert all(one.source and len(one.reviewed) == 10 for one in languages())
    assert emergency("") is None


def test_a_units_report_is_read_in_its_units() -> None:
    done = avl(fixture("avl", "positions"), "application/json", context("avl"))
    first, second = of_type(done, UnitPosition)
    assert (first.unit_id, first.status, first.speed_kmh) == ("801A", "not_available", 32.187)
    assert (second.status, second.status_raw, second.kind) == ("unknown", "Code 4", "ambulance")


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("(504) 555-0123", "+15045550123"), ("tel:+1-504-555-0123;phone-context=x", "+15045550123"),
        ("sip:+43123456789@ims.example", "+43123456789"), ("0043 1 2345678", "+4312345678"), ("911", "911"),
        ("anonymous@anonymous.invalid", "anonymous@anonymous.invalid"), ("", ""),
    ],
)  # fmt: skip
def test_a_number_is_plus_and_digits_where_it_is_one(given: str, wanted: str) -> None:
    assert number(given) == wanted


def test_kinds_go_by_code_before_words_and_what_is_not_known_is_other() -> None:
    assert category("ACTSHOOT", "fire alarm") == "shooting"
    assert category("", "Robbery with gun") == "robbery"
    assert category("ZZ", "something") == "other"
    assert {rule.category for rule in kinds().rules} > GRAVE
