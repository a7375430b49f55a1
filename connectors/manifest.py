"""What a connector says of itself, so that the edge, the docs and the contract tests need to know nothing else."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct


class Transport(Enum):
    """How a source's bytes reach us."""

    WEBHOOK = "webhook"  # the source posts to us; the edge serves /ingest/<name>
    FILE = "file"  # a person loads or replays a file
    STREAM = "stream"  # we open a connection and keep reading
    GENERATOR = "generator"  # events are made up, and say so (synthetic=True)


class Manifest(Struct, frozen=True, kw_only=True):
    """A connector's description. ``name`` is its folder; ``emits`` and ``ignores`` name event types and reasons.

    ``content_types``: for webhooks, the media types accepted (others are refused with 415).
    ``max_body_bytes``: for webhooks, the size after decompression above which a body is refused with 413.
    ``answer``: for webhooks, names and values that the sender wants to see in the answer to what was taken.
    ``keeps_refused``: a body of which nothing can be used is kept as dead letters too, besides being refused.
    ``takes_snapshots``: /ingest/<name>/<copy>/active takes all that is active now, and ends what is not in it.
    ``remembers_calls``: the edge remembers its calls, for records that only tell what is new of one.
    """

    name: str
    title: str
    transport: Transport
    emits: tuple[str, ...]
    vendor: str = ""
    format_source: str = ""
    content_types: tuple[str, ...] = ()
    max_body_bytes: int = 4 * 1024 * 1024
    answer: tuple[tuple[str, str], ...] = ()
    keeps_refused: bool = False
    takes_snapshots: bool = False
    remembers_calls: bool = False
