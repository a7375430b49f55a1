"""A seal over deeds: what nobody can change in the store later without its being found out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from schemas.envelope import Count, Event, Moment, Name, Word
from schemas.event_type import EventType, Table
from schemas.events.action import EXAMPLE as AN_ACTION
from schemas.identity import identity

#: SHA-256 as text.
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
#: Where the deeds of a seal were read.
LOG, STORE = "log", "store"


class Seal(Event, frozen=True, kw_only=True, gc=False):
    """Deeds that were recorded by ``occurred_at``, bound to all that was sealed before (docs/adr/0020).

    ``event_id`` comes from the digest of what is signed: a seal that is sent twice is the same seal.
    """

    chain: Annotated[Name, Meta(description="The public key (Ed25519, hexadecimal) that the chain began with.")]
    number: Annotated[Count, Meta(description="Running number in the chain, from 0.")]
    previous: Annotated[Digest, Meta(description="SHA-256 of what the seal before signs; zeros in the first.")]
    root: Annotated[Digest, Meta(description="Merkle root (RFC 6962 §2.1) over deed id and commitment of each deed.")]
    count: Annotated[Count, Meta(description="How many deeds; 0 when none was done for an hour.")]
    read_from: Annotated[Word, Meta(description="log; store: deeds that an embedded log had no longer.")] = LOG
    first_at: Annotated[Moment | None, Meta(description="Earliest observed_at of the deeds.")] = None
    last_at: Annotated[Moment | None, Meta(description="Latest observed_at of the deeds.")] = None
    signature: Annotated[str, Meta(pattern="^[0-9a-f]{128}$", description="Ed25519 (RFC 8032), hexadecimal.")]
    deeds: Annotated[tuple[UUID, ...], Meta(description="Ids of the deeds, in the order of the tree.")] = ()
    commitments: Annotated[
        tuple[str, ...], Meta(description="What is committed to of each deed: a keyed SHA-256, hexadecimal.")
    ] = ()


_AT = datetime(2026, 1, 15, 18, 31, tzinfo=UTC)
EXAMPLE = Seal(
    event_id=identity("seal", "example"),
    occurred_at=_AT,
    observed_at=_AT,
    source="audit/sealer",
    chain="d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    number=0,
    previous="0" * 64,
    root="6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    count=1,
    first_at=AN_ACTION.observed_at,
    last_at=AN_ACTION.observed_at,
    signature="e5" * 64,
    deeds=(AN_ACTION.event_id,),
    commitments=("ab" * 32,),
)

SEAL = EventType(
    name="seal",
    cls=Seal,
    topic="rtcc.person.seal.v1",
    key="chain",
    table=Table(name="seals", order_by=("chain", "number", "event_id")),
    retention_days=365,
    examples=(EXAMPLE,),
)
