"""Web Push over real connections: who is told, what a push service sees of it, and what it may not make us do."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from compose.accounts.devices import MOST_DEVICES, SIGNED_IN_WITHIN_S, device_of
from compose.notify.channel import AWAY, GONE, Outcome
from compose.notify.web_push.device import TTL_S
from compose.notify.web_push.sending import PushMessage
from compose.notify.web_push.services import KNOWN, origin_of
from compose.notify.web_push.vapid import new_key
from dashboards.server.push_ports import PushRefusedError
from schemas.events.alert import Alert
from schemas.events.incident import EXAMPLE as INCIDENT
from schemas.events.zone import EXAMPLE as ZONE
from tests.component.push_service import HOST, PASSWORD, Room, Service, address, rule, run
from tests.unit.notify_facts import NOW, alert, escalated, withdrawn
from tests.unit.push_facts import Browser


def closed(one: Alert) -> Alert:
    return replace(one, rev=one.rev + 1, status="closed")


def settled(room: Room) -> list[tuple[str, str, str]]:
    """What is on record: what became of a message, on whose device, why."""
    found = [one for one in room.outbox.records(100) if one.name.startswith("notify.")]
    return [(one.name, one.actor.split("/")[1], one.details["outcome"]) for one in found]


def test_a_device_is_told_how_grave_it_is_and_nothing_of_the_case(tmp_path: Path) -> None:
    async def test(service: Service) -> None:
        room = Room(tmp_path, service.port)
        room.add("r.diaz")
        phone = room.turn_on("r.diaz", "/one")
        raised = alert(severity="P1")
        assert room.pushing.take([raised]) == 1
        await room.tell()
        ((path, headers, body),) = service.got
        assert path == "/one"
        assert json.loads(phone.read(body)) == {"kind": "alert.raised", "severity": "P1", "id": str(raised.alert_id)}
        assert (headers["content-encoding"], headers["urgency"]) == ("aes128gcm", "high")
        assert int(headers["ttl"]) == TTL_S["P1"] - 1
        assert headers["authorization"].startswith("vapid t=")
        assert len(headers["topic"]) == 32
        kept = (tmp_path / "notify.sqlite-wal").read_bytes() + (tmp_path / "notify.sqlite").read_bytes()
        for secret in (raised.subject, "A8C123", "J. Doe"):
            assert secret.encode() not in kept
        assert settled(room) == [("notify.delivered", "r.diaz", "http_201")]

    run(tmp_path, test)


def test_everybody_is_told_what_his_screens_show_him_and_nothing_else(tmp_path: Path) -> None:
    async def test(service: Service) -> None:
        room = Room(tmp_path, service.port, rules=[rule(audiences=["gangs"], tell=["alert", "incident"])])
        square = ((ALERT.lon - 0.01, ALERT.lat - 0.01), (ALERT.lon + 0.01, ALERT.lat + 0.01))
        for name, shift in (("near", 0.0), ("far", 1.0)):
            (west, south), (east, north) = square
            ring = [[west + shift, south], [east + shift, south], [east + shift, north], [west + shift, north],
                    [west + shift, south]]  # fmt: skip
            zone = msgspec.json.decode(msgspec.json.encode(ZONE))
            zone |= {"zone_id": name, "polygons": [[ring]]}
            room.places.rows["zones", name] = msgspec.json.encode(zone)
        room.add("all")
        room.add("no-gangs", audiences=["restricted"])
        room.add("ours", agencies=[ALERT.jurisdiction])
        room.add("theirs", agencies=["elsewhere"])
        room.add("near", areas=["near"])
        room.add("far", areas=["far"])
        room.add("auditor", "auditor")
        for account in ("all", "no-gangs", "ours", "theirs", "near", "far", "auditor"):
            room.turn_on(account, f"/{account}")

        def told_of(*events: Alert) -> set[str]:
            service.got.clear()
            room.pushing.take(events)
            return {one.destination.split("/")[1] for one in waiting(room)}

        assert told_of(ALERT) == {"all", "no-gangs", "ours", "near"}
        await room.tell()
        assert told_of(replace(ALERT, alert_id=alert("2").alert_id, audience="gangs")) == {"all", "ours", "near"}
        await room.tell()
        room.places.are_known = False
        assert told_of(alert("3")) >= {"near", "far"}, "asked again when it is known"
        await room.tell()
        assert {path for path, _, _ in service.got} == {"/all", "/no-gangs", "/ours"}
        room.places.are_known = True
        room.at += 5
        await room.tell()
        assert {path for path, _, _ in service.got} == {"/all", "/no-gangs", "/ours", "/near"}
        assert ("notify.given_up", "far", "area") in settled(room)

    run(tmp_path, test)


ALERT = alert()


def waiting(room: Room) -> list[object]:
    names = room.outbox.due_below("push/", 100)
    return [one for name in names for one in room.outbox.due(name, 10)]


def test_what_somebody_may_see_is_asked_again_when_it_is_sent(tmp_path: Path) -> None:
    async def test(service: Service) -> None:
        room = Room(tmp_path, service.port)
        for account in ("moved", "shut", "gone"):
            room.add(account)
            room.turn_on(account, f"/{account}")
        room.pushing.take([ALERT])
        room.book.set_roles("moved", roles=["auditor"], audiences=None, secured=False, actor="admin")
        room.book.disable("shut", "left", "admin")
        room.devices.remove("gone", room.devices.of("gone")[0].device, "gone")
        await room.tell()
        assert service.got == []
        assert sorted(settled(room)) == [
            ("notify.given_up", "gone", "no_such_device"), ("notify.given_up", "moved", "role"),
            ("notify.given_up", "shut", "no_such_device"),
        ]  # fmt: skip
        assert [one.account for one in room.devices.of()] == ["moved"], "a device goes with its account"

    run(tmp_path, test)


def test_a_rule_names_roles_and_a_device_named_twice_is_told_once(tmp_path: Path) -> None:
    async def test(service: Service) -> None:
        room = Room(
            tmp_path,
            service.port,
            rules=[rule("a", ["commander"]), rule("b", ["commander", "supervisor"], rules=["x"])],
        )
        room.add("chief", "commander")
        room.add("monitor", "monitor")
        room.turn_on("chief", "/chief")
        room.turn_on("monitor", "/monitor")
        room.pushing.take([replace(ALERT, rule="x"), alert("2", severity="P3")])
        await room.tell()
        assert [path for path, _, _ in service.got] == ["/chief"]

    run(tmp_path, test)


@pytest.mark.parametrize(("end", "reason"), [(closed, "closed_meanwhile"), (withdrawn, "withdrawn_meanwhile")])
def test_what_is_over_before_it_was_delivered_is_not_told(tmp_path: Path, end: object, reason: str) -> None:
    async def test(service: Service) -> None:
        room = Room(tmp_path, service.port)
        room.add("r.diaz")
        room.turn_on("r.diaz", "/one")
        room.pushing.take([ALERT, escalated(ALERT, NOW)])
        room.pushing.take([end(ALERT)])  # type: ignore[operator]
        await room.tell()
        assert service.got == []
        assert settled(room) == [("notify.given_up", "r.diaz", reason)] * 2

    run(tmp_path, test)


def test_a_withdrawal_is_told_to_whoever_was_told_and_takes_the_place_of_nothing_else(tmp_path: Path) -> None:
    async def test(service: Service) -> None:
        room = Room(tmp_path, service.port, rules=[rule(tell=["alert", "escalated", "incident"], severity="P4")])
        room.add("r.diaz")
        phone = room.turn_on("r.diaz", "/one")
        incident_id = INCIDENT.incident_id
        first, second, lesser = (
            alert(name, incident_id=incident_id, severity=severity)
            for name, severity in (("1", "P1"), ("2", "P1"), ("3", "P3"))
        )
        room.pushing.take([first])
        await room.tell()
        late = replace(ALERT, alert_id=alert("4").alert_id, raised_at=NOW - timedelta(hours=2))
        room.pushing.take([second, lesser, withdrawn(first), late, withdrawn(late)])
        await room.tell()
        kinds = [(one["kind"], one["severity"]) for one in service.told("/one", phone)]
        assert sorted(kinds) == [
            ("alert.raised", "P1"), ("alert.raised", "P1"), ("alert.raised", "P3"), ("alert.withdrawn", "P1"),
        ]  # fmt: skip
        topics = {}
        for said, (_, headers, _) in zip(service.told("/one", phone), service.got, strict=True):
            topics[said["id"], said["kind"]] = headers["topic"]
        raised = {name: topics[str(one.alert_id), "alert.raised"] for name, one in
                  (("first", first), ("second", second), ("lesser", lesser))}  # fmt: skip
        assert raised["first"] == raised["second"], "a newer one of the same incident takes its place"
        assert raised["lesser"] != raised["first"], "a lesser one never that of a graver"
        assert topics[str(first.alert_id), "alert.withdrawn"] not in raised.values()

    run(tmp_path, test)


@pytest.mark.parametrize("status", ["410 Gone", "404 Not Found"])
def test_a_subscription_that_has_ended_is_forgotten(tmp_path: Path, status: str) -> None:
    async def test(service: Service) -> None:
        room = Room(tmp_path, service.port)
        room.add("r.diaz")
        room.turn_on("r.diaz", "/old")
        room.turn_on("r.diaz", "/new")
        service.answers = [status, status]
        room.pushing.take([ALERT])
        await room.tell()
        assert room.devices.of("r.diaz") == []
        reason = f"http_{status[:3]}"
        assert settled(room) == [("notify.given_up", "r.diaz", reason)] * 2
        off = [one for one in room.book.records(100) if one.name == "access.push_off"]
        assert [(one.account, one.actor, one.details["why"]) for one in off] == [("r.diaz", "notify:push", reason)] * 2
        room.pushing.take([alert("2")])
        await room.tell()
        assert len(service.got) == 2

    run(tmp_path, test)


def test_a_push_service_that_puts_us_off_is_asked_when_it_said_and_one_device_holds_up_no_other(tmp_path: Path) -> None:
    async def test(service: Service) -> None:
        room = Room(tmp_path, service.port)
        room.add("r.diaz")
        for path in ("/one", "/two"):
            room.turn_on("r.diaz", path)
        service.answers = ["429 Too Many Requests\r\nretry-after: 120"]
        room.pushing.take([ALERT])
        await room.tell()
        assert len(service.got) == 2
        room.at += 119
        await room.tell()
        assert len(service.got) == 2
        room.at += 2
        await room.tell()
        assert [path for path, _, _ in service.got].count(service.got[0][0]) == 2
        assert int(service.got[2][1]["ttl"]) == int(service.got[0][1]["ttl"]) - 121

    run(tmp_path, test)


def test_what_came_up_too_long_ago_is_not_told_and_wakes_nobody(tmp_path: Path) -> None:
    async def test(service: Service) -> None:
        room = Room(tmp_path, service.port)
        room.add("r.diaz")
        room.turn_on("r.diaz", "/one")
        room.pushing.take([ALERT])
        room.at += TTL_S[ALERT.severity]
        await room.tell()
        assert service.got == []
        assert settled(room) == [("notify.given_up", "r.diaz", "too_late")]

    run(tmp_path, test)


def test_who_has_not_signed_in_for_a_week_is_told_nothing_until_he_does(tmp_path: Path) -> None:
    async def test(service: Service) -> None:
        room = Room(tmp_path, service.port)
        room.add("r.diaz")
        room.turn_on("r.diaz", "/one")
        room.at += SIGNED_IN_WITHIN_S + 1
        room.pushing.take([ALERT])
        await room.tell()
        assert service.got == []
        assert [one.account for one in room.devices.of()] == ["r.diaz"]

    run(tmp_path, test)


MESSAGE = PushMessage(b"{}", 60, "high", "x")


def outcome(tmp_path: Path, endpoint: str = "", answers: Sequence[str] = (), **changes: object) -> tuple[Outcome, int]:
    """What came of one message, and how many the service got."""
    found: list[tuple[Outcome, int]] = []

    async def test(service: Service) -> None:
        room = Room(tmp_path, service.port, **changes)
        service.answers = list(answers)
        told = address(Browser(), service.port, "/one")
        if endpoint:
            told = replace(told, endpoint=endpoint.replace("PORT", str(service.port)))
        found.append((await room.sender.send(told, MESSAGE, new_key(), room.at), len(service.got)))

    run(tmp_path, test)
    return found[0]


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    answer = f"302 Found\r\nlocation: https://{HOST}:1/elsewhere"
    assert outcome(tmp_path, answers=[answer]) == (Outcome(AWAY, "http_302"), 1)


@pytest.mark.parametrize("networks", [(), ("10.0.0.0/8",)])
def test_a_push_service_whose_name_leads_inside_is_not_asked(tmp_path: Path, networks: Sequence[str]) -> None:
    assert outcome(tmp_path, networks=networks) == (Outcome(AWAY, "private_address"), 0)


def test_a_host_that_is_not_named_any_more_is_not_asked(tmp_path: Path) -> None:
    assert outcome(tmp_path, "https://other.lan:PORT/one") == (Outcome(GONE, "host_not_allowed"), 0)


def test_a_push_service_that_nobody_vouches_for_is_not_told(tmp_path: Path) -> None:
    assert outcome(tmp_path, tls=None) == (Outcome(AWAY, "unreachable"), 0)


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/fcm/send/x", "https://fcm.googleapis.com:8443/x", "https://127.0.0.1/x",
        "https://fcm.googleapis.com@127.0.0.1/x", "https://user:word@fcm.googleapis.com/x", "https://[::1]/x",
        "https://fcm.googleapis.com.evil.example/x", "https://evilfcm.googleapis.com/x", "https://push.apple.com/x",
        "https://evil.example/?fcm.googleapis.com", "https://fcm.googleapis.com\\@evil.example/x", "",
        "https://evilpush.apple.com/x", "https://fcm.googleapis.com/x#y", "https://fcm.googleapis.com/ x",
        "ftp://fcm.googleapis.com/x", "https://fcm.googleapis.com/" + "x" * 1024, "https://a%00.push.apple.com/x",
    ],
)  # fmt: skip
def test_no_other_address_is_a_device(endpoint: str) -> None:
    assert origin_of(endpoint, KNOWN) == ""


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc:def", "https://updates.push.services.mozilla.com/wpush/v2/gAAA",
        "https://web.push.apple.com/QJ", "https://wns2-par02p.notify.windows.com/w/?token=BQ%2fd",
        "https://FCM.googleapis.com:443/x",
    ],
)  # fmt: skip
def test_those_of_the_known_push_services_are(endpoint: str) -> None:
    assert origin_of(endpoint, KNOWN).startswith("https://")


def test_no_address_and_no_name_is_in_the_log(tmp_path: Path) -> None:
    """In a process of its own: what is logged, and by whom, is set up for all of it."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.component.push_logging", str(tmp_path)],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert "a destination was not told" in done.stderr
    for secret in ("a-secret-path", "r.diaz"):
        assert secret not in done.stderr


class Kept:
    """Devices of two people."""

    def __init__(self, folder: Path) -> None:
        self.room = Room(folder, 8443)
        self.secret = self.room.add("r.diaz")
        self.room.add("m.chen")


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    run(tmp_path, lambda service: asyncio.sleep(0))  # its certificate
    return Kept(tmp_path)


def test_a_device_is_its_persons_and_passes_to_whoever_turns_it_on_there(kept: Kept) -> None:
    room, browser = kept.room, Browser()
    told = address(browser, 8443, "/one")
    room.devices.add("r.diaz", told, "Firefox")
    device = device_of(told.endpoint)
    assert room.devices.remove("m.chen", device, "m.chen") is False
    room.devices.add("m.chen", told, "Firefox")
    assert [one.account for one in room.devices.of()] == ["m.chen"]
    assert [one.details["device"] for one in room.book.records(100) if one.name == "access.push_on"] == [device] * 2


@pytest.mark.parametrize(
    "change", [{"p256dh": "AAAA"}, {"auth": "AAAA"}, {"p256dh": "*"}, {"endpoint": "https://x.y/"}]
)
def test_what_no_message_can_be_sent_to_is_refused(kept: Kept, change: dict[str, str]) -> None:
    with pytest.raises(PushRefusedError) as refused:
        kept.room.devices.add("r.diaz", replace(address(Browser(), 8443, "/one"), **change), "Firefox")
    assert "x.y" not in str(refused.value)


def test_nobody_has_more_devices_than_he_can_know_of(kept: Kept) -> None:
    for number in range(MOST_DEVICES):
        kept.room.turn_on("r.diaz", f"/{number}")
    with pytest.raises(PushRefusedError, match="remove one first"):
        kept.room.turn_on("r.diaz", "/more")


def test_another_key_ends_every_device_and_the_file_alone_holds_it(kept: Kept) -> None:
    room = kept.room
    before = room.devices.key()
    assert room.devices.key() == before
    room.turn_on("r.diaz", "/one")
    assert room.devices.rotate_key("admin") == 1
    assert room.devices.key() != before
    assert room.devices.of() == []
    assert "PRIVATE" not in json.dumps([one.details for one in room.book.records(100)])


def test_devices_end_with_a_lock_out_a_reset_and_the_account(kept: Kept) -> None:
    room = kept.room
    room.turn_on("r.diaz", "/one")
    for _ in range(5):
        with pytest.raises(Exception, match="not right"):
            room.book.sign_in("r.diaz", "wrong password", "000000", "10.0.0.7")
    assert room.devices.of("r.diaz") == []
    room.turn_on("m.chen", "/two")
    room.book.reset("m.chen", PASSWORD, "admin")
    assert room.devices.of("m.chen") == []
    room.turn_on("m.chen", "/two")
    room.at += 91 * 86_400
    room.devices.forget_ended()
    assert room.devices.of("m.chen") == []
