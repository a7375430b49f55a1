"""Asking ClamAV whether a file is harmful: clamd's INSTREAM (clamd(8)), over TCP or a unix socket."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from dashboards.server.attachment_ports import ScannerUnavailableError, Verdict

#: Seconds for one file from the first byte to the answer.
WITHIN_S = 60.0
_PORTION = 64 * 1024
_LONGEST_ANSWER = 4096


class Clamd:
    """``address``: host:port, or the path of a socket. Implements dashboards.server.attachment_ports.Scanner."""

    def __init__(self, address: str, within_s: float = WITHIN_S) -> None:
        self._address = address
        self._within_s = within_s

    async def judge(self, path: Path) -> Verdict:
        """As in the protocol."""
        try:
            async with asyncio.timeout(self._within_s):
                answer = await self._ask(path)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            raise ScannerUnavailableError(type(error).__name__) from error
        said = answer.decode("utf-8", "replace").removeprefix("stream: ")
        if said == "OK":
            return Verdict(is_clean=True)
        if said.endswith(" FOUND"):
            return Verdict(is_clean=False, finding=said.removesuffix(" FOUND")[:200])
        # "INSTREAM size limit exceeded. ERROR": what was not read to its end is not clean.
        raise ScannerUnavailableError(said[:200])

    async def _ask(self, path: Path) -> bytes:
        if self._address.startswith("/"):
            reader, writer = await asyncio.open_unix_connection(self._address, limit=_LONGEST_ANSWER)
        else:
            host, _, port = self._address.rpartition(":")
            reader, writer = await asyncio.open_connection(host.strip("[]"), int(port), limit=_LONGEST_ANSWER)
        try:
            with contextlib.suppress(ConnectionError):  # it says why before it hangs up
                await self._send(writer, path)
            return (await reader.readuntil(b"\0")).rstrip(b"\0\n")
        finally:
            writer.close()

    async def _send(self, writer: asyncio.StreamWriter, path: Path) -> None:
        writer.write(b"zINSTREAM\0")
        file = await asyncio.to_thread(path.open, "rb")
        with file:
            while portion := await asyncio.to_thread(file.read, _PORTION):
                writer.write(len(portion).to_bytes(4, "big") + portion)
                await writer.drain()
        writer.write((0).to_bytes(4, "big"))
        await writer.drain()
