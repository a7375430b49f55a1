"""Pictures of reads with an alert: from hosts that are named only, before they expire, and no storm of retries (B7)."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from msgspec.structs import replace

from compose.pictures import keeper as keeper_module
from compose.pictures.allowed import AllowedAddresses, NotAllowedError, read_host
from compose.pictures.fetching import NoPictureError, Picture, kind_of
from compose.pictures.folder import ImageFolder
from compose.pictures.keeper import TRIES, ImageKeeper
from pipeline.outcome import Emit
from pipeline.processors.sightings import Sightings
from pipeline.state.reference import Reference
from schemas.envelope import Event
from schemas.events.alert import ALERT, Alert
from schemas.events.image import Image, settled_id, wanted_id
from schemas.events.plate_read import PLATE_READ, PlateRead
from schemas.identity import identity
from schemas.wire.publisher import BrokerUnavailableError
from tests.unit.facts import NOW, read
from tests.unit.test_recalls import load

T = TypeVar("T")
JPEG = b"\xff\xd8\xff\xe0 a picture"
OUTSIDE = "93.184.215.14"


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)


def names(*addresses: str) -> Any:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    return resolve


# Which reads.


def events_of(facts: Reference, one: PlateRead, *, want: bool = True) -> list[Event]:
    (outcome,) = Sightings(facts, lambda: NOW, want_images=want).process(PLATE_READ, [one], 0)
    assert isinstance(outcome, Emit)
    return list(outcome.events)


def images_in(events: Sequence[Event]) -> list[Image]:
    return [event for event in events if isinstance(event, Image)]


@pytest.fixture
def facts() -> Reference:
    known = Reference()
    load(known, 1, {"S-1": "ABC123"})
    return known


REF = "https://images.example/1.jpg?signature=s"
SEEN = read("ABC123", image_ref=REF, image_expires_at=NOW + timedelta(minutes=5))


def test_the_picture_of_a_read_that_raises_an_alert_is_wanted_and_of_no_other(facts: Reference) -> None:
    (image,) = images_in(events_of(facts, SEEN))
    assert (image.event_id, image.read_id, image.state) == (wanted_id(SEEN.event_id), SEEN.event_id, "wanted")
    assert (image.image_ref, image.expires_at) == (REF, NOW + timedelta(minutes=5))
    assert images_in(events_of(facts, replace(SEEN, plate="QQQ777"))) == []
    assert images_in(events_of(facts, replace(SEEN, image_ref=None))) == []
    assert images_in(events_of(facts, SEEN, want=False)) == []


def test_a_picture_is_wanted_though_the_alert_is_in_the_log_already(facts: Reference) -> None:
    facts.apply(ALERT, [event for event in events_of(facts, SEEN) if isinstance(event, Alert)])
    again = events_of(facts, SEEN)
    assert not any(isinstance(event, Alert) for event in again)
    assert [image.event_id for image in images_in(again)] == [wanted_id(SEEN.event_id)]


# From where.


@pytest.mark.parametrize(
    ("ref", "reason"),
    [
        ("https://other.example/1.jpg", "host_not_allowed"),
        ("http://images.example/1.jpg", "host_not_allowed"),
        ("https://images.example:8443/1.jpg", "host_not_allowed"),
        ("https://images.example.evil.example/1.jpg", "host_not_allowed"),
        ("https://images.example@evil.example/1.jpg", "not_an_address"),
        ("https://me:pw@images.example/1.jpg", "not_an_address"),
        ("https://2130706433/1.jpg", "host_not_allowed"),
        ("https://0x7f000001/1.jpg", "host_not_allowed"),
        ("https://127.1/1.jpg", "host_not_allowed"),
        ("http://169.254.169.254/latest/meta-data", "host_not_allowed"),
        ("https://[::ffff:127.0.0.1]/1.jpg", "host_not_allowed"),
        ("file:///etc/passwd", "not_an_address"),
        ("gopher://images.example/1", "not_an_address"),
        ("ftp://images.example/1.jpg", "not_an_address"),
        ("data:image/png;base64,AAAA", "not_an_address"),
        ("upload.jpg", "not_an_address"),
        ("//images.example/1.jpg", "not_an_address"),
        ("https:///1.jpg", "not_an_address"),
        ("https://images.example\\@evil.example/", "not_an_address"),
        ("https://images.exa\x00mple/", "not_an_address"),
        ("", "not_an_address"),
    ],
)
def test_b7_only_the_very_hosts_that_are_named_are_asked(ref: str, reason: str) -> None:
    with pytest.raises(NotAllowedError) as refused:
        run(AllowedAddresses(["images.example"], resolve=names(OUTSIDE)).target(ref))
    assert refused.value.reason in (reason, "host_not_allowed")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.7", "172.16.3.4", "192.168.1.9", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "::ffff:10.0.0.7", "::ffff:169.254.169.254",
        "64:ff9b::a00:7", "2002:a00:7::1", "::", "ff02::1", "no address",
    ],
)  # fmt: skip
def test_b7_a_name_that_leads_inside_is_refused_also_beside_an_address_outside(address: str) -> None:
    for found in ((address,), (OUTSIDE, address)):
        with pytest.raises(NotAllowedError) as refused:
            run(AllowedAddresses(["images.example"], resolve=names(*found)).target("https://images.example/1.jpg"))
        assert refused.value.reason == "private_address"


def test_a_named_host_outside_or_in_a_network_that_is_named_is_asked_at_the_address_looked_up() -> None:
    outside = AllowedAddresses(["images.example"], resolve=names(OUTSIDE))
    assert run(outside.target("https://IMAGES.example:443/1.jpg")).address == OUTSIDE
    inside = AllowedAddresses(["http://camera.lan:8080"], ["10.1.0.0/16"], names("10.1.2.3"))
    assert run(inside.target("http://camera.lan:8080/1.jpg")).address == "10.1.2.3"
    elsewhere = AllowedAddresses(["http://camera.lan:8080"], ["10.1.0.0/16"], names("10.2.2.3"))
    with pytest.raises(NotAllowedError):
        run(elsewhere.target("http://camera.lan:8080/1.jpg"))


@pytest.mark.parametrize(
    "text", ["ftp://a.example", "a.example/path", "https://me@a.example", "", "a b", "a.example?x"]
)
def test_what_is_no_host_is_refused_when_the_settings_are_read(text: str) -> None:
    with pytest.raises(ValueError, match="no host"):
        read_host(text)


def test_a_picture_is_told_by_its_first_bytes() -> None:
    assert kind_of(JPEG) == "image/jpeg"
    assert kind_of(b"\x89PNG\r\n\x1a\n....") == "image/png"
    for head in (b"<html>", b"GIF89a", b"", b"%PDF-1.7", b"PK\x03\x04", b"<svg xmlns="):
        with pytest.raises(NoPictureError):
            kind_of(head)


# What becomes of it.


class Source:
    """Answers each fetch with the next of its answers, the last of them for ever."""

    def __init__(self, *answers: Picture | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def fetch(self, ref: str) -> Picture:
        self.asked.append(ref)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class Log:
    def __init__(self, fails: int = 0) -> None:
        self.said: asyncio.Queue[Image] = asyncio.Queue()
        self.fails = fails

    async def publish(self, events: Sequence[Event]) -> None:
        if self.fails:
            self.fails -= 1
            raise BrokerUnavailableError("away")
        for event in events:
            assert isinstance(event, Image)
            await self.said.put(event)


def wanted(number: int = 1, **changes: Any) -> Image:
    read_id = identity("plate_read", "test", number)
    made = Image(
        event_id=wanted_id(read_id),
        occurred_at=NOW,
        observed_at=NOW,
        source="processor/sightings",
        read_id=read_id,
        image_ref=f"https://images.example/{number}.jpg",
        expires_at=NOW + timedelta(minutes=5),
    )
    return replace(made, **changes)


def settled(
    source: Source,
    folder: Path,
    *images: Image,
    log: Log | None = None,
    known: Sequence[Image] = (),
    now: datetime = NOW,
    count: int | None = None,
    waits: list[float] | None = None,
) -> list[Image]:
    """What a keeper says of pictures that are wanted, in the order it says it."""

    async def go() -> list[Image]:
        told = log or Log()
        slept = waits if waits is not None else []
        keeper = ImageKeeper(
            source,  # type: ignore[arg-type]
            ImageFolder(folder, 30),
            told,
            clock=lambda: now,
            sleep=slept.append,
        )
        keeper.note(known)
        running = asyncio.create_task(keeper.run())
        await keeper.want(images)
        said = [await asyncio.wait_for(told.said.get(), 10) for _ in range(len(images) if count is None else count)]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return said

    return run(go())


def test_b7_a_picture_is_fetched_before_it_expires_and_kept_under_its_digest(tmp_path: Path) -> None:
    (done,) = settled(Source(Picture(JPEG, "image/jpeg")), tmp_path, wanted())
    assert (done.state, done.rev, done.reason, done.media_type) == ("fetched", 2, "", "image/jpeg")
    assert (done.event_id, done.byte_count) == (settled_id(done.read_id), len(JPEG))
    assert ImageFolder(tmp_path, 30).read(done.sha256) == JPEG


def test_b7_a_picture_that_expired_is_marked_and_its_source_is_not_asked(tmp_path: Path) -> None:
    source = Source(Picture(JPEG, "image/jpeg"))
    (done,) = settled(source, tmp_path, wanted(expires_at=NOW - timedelta(seconds=1)))
    assert (done.state, done.reason) == ("expired", "image_expired")
    assert source.asked == []


def test_b7_there_is_no_storm_of_retries(tmp_path: Path) -> None:
    waits: list[float] = []
    away = Source(NoPictureError("unreachable", is_final=False))
    (done,) = settled(away, tmp_path, wanted(), waits=waits)
    assert (done.state, done.reason) == ("failed", "unreachable")
    assert (len(away.asked), waits) == (TRIES, [2.0, 8.0])
    gone = Source(NoPictureError("http_404"))
    (done,) = settled(gone, tmp_path, wanted())
    assert (done.reason, len(gone.asked)) == ("http_404", 1)


def test_a_source_that_comes_back_gives_the_picture(tmp_path: Path) -> None:
    source = Source(NoPictureError("http_503", is_final=False), Picture(JPEG, "image/jpeg"))
    (done,) = settled(source, tmp_path, wanted())
    assert (done.state, len(source.asked)) == ("fetched", 2)


def test_a_host_that_is_not_allowed_is_refused_once(tmp_path: Path) -> None:
    source = Source(NotAllowedError("host_not_allowed"))
    (done,) = settled(source, tmp_path, wanted())
    assert (done.state, done.reason, len(source.asked)) == ("refused", "host_not_allowed", 1)


def test_a_fault_with_one_picture_does_not_end_the_fetching_of_others(tmp_path: Path) -> None:
    source = Source(ValueError("with a signed address"), Picture(JPEG, "image/jpeg"))
    said = settled(source, tmp_path, wanted(1), wanted(2))
    assert {done.reason for done in said} == {"fault_here", ""}


def test_what_is_settled_or_stands_in_line_is_not_fetched_again(tmp_path: Path) -> None:
    source = Source(Picture(JPEG, "image/jpeg"))
    before = replace(wanted(1), rev=2, state="expired", event_id=settled_id(wanted(1).read_id))
    settled(source, tmp_path, wanted(1), wanted(2), wanted(2), wanted(3), known=[before], count=2)
    assert sorted(source.asked) == ["https://images.example/2.jpg", "https://images.example/3.jpg"]


def test_the_first_to_expire_is_fetched_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper_module, "AT_ONCE", 1)
    source = Source(Picture(JPEG, "image/jpeg"))
    late, never = wanted(1), wanted(2, expires_at=None)
    soon = wanted(3, expires_at=NOW + timedelta(seconds=9))
    settled(source, tmp_path, never, late, soon)
    assert source.asked == [soon.image_ref, late.image_ref, never.image_ref]


def test_what_the_broker_did_not_take_is_said_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper_module, "PUBLISH_AGAIN_S", 0.0)
    source = Source(Picture(JPEG, "image/jpeg"))
    (done,) = settled(source, tmp_path, wanted(), log=Log(fails=2))
    assert (done.state, len(source.asked)) == ("fetched", 1)


def test_a_picture_wanted_while_the_server_was_long_away_is_not_fetched(tmp_path: Path) -> None:
    source = Source(Picture(JPEG, "image/jpeg"))
    (done,) = settled(source, tmp_path, wanted(expires_at=None), now=NOW + timedelta(days=3))
    assert (done.state, done.reason, source.asked) == ("failed", "wanted_too_long_ago", [])


def test_pictures_are_removed_after_their_time_and_the_same_one_is_kept_once(tmp_path: Path) -> None:
    now = [1_000_000.0]
    folder = ImageFolder(tmp_path, 30, wall=lambda: now[0])
    first, second = folder.keep(JPEG), folder.keep(JPEG + b"2")
    assert folder.keep(JPEG) == first
    assert len(list(tmp_path.glob("*/*"))) == 2
    now[0] += 20 * 86_400
    folder.keep(JPEG)
    now[0] += 20 * 86_400
    assert folder.read(second) is None
    assert folder.remove_old() == 1
    assert (folder.read(first), folder.read(second)) == (JPEG, None)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "ab", "G" * 64, "a" * 63 + "/"])
def test_nothing_but_a_digest_names_a_picture(tmp_path: Path, name: str) -> None:
    assert ImageFolder(tmp_path, 30).read(name) is None
