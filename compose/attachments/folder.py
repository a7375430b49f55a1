"""Where files of incidents are kept: one for each content, named after its SHA-256, in folders of two hex digits."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO

from compose.on_disk import sync
from dashboards.server.attachment_ports import FileTooLargeError, KeptFile, UnknownKindError
from schemas.attached_file import HEAD_BYTES, FileKind

FOLDER = "attachments"
_NAME = re.compile(r"[0-9a-f]{64}")


class AttachmentFolder:
    """Implements dashboards.server.attachment_ports.AttachmentFiles."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self._folder = folder
        self.most_bytes = most_bytes

    async def keep(self, portions: AsyncIterator[bytes]) -> KeptFile:
        """As in the protocol. What cannot be taken is told as soon as it is known, and leaves nothing behind."""
        await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True, mode=0o700)
        digest, kind, size = hashlib.sha256(), FileKind(), 0
        # mkstemp makes it 0600, and a rename keeps that.
        number, draft = await asyncio.to_thread(tempfile.mkstemp, prefix=".unfinished-", dir=self._folder)
        try:
            with os.fdopen(number, "wb") as file:
                async for portion in portions:
                    size += len(portion)
                    if size > self.most_bytes:
                        raise FileTooLargeError
                    digest.update(portion)
                    kind.feed(portion)
                    if size >= HEAD_BYTES and not kind.of(whole=False):
                        raise UnknownKindError
                    await asyncio.to_thread(file.write, portion)
                media_type = kind.of(whole=True)
                if not media_type:
                    raise UnknownKindError
                await asyncio.to_thread(_sync, file)
            kept = KeptFile(sha256=digest.hexdigest(), byte_count=size, media_type=media_type)
            await asyncio.to_thread(self._put, Path(draft), kept.sha256)
            return kept
        finally:
            await asyncio.to_thread(Path(draft).unlink, missing_ok=True)

    def path(self, sha256: str) -> Path | None:
        """As in the protocol."""
        if not _NAME.fullmatch(sha256):
            return None
        path = self._folder / sha256[:2] / sha256
        return path if path.is_file() else None

    def _put(self, draft: Path, sha256: str) -> None:
        place = self._folder / sha256[:2]
        place.mkdir(exist_ok=True, mode=0o700)
        draft.replace(place / sha256)
        for folder in (place, self._folder):
            sync(folder)


def _sync(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())
