"""The comparison with other engines: the same work in every way of doing it, and no figure for other alerts."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from typer.testing import CliRunner

from compose.bench.peers import installed, report, task
from compose.bench.peers.engines.ours import ListedReads
from compose.bench.peers.meter import Meter
from compose.bench.peers.order import Mark, Order, Told, peak_rss_mb
from compose.bench.peers.report import Due, Found, compared, is_ok, judged
from compose.bench.peers.run import ENGINES, _measured
from compose.bench.peers.work import Work, prepare
from compose.bench.workload import PARTITIONS, Size, reference
from compose.cli import app
from pipeline.guard import Guard
from pipeline.message import Message
from pipeline.outcome import Processor
from pipeline.processors.sightings import Sightings
from schemas.events.alert import ALERT
from schemas.events.plate_read import PLATE_READ, PlateRead

SIZE = Size(reads=4_000, hotlist=500, zones=400, cameras=20, incidents=20)
DUE = frozenset(Due(f"read-{number}", "bench", f"B{number}", ("zone-1",)) for number in range(3))
TOLD = Told(marks=[Mark(0, 1.0, 10.0), Mark(100, 3.0, 12.0), Mark(200, 4.0, 20.0)], peak_rss_mb=12.3, version="1.2")


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Work:
    return prepare(SIZE, 512, tmp_path_factory.mktemp("peers"))


@pytest.fixture(scope="module")
def loaded(work: Work) -> task.Task:
    return task.load(order(work))


def order(work: Work, engine: str = "watchfloor") -> Order:
    return Order(
        engine=engine,
        bootstrap="127.0.0.1:1",
        login=None,
        group="group",
        input_topic="in",
        output_topic="out",
        reads=SIZE.reads,
        folder=str(work.hotlist.parent),
        hotlist=str(work.hotlist),
        zones=str(work.zones),
        hotlist_size=SIZE.hotlist,
        zone_count=SIZE.zones,
        seed=SIZE.seed,
    )


def through_the_guard(processor: Processor, work: Work) -> list[Due]:
    """The alerts of this processor, as they would be read back from our topic."""

    async def outgoing() -> list[bytes]:
        guard = Guard(processor, PLATE_READ, partitions=PARTITIONS)
        made = []
        for number, (partition, key, value) in enumerate(work.frames):
            made += await guard.handle(Message(PLATE_READ.topic, partition, number, key, value, []))
        return [out.value for out in made if out.topic == ALERT.topic]

    return [due for value in asyncio.run(outgoing()) for due in report.of_frame(value)]


def by_peer(loaded: task.Task, alerts: list[task.PeerAlert]) -> list[Due]:
    return [due for alert in alerts for due in report.of_peer(loaded.encode(alert))]


def test_there_is_something_to_find(work: Work) -> None:
    assert len(work.due) > 20
    assert sum(len(one.zones) > 1 for one in work.due) > 1
    assert len(work.singles) == SIZE.reads


def test_our_processor_for_the_comparison_raises_the_alerts_that_are_due(work: Work, loaded: task.Task) -> None:
    raised = through_the_guard(ListedReads(loaded), work)
    assert set(raised) == work.due
    assert len(raised) == len(work.due)


def test_the_products_own_processor_raises_the_alerts_that_are_due(work: Work) -> None:
    raised = through_the_guard(Sightings(reference(SIZE)), work)
    assert set(raised) == work.due
    assert len(raised) == len(work.due)


def test_a_peer_that_works_read_by_read_raises_the_alerts_that_are_due(work: Work, loaded: task.Task) -> None:
    raised = [due for _, _, value in work.singles for due in by_peer(loaded, loaded.one(value))]
    assert set(raised) == work.due
    assert len(raised) == len(work.due)


def test_a_peer_that_works_by_batches_raises_the_alerts_that_are_due(work: Work, loaded: task.Task) -> None:
    raised = by_peer(loaded, loaded.many([value for _, _, value in work.singles]))
    assert set(raised) == work.due
    assert len(raised) == len(work.due)


def test_a_peer_that_is_given_our_frames_raises_the_alerts_that_are_due(work: Work, loaded: task.Task) -> None:
    worked = [loaded.frame(value) for _, _, value in work.frames]
    assert sum(count for count, _ in worked) == SIZE.reads
    raised = [due for _, alerts in worked for due in by_peer(loaded, alerts)]
    assert set(raised) == work.due
    assert len(raised) == len(work.due)


def test_a_plate_is_taken_as_its_source_sent_it(work: Work, loaded: task.Task) -> None:
    listed = work.hotlist.read_text().split("\n")[0].split("\t")[2]
    read = msgspec.json.decode(work.singles[0][2], type=PlateRead)
    read = msgspec.structs.replace(read, plate="OTHER", plate_raw=f" {listed[:3]}-{listed[3:].lower()}", candidates=())
    assert [alert.entry_id for alert in loaded.of(read)] == ["B0"]


def test_no_camera_sees_an_entry_twice(work: Work) -> None:
    cameras = {
        str(read.event_id): read.camera_id
        for read in (msgspec.json.decode(value, type=PlateRead) for _, _, value in work.singles)
    }
    assert max(Counter((one.entry_id, cameras[one.read_id]) for one in work.due).values()) == 1


def test_both_ways_carry_the_same_reads(work: Work) -> None:
    singles = {msgspec.json.decode(value)["event_id"] for _, _, value in work.singles}
    frames = [one["event_id"] for _, _, value in work.frames for one in msgspec.json.decode(value)]
    assert set(frames) == singles
    assert len(frames) == len(singles) == SIZE.reads


def test_figures_are_worked_out_from_the_marks() -> None:
    found = judged("one", "how", TOLD, 0.0, DUE, sorted(DUE))
    assert found.why_not is None
    assert found.whole == report.Span(200, 3.0, 10.0, 67, 20)
    assert found.second_half == report.Span(100, 1.0, 8.0, 100, 12)


def test_one_frame_past_the_middle_leaves_no_second_half() -> None:
    told = msgspec.structs.replace(TOLD, marks=[Mark(0, 1.0, 1.0), Mark(200, 3.0, 3.0), Mark(200, 3.0, 3.0)])
    [found] = compared([judged(report.OURS, "how", told, 0.0, DUE, sorted(DUE))])
    assert found.whole is not None
    assert (found.second_half, found.against_ours_second_half) == (None, None)
    result = report.Result(ok=True, size=SIZE, per_frame=512, kafka="4", cores=2, alerts_due=3, engines=[found])
    assert re.search(r"^watchfloor +100 +100 ", report.table(result), re.M)


def test_a_missing_alert_costs_the_figure() -> None:
    found = judged("one", "how", TOLD, 0.0, DUE, sorted(DUE)[1:])
    assert found.whole is None
    assert found.failed
    assert found.why_not == "other alerts: 1 missing, 0 that are not due, of 3"


def test_an_alert_with_another_zone_costs_the_figure() -> None:
    first, *others = sorted(DUE)
    found = judged("one", "how", TOLD, 0.0, DUE, [first._replace(zones=("zone-2",)), *others])
    assert found.whole is None
    assert found.why_not == "other alerts: 1 missing, 1 that are not due, of 3"


def test_an_alert_that_came_twice_is_counted_and_costs_nothing() -> None:
    found = judged("one", "how", TOLD, 0.0, DUE, [*sorted(DUE), min(DUE)])
    assert (found.alerts, found.alerts_doubled) == (4, 1)
    assert found.whole is not None


def test_work_that_was_not_measured_costs_the_figure() -> None:
    assert judged("one", "how", TOLD, 2.0, DUE, sorted(DUE)).why_not is not None
    cut = msgspec.structs.replace(TOLD, marks=TOLD.marks[:2])
    assert judged("one", "how", cut, 0.0, DUE, sorted(DUE)).why_not == "it did not say when it began and ended"


def test_the_ratio_says_how_many_times_as_much_we_do() -> None:
    ours = judged(report.OURS, "how", TOLD, 0.0, DUE, sorted(DUE))
    slow = Told(marks=[Mark(0, 0.0, 0.0), Mark(100, 5.0, 5.0), Mark(200, 6.0, 6.0)], peak_rss_mb=1.0, version="")
    other = judged("slow", "how", slow, 0.0, DUE, sorted(DUE))
    first, second = compared([ours, other])
    assert (first.against_ours, first.against_ours_second_half) == (1.0, 1.0)
    assert (second.against_ours, second.against_ours_second_half) == (2.03, 1.0)


def test_a_comparison_needs_us_and_another_and_no_failure() -> None:
    ours = judged(report.OURS, "how", TOLD, 0.0, DUE, sorted(DUE))
    other = judged("other", "how", TOLD, 0.0, DUE, sorted(DUE))
    missing = Found(engine="missing", how="how", why_not="no Java")
    assert is_ok([ours, other, missing])
    assert not is_ok([ours, missing])
    assert not is_ok([other, missing])
    assert not is_ok([ours, other, msgspec.structs.replace(missing, failed=True)])


def test_the_table_says_why_an_engine_has_no_figure() -> None:
    ours = judged(report.OURS, "how", TOLD, 0.0, DUE, sorted(DUE))
    missing = Found(engine="flink", how="how", why_not="no Java")
    wrong = judged("quix-streams", "how", TOLD, 0.0, DUE, [])
    result = report.Result(ok=False, size=SIZE, per_frame=512, kafka="4", cores=2, alerts_due=3,
                           engines=compared([ours, missing, wrong]))  # fmt: skip
    text = report.table(result)
    assert re.search(r"^watchfloor +67 +100 +20 +3\.0 +10\.0 +12 +1\.00 x$", text, re.M)
    assert re.search(r"^flink +not run: no Java$", text, re.M)
    assert re.search(r"^quix-streams +failed: other alerts: 3 missing", text, re.M)


def test_the_marks_are_before_the_first_event_half_way_and_at_the_end() -> None:
    ticks = iter(range(100))
    meter = Meter(5, cpu=lambda: float(next(ticks)), wall=lambda: 0.0)
    done = []
    for _ in range(5):
        meter.begin()
        done.append(meter.took())
    meter.end()
    meter.end()
    assert done == [False, False, False, False, True]
    assert [(events, cpu) for events, cpu, _ in meter.marks] == [(0, 0.0), (2, 1.0), (5, 2.0)]


def test_a_frame_may_go_past_half_way_and_the_end_at_once() -> None:
    meter = Meter(10)
    meter.begin()
    assert meter.took(10)
    meter.end()
    assert [events for events, _, _ in meter.marks] == [0, 10, 10]


def test_without_java_an_engine_is_not_run_and_says_why(
    work: Work, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    flink = next(one for one in ENGINES if one.name == "flink")
    found = _measured(flink, order(work, "flink"), work.due, lambda _text: None)
    assert found.why_not is not None
    assert "Java 17 or newer is needed" in found.why_not
    assert not found.failed


def test_a_change_of_any_source_makes_the_cache_build_anew(tmp_path: Path) -> None:
    first, second = tmp_path / "a.java", tmp_path / "b.java"
    first.write_text("one")
    second.write_text("two")
    before = installed.digest([first, second])
    assert installed.digest([first, second]) == before
    second.write_text("three")
    assert installed.digest([first, second]) != before


def test_every_peer_is_locked_with_its_hashes() -> None:
    asked = re.findall(r"^([a-z]+)(?:==(\S+)|>=.*)?$", (installed.HERE / "requirements.in").read_text(), re.M)
    locked = dict(re.findall(r"^([a-z0-9-]+)==([^\s;]+)", installed.LOCK.read_text(), re.M))
    assert len(asked) == 6
    assert all(name in locked and version in ("", locked[name]) for name, version in asked)
    requirements = re.findall(r"^[a-z0-9-]+==.*(?:\n    --hash=.*)*", installed.LOCK.read_text(), re.M)
    assert len(requirements) >= len(locked)
    assert [one.split()[0] for one in requirements if "--hash=sha256:" not in one] == []


def test_the_poms_pin_every_version() -> None:
    for name in ("streams", "flink"):
        pom = (installed.JAVA / f"{name}.xml").read_text()
        parts = re.findall(r"<(?:dependency|plugin)>(.*?)</(?:dependency|plugin)>", pom, re.S)
        assert len(parts) > 5
        assert [part for part in parts if not re.search(r"<version>\d[^,\[\]]*</version>", part)] == []


def test_the_most_memory_is_read_from_the_kernel(tmp_path: Path) -> None:
    status = tmp_path / "status"
    status.write_text("VmPeak:\t 999999 kB\nVmHWM:\t  2048 kB\nVmRSS:\t 1024 kB\n")
    assert peak_rss_mb(status) == 2.0


def test_an_order_keeps_its_password_out_of_what_is_printed(work: Work) -> None:
    secret = msgspec.json.decode(b'{"user": "admin", "password": "hush", "ca_file": "ca.pem"}', type=dict[str, str])
    from schemas.wire.security import Login

    one = msgspec.structs.replace(order(work), login=Login(**secret))
    assert "hush" not in repr(one)
    assert one.librdkafka()["sasl.password"] == "hush"


def test_an_engine_that_is_not_there_is_refused() -> None:
    done = CliRunner().invoke(app, ["bench", "peers", "--engine", "storm", "--json"])
    assert done.exit_code == 2
    assert "there is no engine storm" in msgspec.json.decode(done.stdout)["error"]


def test_a_peers_alert_names_read_entry_and_zones() -> None:
    read_id = UUID(int=7)
    value = msgspec.json.encode(task.PeerAlert(read_id, "ABC123", "bench", "B1", ("zone-2", "zone-1")))
    assert report.of_peer(value) == [Due(str(read_id), "bench", "B1", ("zone-1", "zone-2"))]
