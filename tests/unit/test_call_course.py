"""A recorded day of calls, replayed so that its incidents open, age and close as the calls took their course."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from compose.cli import app
from connectors.calls_csv.column_map import load_map
from connectors.calls_csv.course import in_course, of_day, states
from connectors.calls_csv.reading import CallRow, LaterState, ReadCall, RefusedRow, read_calls_in_time_order
from connectors.calls_csv.replay import ReplayReport, replay
from pipeline.state.incident_state import incident_of
from schemas.events.emergency_call import EmergencyCall
from schemas.events.incident import Incident
from tests.unit.call_tables import NOPD_ROWS, context, nopd, write
from tests.unit.incident_desk import Desk
from tests.unit.test_calls_replay import Clock, Log

DAY = date(2018, 5, 15)
MIDNIGHT = datetime(2018, 5, 15, 5, tzinfo=UTC)
LASTING = timedelta(minutes=30)
HEADER = "id,time,location,latitude,longitude,district,nature,status\n"


def day() -> str:
    """A call every half hour a kilometre apart, each eighth still worked on; the last is told of twice; and the days
    around it, and a row that is none."""
    rows = []
    for number in range(48):
        status = "Service in Progress" if number % 8 == 0 else "Advised"
        at = f"2018-05-15 {number // 2:02}:{number % 2 * 30:02}:00"
        rows.append(f'{number},{at},"{number} N EXAMPLE ST,MKE",{43.0 + number / 100:.4f},-87.95,4,FIGHT,{status}')
    rows.append('again,2018-05-15 23:35:00,"47 N EXAMPLE ST,MKE",43.4700,-87.95,4,FIGHT,Advised')
    rows.append('before,2018-05-14 23:59:59,"1 N EXAMPLE ST,MKE",43.1,-87.95,4,FIGHT,Advised')
    rows.append('after,2018-05-16 00:00:00,"1 N EXAMPLE ST,MKE",43.1,-87.95,4,FIGHT,Advised')
    rows.append('none,never,"1 N EXAMPLE ST,MKE",43.1,-87.95,4,FIGHT,Advised')
    return HEADER + "\n".join(reversed(rows)) + "\n"


def recorded(tmp_path: Path) -> list[CallRow]:
    call_map = load_map("milwaukee")
    rows = read_calls_in_time_order(write(tmp_path, day()), call_map, context=context("milwaukee"))
    return list(in_course(of_day(rows, DAY, ZoneInfo(call_map.time.zone)), LASTING))


def replayed(tmp_path: Path) -> tuple[Log, ReplayReport]:
    clock = Clock()
    log = Log(clock)
    return log, asyncio.run(replay(recorded(tmp_path), log, speed=60, clock=clock, sleep=clock.sleep))


def test_incidents_of_a_replayed_day_open_age_and_close(tmp_path: Path) -> None:
    log, report = replayed(tmp_path)
    desk = Desk()
    at: dict[str, list[tuple[float, str]]] = {}
    most_open = 0
    for when, events in log.published:
        for call in events:
            if not isinstance(call, EmergencyCall):
                continue
            desk.take(call)
            shown = desk.of(call)
            at.setdefault(call.number, []).append((round((when - 1000.0) * 60), shown.stage))
            going = [one for one in desk.reference.cases() if one.status == "open"]
            most_open = max(most_open, len(going))
    assert (report.accepted, report.later_states, report.refused) == (49, 49, 1)
    # Each opens when its call came, and is closed half an hour after, or has a unit with it by then.
    assert at["1"] == [(1800, "opened"), (3600, "closed")]
    assert at["8"] == [(8 * 1800, "opened"), (9 * 1800, "on_scene")]
    incidents = desk.reference.cases()
    ends = {stage: sum(one.stage == stage for one in incidents) for stage in ("closed", "on_scene", "merged")}
    assert ends == {"closed": 42, "on_scene": 6, "merged": 1}
    assert len(incidents) == 49
    # Two calls of one fight are one incident, which lasts until the later of them is over.
    twice = desk.by_id(incident_of("milwaukee:47"))
    assert twice.call_ids == ("milwaukee:47", "milwaukee:again")
    assert twice.closed_at == MIDNIGHT + timedelta(hours=24, minutes=5)
    alone = desk.by_id(incident_of("milwaukee:1"))
    assert alone.closed_at == alone.opened_at + LASTING
    assert 6 < most_open < 12, "most of a day's incidents are over by its end"


def test_nothing_of_a_replayed_day_is_lost_or_told_twice(tmp_path: Path) -> None:
    log, _ = replayed(tmp_path)
    desk = Desk()
    for _, events in log.published:
        desk.take(*(call for call in events if isinstance(call, EmergencyCall)))
    calls = [event for event in log.events if isinstance(event, EmergencyCall)]
    assert len({call.event_id for call in calls}) == 98
    states_of = {(one.incident_id, one.event_id) for one in desk.log if isinstance(one, Incident)}
    assert len(states_of) == len(desk.log)
    assert {incident_of(call.call_id) for call in calls} == {one.incident_id for one in desk.reference.cases()}
    again, _ = replayed(tmp_path)
    assert [event.event_id for event in again.events] == [event.event_id for event in log.events]


def test_the_states_of_a_day_come_in_order_of_time(tmp_path: Path) -> None:
    rows = recorded(tmp_path)
    assert isinstance(rows[0], RefusedRow)
    due = [row.due for row in rows if isinstance(row, ReadCall | LaterState)]
    assert due == sorted(due)
    assert due[0] == MIDNIGHT
    assert due[-1] == MIDNIGHT + timedelta(hours=24, minutes=5)


def test_a_row_with_its_times_has_a_state_for_each_and_ends_as_it_is(tmp_path: Path) -> None:
    rows = read_calls_in_time_order(write(tmp_path, nopd(NOPD_ROWS[0])), load_map("nopd"), context=context("nopd"))
    (row,) = rows
    assert isinstance(row, ReadCall)
    told = states(row.call, LASTING)
    assert [state.status for state in told] == ["received", "dispatched", "on_scene", "closed"]
    assert [state.updated_at for state in told] == [
        row.call.received_at, row.call.dispatched_at, row.call.arrived_at, row.call.closed_at
    ]  # fmt: skip
    assert told[-1] == row.call
    first = told[0]
    assert (first.disposition, first.dispatched_at, first.arrived_at, first.closed_at) == ("", None, None, None)


@pytest.mark.parametrize("status", ["closed", "on_scene", "unknown", "cancelled"])
def test_an_end_without_a_time_comes_later_and_makes_up_no_other_time(status: str, tmp_path: Path) -> None:
    row = next(row for row in recorded(tmp_path) if isinstance(row, ReadCall))
    call = EmergencyCall(**{name: getattr(row.call, name) for name in row.call.__struct_fields__} | {"status": status})
    first, last = states(call, LASTING)
    assert (first.status, last.status) == ("received", status)
    assert last.updated_at == call.received_at + LASTING
    assert (last.closed_at, last.arrived_at) == (None, None)
    assert last.event_id != call.event_id, "with another time it is another event than the row as it is"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--lasting", "30"), "needs a --speed"),
        (("--speed", "60", "--lasting", "0"), "number of minutes"),
        (("--speed", "60", "--lasting", "1441"), "number of minutes"),
        (("--day", "yesterday"), "is a date"),
    ],
)
def test_the_command_says_what_is_wrong_with_its_options(words: tuple[str, ...], told: str, tmp_path: Path) -> None:
    asked = CliRunner().invoke(app, ["replay", "calls", str(write(tmp_path, day())), "--format", "milwaukee", *words])
    assert asked.exit_code == 2
    assert told in asked.output
