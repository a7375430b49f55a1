"""The history of a number, a place and a person on the real engine."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from pipeline.contact.history import SHOWN, ContactHistory, Markers, People
from pipeline.names.search import NEWEST_RECORDS, PERSON_COLUMNS, FoundPerson, NameSearch
from pipeline.store.async_store import AsyncStore
from pipeline.store.chdb_store import ChdbStore
from pipeline.store.errors import BadRowsError
from pipeline.store.store import Placed
from schemas.contact import Contact, PersonQuery
from schemas.event_type import EventType
from schemas.events.emergency_call import EMERGENCY_CALL, EmergencyCall
from schemas.events.marker import MARKER, Marker
from schemas.events.person import PERSON, Person
from schemas.identity import identity
from schemas.place import distance_m

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
NUMBER, HOSPITAL = "+15045550123", "+15045550100"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def call(key: str, ago: timedelta, **changes: Any) -> EmergencyCall:
    at = NOW - ago
    example: EmergencyCall = EMERGENCY_CALL.examples[0]
    plain: dict[str, Any] = {
        "callback_number": "", "is_number_withheld": False, "address": "", "lat": None, "lon": None,
    }  # fmt: skip
    return msgspec.structs.replace(
        example, event_id=identity("test_call", key, at), call_id=f"test:{key}", received_at=at, updated_at=at,
        occurred_at=at, **(plain | changes),
    )  # fmt: skip


def person(key: str, **changes: Any) -> Person:
    example: Person = PERSON.examples[0]
    plain: dict[str, Any] = {
        "full_name": "", "given_name": "", "family_name": "", "birth_date": "", "phones": (), "address": "",
        "call_id": "", "role": "caller", "occurred_at": NOW - DAY, "updated_at": NOW - DAY,
    }  # fmt: skip
    values = plain | changes
    return msgspec.structs.replace(
        example, event_id=identity("test_person", key, values["updated_at"]), person_id=f"test:{key}", **values
    )


def marker(key: str, **changes: Any) -> Marker:
    example: Marker = MARKER.examples[0]
    plain: dict[str, Any] = {
        "changed_at": NOW - DAY, "review_at": NOW + DAY, "expires_at": NOW + 2 * DAY, "subject_kind": "phone",
        "subject": NUMBER,
    }  # fmt: skip
    values = plain | changes
    return msgspec.structs.replace(
        example, event_id=identity("test_marker", key, values["changed_at"]), marker_id=f"test:{key}", **values
    )


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChdbStore]:
    store = ChdbStore(tmp_path_factory.mktemp("store"))
    store.migrate()
    yield store
    store.close()


@pytest.fixture
def put(opened: ChdbStore) -> Callable[..., None]:
    for table in ("call_states", "call_keys", "person_states", "person_keys", "marker_states"):
        opened._command(f"TRUNCATE TABLE rtcc.{table}")

    def stored(kind: EventType[Any], *events: Any) -> None:
        opened.insert(kind, [Placed(event, kind.topic, 0, place) for place, event in enumerate(events)])

    return stored


@pytest.fixture
def history(opened: ChdbStore) -> ContactHistory:
    return ContactHistory(AsyncStore(opened), shared={HOSPITAL: "Mercy Hospital"}, clock=lambda: NOW)


async def markers(history: ContactHistory, contact: Contact) -> Markers:
    return await history.markers(contact, history.find(contact))


async def of_person(history: ContactHistory, name: str, born: str) -> People:
    return await history.of_person(history.find(Contact(name=name, born=born)))


def counts(found: Any) -> dict[str, int]:
    return {one.window: one.count for one in found}


def test_h3_known_repeats_are_counted_in_24_hours_28_days_and_12_months(
    put: Callable[..., None], history: ContactHistory
) -> None:
    put(
        EMERGENCY_CALL,
        call("a", HOUR, callback_number=NUMBER),
        call("b", 3 * DAY, callback_number="(504) 555-0123"),
        call("c", 200 * DAY, callback_number="504.555.0123"),
        call("d", 400 * DAY, callback_number=NUMBER),
        call("e", HOUR, callback_number="+15045550124"),
        call("f", HOUR, callback_number="+525045550123"),
    )
    found = asyncio.run(history.of_number("504-555-0123"))
    assert counts(found.windows) == {"24h": 1, "28d": 2, "12m": 3}
    assert found.repeat
    assert [one.call_id for one in found.calls] == ["test:a", "test:b", "test:c"]


def test_a_call_told_in_many_states_is_one_earlier_call(put: Callable[..., None], history: ContactHistory) -> None:
    first = call("a", HOUR, callback_number=NUMBER, status="received")
    later = msgspec.structs.replace(
        first, event_id=identity("later"), updated_at=NOW, status="closed", disposition="Report taken"
    )
    put(EMERGENCY_CALL, first, later)
    found = asyncio.run(history.of_number(NUMBER))
    assert counts(found.windows)["12m"] == 1
    assert [one.disposition for one in found.calls] == ["Report taken"]


@pytest.mark.parametrize("shown", ["", "Anonymous", "withheld", "911"])
def test_h2_a_withheld_number_is_never_joined(shown: str, put: Callable[..., None], history: ContactHistory) -> None:
    put(
        EMERGENCY_CALL,
        call("a", HOUR, callback_number=shown),
        call("b", HOUR, callback_number=NUMBER, is_number_withheld=True),
    )
    found = asyncio.run(history.of_number(shown))
    assert (found.calls, found.repeat, found.windows) == ((), False, ())
    assert found.rule in ("withheld", "not_a_number")
    assert asyncio.run(history.of_number(NUMBER)).calls == ()


def test_h2_a_shared_number_is_named_and_raises_no_flag(put: Callable[..., None], history: ContactHistory) -> None:
    put(EMERGENCY_CALL, call("a", HOUR, callback_number=HOSPITAL), call("b", DAY, callback_number=HOSPITAL))
    put(PERSON, person("p", family_name="Doe", phones=(HOSPITAL,)))
    put(MARKER, marker("m", subject=HOSPITAL))
    found = asyncio.run(history.of_number(HOSPITAL))
    assert (found.rule, found.what, found.repeat, counts(found.windows)["28d"]) == (
        "shared",
        "Mercy Hospital",
        False,
        2,
    )
    assert asyncio.run(history.of_people_by_number(HOSPITAL)).people == ()
    assert asyncio.run(markers(history, Contact(number=HOSPITAL))).live == ()


def test_a_place_is_found_by_its_address_however_written_and_by_a_point_within_50_metres(
    put: Callable[..., None], history: ContactHistory
) -> None:
    put(
        EMERGENCY_CALL,
        call("a", HOUR, address="500 Bourbon St."),
        call("b", 2 * HOUR, lat=29.9585, lon=-90.0651),
        call("near", 3 * HOUR, lat=29.95885, lon=-90.0651),  # 39 m north
        call("far", 4 * HOUR, lat=29.9592, lon=-90.0651),  # 78 m north
        call("other", HOUR, address="5000 Bourbon St."),
    )
    found = asyncio.run(history.of_place("500  bourbon st", 29.9585, -90.0651))
    assert [one.call_id for one in found.calls] == ["test:a", "test:b", "test:near"]
    assert [round(one.distance_m) for one in found.calls if one.distance_m is not None] == [0, 39]
    assert found.repeat


def test_the_engine_counts_and_shows_the_calls_of_a_place_as_counting_them_one_by_one_does(
    put: Callable[..., None], history: ContactHistory
) -> None:
    draw = random.Random(5)
    states = []
    for number in range(120):
        received = draw.choice([HOUR, DAY, 20 * DAY, 200 * DAY, 364 * DAY, 400 * DAY, -DAY])
        received += timedelta(seconds=number)
        for state in range(draw.randrange(1, 4)):
            point = draw.choice([{}, {"lat": 29.9585 + draw.choice([0, 0.0003, 0.0008]), "lon": -90.0651}])
            address = draw.choice(["500 Bourbon St", "501 Bourbon St", ""])
            one = call(str(number), received, address=address, **point)
            states.append(
                msgspec.structs.replace(
                    one,
                    event_id=identity("test_state", number, state),
                    updated_at=one.updated_at + timedelta(seconds=state),
                )
            )
    put(EMERGENCY_CALL, *states)

    def metres(one: EmergencyCall) -> float:
        return math.inf if one.lat is None or one.lon is None else distance_m(one.lat, one.lon, 29.9585, -90.0651)

    def expected(address: str, near: float) -> dict[str, tuple[timedelta, bool]]:
        known: dict[str, tuple[timedelta, bool]] = {}
        # Whichever comes last stands: of what is near the newest state, else the newest of the address.
        for one in sorted(states, key=lambda one: (metres(one) <= near, one.updated_at)):
            ago = NOW - one.received_at
            if (one.address == address or metres(one) <= near) and timedelta(0) <= ago < 365 * DAY:
                known[one.call_id] = (ago, metres(one) <= near)
        return known

    for address, point in (("500 Bourbon St", True), ("500 Bourbon St", False), ("", True), ("nowhere", True)):
        found = asyncio.run(history.of_place(address, *((29.9585, -90.0651) if point else (None, None))))
        known = expected(address or "-", 50.0 if point else -1.0)
        last = sorted(known, key=lambda call_id: known[call_id][0])
        assert len(last) > SHOWN
        assert [one.call_id for one in found.calls] == last[:SHOWN]
        assert [one.distance_m is not None for one in found.calls] == [known[one][1] for one in last[:SHOWN]]
        agos = [ago for ago, _ in known.values()]
        assert counts(found.windows) == {
            "24h": sum(ago < DAY for ago in agos), "28d": sum(ago < 28 * DAY for ago in agos), "12m": len(agos),
        }  # fmt: skip


def test_h3_a_marker_past_its_end_is_never_shown_as_live(put: Callable[..., None], history: ContactHistory) -> None:
    put(
        MARKER,
        marker("live"),
        marker("due", review_at=NOW - HOUR),
        marker("ended", review_at=NOW - 2 * DAY, expires_at=NOW),
        marker("other", subject="+15045550199"),
    )
    found = asyncio.run(markers(history, Contact(number=NUMBER)))
    assert {one.marker_id: one.review_due for one in found.live} == {"test:live": False, "test:due": True}
    assert found.expired == 1


def test_h3_a_marker_that_was_taken_back_or_moved_does_not_stand_up_again(
    put: Callable[..., None], history: ContactHistory
) -> None:
    put(
        MARKER,
        marker("gone"),
        marker("gone", changed_at=NOW - HOUR, is_removed=True),
        marker("moved"),
        marker("moved", changed_at=NOW - HOUR, subject="+15045550199"),
        marker("shortened"),
        marker("shortened", changed_at=NOW - HOUR, expires_at=NOW - HOUR / 2),
    )
    found = asyncio.run(markers(history, Contact(number=NUMBER)))
    assert (found.live, found.expired) == ((), 1)


def test_markers_of_a_place_and_of_a_person_are_found(put: Callable[..., None], history: ContactHistory) -> None:
    put(PERSON, person("p", full_name="Katherine Example", birth_date="1990-02-11"))
    put(
        MARKER,
        marker("house", subject_kind="place", subject="500 Bourbon St."),
        marker("point", subject_kind="place", subject="the yard", lat=29.9585, lon=-90.0651),
        marker("person", subject_kind="person", subject="test:p"),
        marker("namesake", subject_kind="person", subject="test:q"),
    )
    asked = Contact(address="500 BOURBON ST", lat=29.9585, lon=-90.0651, name="Katherine Exampel", born="1990-11-02")
    found = asyncio.run(markers(history, asked))
    assert sorted(one.marker_id for one in found.live) == ["test:house", "test:person", "test:point"]


def test_h3_a_repeat_victim_is_flagged_by_number_address_and_name(
    put: Callable[..., None], history: ContactHistory
) -> None:
    victim = person(
        "v", full_name="Katherine Example", birth_date="1990-02-11", role="victim", phones=(NUMBER,),
        address="500 Bourbon St", call_id="test:a", occurred_at=NOW - 3 * DAY,
    )  # fmt: skip
    put(PERSON, victim)
    put(EMERGENCY_CALL, call("a", 3 * DAY))
    for found in (
        asyncio.run(history.of_people_by_number("504 555 0123")),
        asyncio.run(history.of_people_at("500 bourbon st.", "", "")),
        asyncio.run(of_person(history, "Kathryn Example", "1990-11-02")),
    ):
        assert found.repeat_victim
        assert counts(found.victim_windows) == {"24h": 0, "28d": 1, "12m": 1}
    assert [one.call_id for one in found.calls] == ["test:a"]


def test_a_namesake_without_a_birth_date_is_a_lead_and_raises_no_flag(
    put: Callable[..., None], history: ContactHistory
) -> None:
    put(PERSON, person("v", full_name="John Smith", role="victim"))
    found = asyncio.run(of_person(history, "John Smith", ""))
    assert [one.grade for one in found.people] == ["likely"]
    assert not found.repeat_victim


def test_people_at_an_address_who_are_spelt_nearly_alike_come_first_with_reasons(
    put: Callable[..., None], history: ContactHistory
) -> None:
    put(
        PERSON,
        person("a", full_name="Robert Miller", address="1 Main St", updated_at=NOW),
        person("b", full_name="Catherine Exampel", address="1 MAIN ST."),
        person("c", full_name="Kate Example", address="2 Main St"),
    )
    found = asyncio.run(history.of_people_at("1 Main St", "Katherine Example", ""))
    assert [one.person_id for one in found.people] == ["test:b", "test:a"]
    assert [(one.part, one.why) for one in found.people[0].why] == [
        ("family_name", "one_typo"), ("given_name", "one_typo"),
    ]  # fmt: skip


def search(opened: ChdbStore, **asked: str) -> list[FoundPerson]:
    return list(asyncio.run(NameSearch(AsyncStore(opened)).find(PersonQuery(**asked))))


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"name": "Katherine Exampel", "born": "1990-02-11"}, ("family_name", "one_typo")),
        ({"name": "Kate Example", "born": "1990-02-11"}, ("given_name", "nickname")),
        ({"name": "Kathryn Eksampel", "born": "1990-02-11"}, ("given_name", "sounds_alike")),
        ({"name": "Example Katherine"}, ("name_order", "given_and_family_name_swapped")),
        ({"name": "Example, Katherine"}, ("family_name", "same")),
        ({"family": "Example", "born": "1990-11-02"}, ("birth_date", "birth_date_day_and_month_swapped")),
        ({"family": "Xyz", "born": "1990-02-17"}, ("birth_date", "birth_date_one_digit_off")),
        ({"name": "K Example", "born": "1990"}, ("birth_date", "birth_date_same_as_far_as_known")),
        ({"name": "Катерине Ексампле", "born": "1990-02-11"}, ("birth_date", "birth_date_same")),
        ({"name": "Katherine Example", "phone": "504-555-0123"}, ("phone", "same")),
        ({"name": "Katherine Example", "address": "1 main st."}, ("address", "same")),
    ],
)
def test_g11_a_person_is_found_however_written_and_each_match_says_why(
    asked: dict[str, str], why: tuple[str, str], put: Callable[..., None], opened: ChdbStore
) -> None:
    put(
        PERSON,
        person("k", full_name="Katherine Example", birth_date="1990-02-11", phones=(NUMBER,), address="1 Main St"),
        person("o", full_name="Robert Miller", birth_date="1955-07-30"),
    )
    found = search(opened, **asked)
    assert found[0].person.person_id == "test:k"
    assert why in [(reason.part, reason.why) for reason in found[0].reasons]
    assert found[0].points == pytest.approx(sum(reason.points for reason in found[0].reasons), abs=0.01)


def test_g11_records_of_one_person_stay_apart(put: Callable[..., None], opened: ChdbStore) -> None:
    put(
        PERSON,
        person("a", full_name="Katherine Example", birth_date="1990-02-11"),
        person("b", full_name="Katherine Example", birth_date="1990-02-11"),
    )
    assert [one.person.person_id for one in search(opened, name="Katherine Example")] == ["test:a", "test:b"]


def test_a_compound_name_is_found_written_as_one(put: Callable[..., None], opened: ChdbStore) -> None:
    put(PERSON, person("c", given_name="Ana", family_name="de la Cruz"))
    found = search(opened, given="Ana", family="Delacruz")
    assert ("family_name", "written_apart") in [(one.part, one.why) for one in found[0].reasons]


def test_an_alias_and_an_earlier_name_are_found_and_a_record_taken_back_is_not(
    put: Callable[..., None], opened: ChdbStore
) -> None:
    put(
        PERSON,
        person("a", full_name="Maria Gonzalez", aliases=("Lupe Vega",)),
        person("b", full_name="Anna Wexford", updated_at=NOW - 2 * DAY),
        person("b", full_name="Anna Thornton"),
        person("c", full_name="Lupe Vega", updated_at=NOW - 2 * DAY),
        person("c", full_name="Lupe Vega", is_removed=True),
    )
    assert [one.person.person_id for one in search(opened, name="Lupe Vega")] == ["test:a"]
    found = search(opened, name="Anna Wexford")
    assert (found[0].person.full_name, found[0].reasons[-1].why) == ("Anna Thornton", "earlier_name")


def test_keys_are_there_before_their_rows_and_a_repeat_finds_nobody_twice(
    put: Callable[..., None], opened: ChdbStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = person("k", full_name="Katherine Example")
    insert = opened._insert_rows

    def dies(*_: object) -> None:
        raise RuntimeError("killed between the two inserts")

    monkeypatch.setattr(opened, "_insert_rows", dies)
    with pytest.raises(RuntimeError):
        put(PERSON, one)
    assert search(opened, name="Katherine Example") == []
    monkeypatch.setattr(opened, "_insert_rows", insert)
    put(PERSON, one)
    put(PERSON, one)
    assert [found.person.person_id for found in search(opened, name="Katherine Example")] == ["test:k"]


def test_records_are_read_from_small_granules_and_are_those_of_the_table(
    put: Callable[..., None], opened: ChdbStore
) -> None:
    opened._command(
        "INSERT INTO rtcc.person_states (event_id, occurred_at, observed_at, person_id, updated_at, full_name, "
        "is_removed) SELECT generateUUIDv4(), now64(3), now64(3), toString(number % 20000), "
        "now64(3) - toIntervalMinute(number % 7), toString(number), number % 5 = 0 FROM numbers(40000)"
    )
    ids = ["7", "9000", "15000"]
    asked = NEWEST_RECORDS.format(ids="SELECT arrayJoin({ids:Array(String)}) AS person_id")
    plan = opened._writer.answer(f"EXPLAIN {asked}", "TSVRaw", {"ids": ids}).decode()
    assert "ReadFromMergeTree (by_key)" in plan
    plain = f"SELECT {PERSON_COLUMNS} FROM rtcc.persons WHERE person_id IN {{ids:Array(String)}}"
    answers = [sorted(opened._writer.answer(sql, "JSONEachRow", {"ids": ids}).splitlines()) for sql in (asked, plain)]
    assert [answer.count(b'"is_removed":true') for answer in map(b"".join, answers)] == [2, 2]
    assert answers[0] == answers[1]


def test_a_name_without_letters_finds_nobody(put: Callable[..., None], opened: ChdbStore) -> None:
    put(PERSON, person("k", full_name="Katherine Example"))
    assert search(opened, name="!!!") == []


def test_a_call_that_the_store_cannot_hold_leaves_no_keys(opened: ChdbStore, put: Callable[..., None]) -> None:
    late = msgspec.structs.replace(
        call("late", HOUR, callback_number=NUMBER), updated_at=datetime(2999, 1, 1, tzinfo=UTC)
    )
    with pytest.raises(BadRowsError, match="updated_at"):
        put(EMERGENCY_CALL, late)
    assert opened._rows("SELECT count() FROM rtcc.call_keys") == [[0]]
