"""Pictures over real connections: redirects, floods, slowness and other content end in a reason, never in a picture."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest

from compose.pictures.allowed import AllowedAddresses
from compose.pictures.fetching import Fetcher, NoPictureError, Picture

T = TypeVar("T")
JPEG = b"\xff\xd8\xff\xe0" + bytes(1000)
Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def plain(body: bytes = JPEG, status: str = "200 OK", head: str = "") -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n{head}\r\n".encode() + body)

    return answer


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: image/jpeg\r\n\r\n" + JPEG)
    while not writer.is_closing():
        writer.write(bytes(64 * 1024))
        await writer.drain()


async def silent(writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def garbage(writer: asyncio.StreamWriter) -> None:
    writer.write(b"nothing that HTTP knows\r\n\r\n")


def fetched(answer: Answer, *, max_bytes: int = 100_000, max_s: float = 10.0) -> tuple[Picture, list[bytes]]:
    """A picture from a server of our own on loopback, and the heads of the requests that it got."""

    async def go() -> tuple[Picture, list[bytes]]:
        heads: list[bytes] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                heads.append(await reader.readuntil(b"\r\n\r\n"))
                await answer(writer)
                await writer.drain()
            except (ConnectionError, asyncio.CancelledError):
                pass
            finally:
                writer.close()

        async def resolve(host: str, port: int) -> list[str]:
            assert host == "camera.lan"
            return ["127.0.0.1"]

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        allowed = AllowedAddresses([f"http://camera.lan:{port}"], ["127.0.0.0/8"], resolve)
        fetcher = Fetcher(allowed, max_bytes=max_bytes, max_s=max_s)
        try:
            return await fetcher.fetch(f"http://camera.lan:{port}/reads/1.jpg?signature=a%2Fb"), heads
        finally:
            await fetcher.close()
            server.close()

    return run(go())


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)


def test_b7_a_picture_comes_whole_and_the_source_is_asked_by_its_name_with_nothing_of_ours() -> None:
    picture, (head,) = fetched(plain(head="content-type: text/html\r\n"))
    assert picture == Picture(JPEG, "image/jpeg")
    first, *lines = head.decode().lower().split("\r\n")
    assert first == "get /reads/1.jpg?signature=a%2fb http/1.1"
    names = {line.partition(":")[0] for line in lines if line}
    assert "camera.lan" in next(line for line in lines if line.startswith("host:"))
    assert not names & {"authorization", "cookie", "referer"}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (plain(b"", "302 Found", "location: http://169.254.169.254/\r\n"), "redirected"),
        (plain(b"", "307 Temporary Redirect", "location: /2.jpg\r\n"), "redirected"),
        (plain(b"gone", "404 Not Found"), "http_404"),
        (plain(b"later", "503 Service Unavailable"), "http_503"),
        (plain(b"<html>not a picture</html>", head="content-type: image/jpeg\r\n"), "not_a_picture"),
        (plain(b""), "not_a_picture"),
        (plain(head="content-encoding: gzip\r\n"), "compressed"),
        (plain(JPEG + bytes(100_000)), "too_large"),
        (endless, "too_large"),
        (garbage, "unreachable"),
    ],
)
def test_b7_what_is_no_picture_or_leads_elsewhere_ends_with_its_reason(answer: Answer, reason: str) -> None:
    with pytest.raises(NoPictureError) as told:
        fetched(answer)
    assert told.value.reason == reason
    assert told.value.is_final == (reason not in ("http_503", "unreachable"))


def test_b7_a_source_that_does_not_answer_is_left() -> None:
    with pytest.raises(NoPictureError) as told:
        fetched(silent, max_s=0.2)
    assert (told.value.reason, told.value.is_final) == ("too_slow", False)


def test_a_source_that_is_not_there_may_be_there_later() -> None:
    async def go() -> None:
        async def resolve(host: str, port: int) -> list[str]:
            raise OSError("no such name")

        fetcher = Fetcher(AllowedAddresses(["images.example"], resolve=resolve))
        try:
            await fetcher.fetch("https://images.example/1.jpg")
        finally:
            await fetcher.close()

    with pytest.raises(NoPictureError) as told:
        run(go())
    assert (told.value.reason, told.value.is_final) == ("unreachable", False)


OPENSSL = shutil.which("openssl")


@pytest.mark.skipif(OPENSSL is None, reason="openssl makes the certificate")
@pytest.mark.parametrize(("host", "is_taken"), [("images.example", True), ("other.example", False)])
def test_b7_the_certificate_is_held_against_the_name_and_not_the_address(
    tmp_path: Path, host: str, is_taken: bool
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [str(OPENSSL), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "1", "-subj", "/CN=test", "-addext", "subjectAltName=DNS:images.example,IP:127.0.0.1",
         "-keyout", str(key), "-out", str(certificate)],
        capture_output=True, check=True,
    )  # fmt: skip
    serving, believing = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    serving.load_cert_chain(certificate, key)
    believing.load_verify_locations(certificate)
    names: list[str | None] = []
    serving.sni_callback = lambda _socket, name, _context: names.append(name)

    async def go() -> Picture:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            await plain()(writer)
            await writer.drain()
            writer.close()

        async def resolve(name: str, port: int) -> list[str]:
            return ["127.0.0.1"]

        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=serving)
        port = server.sockets[0].getsockname()[1]
        fetcher = Fetcher(AllowedAddresses([f"{host}:{port}"], ["127.0.0.0/8"], resolve), tls=believing)
        try:
            return await fetcher.fetch(f"https://{host}:{port}/1.jpg")
        finally:
            await fetcher.close()
            server.close()

    if is_taken:
        assert run(go()).content == JPEG
    else:
        with pytest.raises(NoPictureError) as told:
            run(go())
        assert told.value.reason == "unreachable"
    assert names == [host]
