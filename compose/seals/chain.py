"""The chain of seals: how one is made, the file it is in, and what it must be to hold."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec.structs import replace

from compose.seals.commitment import MonthKeys, canonical, kept, secret_file
from compose.seals.merkle import root_of
from schemas.events.action import Action
from schemas.events.seal import LOG, Seal
from schemas.identity import identity

SOURCE = "audit/sealer"
NOTHING_BEFORE = "0" * 64
#: Deeds of one seal: with their ids and commitments it stays well below a frame's 256 KiB.
MOST = 1_000
#: Not signed: the id and the signature come of what is, and ``root`` stands for deeds and commitments.
_UNSIGNED = ("event_id", "signature", "deeds", "commitments")

_decoder = msgspec.json.Decoder(Seal)


def folder_in(data_dir: Path) -> Path:
    """Return where seals and keys are."""
    return data_dir / "audit"


def digest_of(seal: Seal) -> str:
    """Return the SHA-256 of what a seal signs."""
    return sha256(canonical(seal, _UNSIGNED)).hexdigest()


def root_for(deeds: Sequence[UUID], commitments: Sequence[str]) -> str:
    """Return the root over some deeds. Raises ValueError when their commitments are not as many, or no digests."""
    pairs = zip(deeds, commitments, strict=True)
    return root_of([deed.bytes + bytes.fromhex(commitment) for deed, commitment in pairs]).hex()


def seals_in(path: Path) -> Iterator[Seal]:
    """Yield the seals of a file. Raises msgspec.DecodeError at a whole line that is none."""
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):  # else it was being written when the power failed, and was told to nobody
                yield _decoder.decode(line)


def fault_of(seal: Seal, before: Seal | None) -> str:
    """Return why a seal does not hold after the one ``before`` it; empty when it does."""
    if before is not None and seal.chain != before.chain:
        return "it is of another chain"
    if seal.number != (0 if before is None else before.number + 1):
        return "its number does not follow"
    if seal.previous != (NOTHING_BEFORE if before is None else digest_of(before)):
        return "it does not name the seal before it"
    try:
        if seal.count != len(seal.deeds) or seal.root != root_for(seal.deeds, seal.commitments):
            return "its deeds are not those it was made over"
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(seal.chain))
        key.verify(bytes.fromhex(seal.signature), canonical(seal, _UNSIGNED))
    except InvalidSignature:
        return "its signature is wrong"
    except ValueError:
        return "it is damaged"
    return ""


class ChainTakenError(Exception):
    """This process cannot go on with the chain: another one does, or the key is not the chain's."""


class Chain:
    """The sealer's chain: a file of JSON lines that only grows, on the disk before a seal is told to anybody.

    ``number_of``: by the id of a deed the number of the seal it lies under.
    """

    def __init__(self, folder: Path) -> None:
        """Open it and go on where it was. Raises ChainTakenError, or ValueError for a damaged file."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        private = secret_file(folder / "signing.key", Ed25519PrivateKey.generate().private_bytes_raw())
        self._key = Ed25519PrivateKey.from_private_bytes(private)
        self._months = MonthKeys(folder / "months")
        self.path = folder / "seals.jsonl"
        self._file = os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "rb+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise ChainTakenError("another process seals deeds in this data directory") from error
        self.number_of: dict[UUID, int] = {}
        self.last: Seal | None = None
        last: Seal | None = None
        for last in seals_in(self.path):
            self._note(last)
        _cut_unfinished(self.path)
        self._name = self._key.public_key().public_bytes_raw().hex()
        if last is not None and last.chain != self._name:
            self._file.close()
            raise ChainTakenError("signing.key is not the one that the seals in seals.jsonl were signed with")

    def seal(self, deeds: Sequence[Action], at: datetime, read_from: str = LOG) -> Seal:
        """Seal at most MOST deeds, in their order, and return the seal when it is on the disk."""
        commitments = tuple(self._months.commitment(deed, make=True) or "" for deed in deeds)
        ids = tuple(deed.event_id for deed in deeds)
        times = [kept(deed.observed_at) for deed in deeds]
        draft = Seal(
            event_id=identity("seal", ""),
            occurred_at=kept(at),
            observed_at=kept(at),
            source=SOURCE,
            chain=self._name,
            number=0 if self.last is None else self.last.number + 1,
            previous=NOTHING_BEFORE if self.last is None else digest_of(self.last),
            root=root_for(ids, commitments),
            count=len(ids),
            read_from=read_from,
            first_at=min(times, default=None),
            last_at=max(times, default=None),
            signature="0" * 128,
            deeds=ids,
            commitments=commitments,
        )
        signature = self._key.sign(canonical(draft, _UNSIGNED)).hex()
        made = replace(draft, event_id=identity("seal", digest_of(draft)), signature=signature)
        self._file.write(msgspec.json.encode(made) + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._note(made)
        return made

    def _note(self, seal: Seal) -> None:
        self.last = seal
        for deed in seal.deeds:
            self.number_of.setdefault(deed, seal.number)

    def close(self) -> None:
        """Let another process seal."""
        self._file.close()


def _cut_unfinished(path: Path) -> None:
    whole = path.read_bytes()
    if whole and not whole.endswith(b"\n"):
        os.truncate(path, whole.rfind(b"\n") + 1)
