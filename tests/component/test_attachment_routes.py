"""Files of an incident over HTTP: who puts and gets one, what a scanner decides, and that every look is recorded."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace
from starlette.testclient import TestClient

from compose.attachments.folder import AttachmentFolder
from dashboards.server.attachment_ports import ScannerUnavailableError, Verdict
from schemas.events.action import Action
from schemas.events.attachment import ATTACHMENT, Attachment
from schemas.events.incident import EXAMPLE as INCIDENT_EXAMPLE
from schemas.events.incident import INCIDENT
from tests.component.server_fixtures import World

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(250)) * 4
CASE = replace(INCIDENT_EXAMPLE, stage="opened", status="open", merged_into=None)
PATH = f"/api/incidents/{CASE.incident_id}/attachments"
BYTES = {"content-type": "application/octet-stream"}


class Scanner:
    """Says what it is told; None: it is away."""

    verdict: Verdict | None = None

    async def judge(self, path: Path) -> Verdict:
        assert path.read_bytes() == JPEG
        if self.verdict is None:
            raise ScannerUnavailableError("away")
        return self.verdict


def world(folder: Path, **others: Any) -> World:
    made = World(attachment_files=AttachmentFolder(folder, 2000), most_attachments=2, **others)
    made.hub.offer(INCIDENT, [CASE], 1.0)
    made.hub.caught_up()
    return made


@pytest.fixture
def site(tmp_path: Path) -> World:
    return world(tmp_path)


def put(browser: TestClient, content: bytes = JPEG, name: str = "../door\u202e.exe") -> Any:
    return browser.post(PATH, params={"name": name, "actor": "r.diaz"}, content=content, headers=BYTES)


def test_a_file_is_in_the_log_with_what_its_bytes_are_and_looking_at_it_is_recorded_first(site: World) -> None:
    browser = site.browser()
    answer = put(browser)
    assert answer.status_code == 200
    (added,) = site.log.events
    assert isinstance(added, Attachment)
    assert (added.name, added.media_type, added.byte_count) == ("door.exe", "image/jpeg", len(JPEG))
    assert (added.added_by, added.scan, added.lat) == ("r.diaz", "not_scanned", CASE.lat)
    assert answer.json() == {
        "attachment_id": str(added.attachment_id), "sha256": added.sha256, "scan": "not_scanned",
    }  # fmt: skip
    assert put(browser).json() == answer.json()
    assert len(site.log.events) == 1, "the same bytes are one file"

    got = browser.get(f"{PATH}/{added.attachment_id}", params={"actor": "b.lee"})
    assert (got.status_code, got.content) == (200, JPEG)
    assert got.headers["content-disposition"] == 'attachment; filename="door.exe.jpg"'
    assert got.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["etag"] == f'"{added.sha256}"'
    part = browser.get(f"{PATH}/{added.attachment_id}", headers={"range": "bytes=0-2"})
    assert (part.status_code, part.content) == (206, JPEG[:3])
    looks = [one for one in site.log.events[1:] if isinstance(one, Action)]
    assert [one.name for one in looks] == ["view.attachment"] * 2
    assert (looks[0].actor, looks[0].details["sha256"]) == ("b.lee", added.sha256)

    site.log.away = True
    refused = browser.get(f"{PATH}/{added.attachment_id}")
    assert (refused.status_code, JPEG in refused.content) == (503, False), "what cannot be recorded does not leave"


def test_what_is_too_large_or_too_much_or_no_kind_that_is_taken_is_refused_in_words(site: World) -> None:
    browser = site.browser()
    assert put(browser, JPEG * 3).status_code == 413
    refused = put(browser, b"MZ" + bytes(100))
    assert refused.status_code == 415
    assert "JPEG" in refused.json()["error"]
    assert browser.post(PATH, params={"name": "a", "actor": "b"}, json={}).status_code == 415
    foreign = browser.post(PATH, content=JPEG, headers={**BYTES, "origin": "https://evil.example"})
    assert foreign.status_code == 403
    assert site.log.events == []
    assert [put(browser, JPEG + bytes([one])).status_code for one in range(3)] == [200, 200, 409]
    site.hub.offer(INCIDENT, [replace(CASE, rev=CASE.rev + 1, stage="closed", status="closed")], 2.0)
    assert put(browser).status_code == 409


def test_a_withdrawn_file_stays_listed_with_its_reason_and_is_given_out_no_more(site: World) -> None:
    browser = site.browser()
    one = put(browser).json()["attachment_id"]
    told = {"actor": "b.lee", "reason": "Wrong door"}
    assert browser.post(f"{PATH}/{one}/withdraw", json={**told, "reason": " "}).status_code == 422
    assert browser.post(f"{PATH}/{one}/withdraw", json=told).status_code == 200
    gone = site.log.events[-1]
    assert isinstance(gone, Attachment)
    assert (gone.rev, gone.withdrawn_by, gone.reason) == (2, "b.lee", "Wrong door")
    assert browser.get(f"{PATH}/{one}").status_code == 410
    assert browser.post(f"{PATH}/{one}/withdraw", json=told).status_code == 409
    assert put(browser).status_code == 409
    site.hub.offer(ATTACHMENT, [gone], 2.0)
    assert [UUID(one)] == [gone.attachment_id]
    assert b"Wrong door" in b"".join(site.hub.rows("attachments"))


@pytest.mark.parametrize(
    ("verdict", "scan", "status"),
    [(Verdict(True), "clean", 200), (Verdict(False, "Eicar"), "infected", 409), (None, "waiting", 409)],
)
def test_with_a_scanner_only_what_it_found_clean_is_given_out(
    tmp_path: Path, verdict: Verdict | None, scan: str, status: int
) -> None:
    scanner = Scanner()
    scanner.verdict = verdict
    site = world(tmp_path, scanner=scanner)
    with site.browser() as browser:
        answer = put(browser)
        assert answer.json()["scan"] == "waiting"
        newest = _until(lambda: [one for one in site.log.events if isinstance(one, Attachment)][-1], scan)
        assert newest.finding == ("Eicar" if scan == "infected" else "")
        assert browser.get(f"{PATH}/{newest.attachment_id}").status_code == status


def test_the_file_of_an_incident_elsewhere_is_not_found_by_the_id_of_another(site: World) -> None:
    browser = site.browser()
    one = put(browser).json()["attachment_id"]
    other = replace(CASE, incident_id=UUID(int=7), event_id=UUID(int=8))
    site.hub.offer(INCIDENT, [other], 2.0)
    assert browser.get(f"/api/incidents/{other.incident_id}/attachments/{one}").status_code == 404
    assert browser.get(f"{PATH}/{UUID(int=9)}").status_code == 404


def _until(look: Callable[[], Attachment], scan: str) -> Attachment:
    for _ in range(60):
        found = look()
        if found.scan == scan and scan != "waiting":
            return found
        time.sleep(0.05)
    return look()
