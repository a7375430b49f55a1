"""Files of incidents on the disk: what is taken by its bytes, where it lies, and what a scanner says of it."""

from __future__ import annotations

import asyncio
import hashlib
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from compose.attachments.clamd import Clamd
from compose.attachments.folder import AttachmentFolder
from compose.backup.attachment_files import copy_attachments
from compose.backup.manifest import BackupError
from dashboards.server.attachment_ports import FileTooLargeError, ScannerUnavailableError, UnknownKindError, Verdict
from schemas.attached_file import FileKind, download_name, safe_name

JPEG = b"\xff\xd8\xff\xe0" + bytes(60)


async def portions(content: bytes, size: int = 7) -> AsyncIterator[bytes]:
    for at in range(0, len(content), size):
        yield content[at : at + size]


def kept(folder: Path, content: bytes, most: int = 1000) -> str:
    return asyncio.run(AttachmentFolder(folder, most).keep(portions(content))).sha256


def left(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_file_is_kept_under_its_sha256_for_its_owner_only(tmp_path: Path) -> None:
    name = kept(tmp_path, JPEG)
    assert name == hashlib.sha256(JPEG).hexdigest() == kept(tmp_path, JPEG)
    (path,) = left(tmp_path)
    assert path == tmp_path / name[:2] / name
    assert path.read_bytes() == JPEG
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (JPEG + bytes(1000), FileTooLargeError),
        (b"MZ\x90\x00" + bytes(200), UnknownKindError),
        (b"plain at first\n" * 5 + b"\x00", UnknownKindError),
        (b"cut off \xe2\x82", UnknownKindError),
        (b"", UnknownKindError),
    ],
)
def test_what_is_too_large_or_no_kind_that_is_taken_leaves_nothing_behind(
    tmp_path: Path, content: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error):
        kept(tmp_path, content)
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (JPEG, "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "image/heic"),
        (b"\0\0\0\x18ftypisom\0\0\0\0", "video/mp4"),
        (b"\0\0\0\x18ftypevil\0\0\0\0", ""),
        (b"%PDF-1.7\n\xe2\xe3", "application/pdf"),
        ("Größe\tx\r\n".encode(), "text/plain"),
        (b"PK\x03\x04", ""),
    ],
)
def test_the_bytes_tell_what_a_file_is(content: bytes, kind: str) -> None:
    reading = FileKind()
    for at in range(0, len(content), 3):
        reading.feed(content[at : at + 3])
    assert reading.of(whole=True) == kind


def test_a_name_keeps_no_folder_and_nothing_that_hides_and_its_ending_is_true() -> None:
    assert safe_name("..\\..\\etc/gpj.\u202eexe\x00 a") == "gpj.exe a"
    assert download_name("door.JPG", "image/jpeg") == "door.JPG"
    assert download_name("door.exe", "image/jpeg") == "door.exe.jpg"
    assert download_name("page.html", "text/plain") == "page.html.txt"


async def clamd(answer: bytes, path: Path, *, within_s: float = 5.0) -> tuple[Verdict, bytes]:
    taken = bytearray()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken.extend(await reader.readuntil(b"\0"))
        while size := int.from_bytes(await reader.readexactly(4), "big"):
            taken.extend(await reader.readexactly(size))
        if answer:
            writer.write(answer)
            await writer.drain()
        else:
            await asyncio.sleep(within_s * 3)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        return await Clamd(f"127.0.0.1:{port}", within_s).judge(path), bytes(taken)
    finally:
        server.close()


def test_clamd_is_sent_the_whole_file_and_believed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(JPEG * 3000)
    assert asyncio.run(clamd(b"stream: OK\0", path)) == (Verdict(is_clean=True), b"zINSTREAM\0" + JPEG * 3000)
    verdict, _ = asyncio.run(clamd(b"stream: Eicar-Signature FOUND\0", path))
    assert verdict == Verdict(is_clean=False, finding="Eicar-Signature")


@pytest.mark.parametrize("answer", [b"INSTREAM size limit exceeded. ERROR\0", b"stream: OK", b""])
def test_a_scanner_that_does_not_say_so_has_not_found_a_file_clean(tmp_path: Path, answer: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(JPEG)
    with pytest.raises(ScannerUnavailableError):
        asyncio.run(clamd(answer, path, within_s=0.3))


def test_a_backup_has_the_files_and_refuses_one_that_is_not_what_its_name_says(tmp_path: Path) -> None:
    name = kept(tmp_path / "data" / "attachments", JPEG)
    assert copy_attachments(tmp_path / "data", tmp_path / "copy") == 1
    (copy,) = left(tmp_path / "copy")
    assert (copy.name, copy.read_bytes(), stat.S_IMODE(copy.stat().st_mode)) == (name, JPEG, 0o600)
    (tmp_path / "data" / "attachments" / name[:2] / name).write_bytes(b"other")
    with pytest.raises(BackupError, match="damaged"):
        copy_attachments(tmp_path / "data", tmp_path / "again")
