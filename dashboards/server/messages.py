"""The messages of the websocket protocol ``watchfloor.v1+json`` (docs/reference/websocket.md).

Rows are JSON already, so messages are put together, not encoded; each is one text frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

SUBPROTOCOL = "watchfloor.v1+json"
VERSION = 1
#: A client's message may be this large, in bytes.
MAX_CLIENT_BYTES = 64 * 1024
#: Close codes: of RFC 6455 §7.4.1, and our own in its private range.
CLOSE_GOING = 1012
CLOSE_FULL = 1013
CLOSE_BAD_MESSAGE = 4400
CLOSE_SIGN_IN = 4401
CLOSE_NO_RIGHT = 4403
CLOSE_NO_REPLAY = 4404
CLOSE_SLOW = 4408
CLOSE_VERSION = 4409
#: Units that are told of wherever they are; more than this nobody follows by name.
MOST_FOLLOWED = 50
CLOSE_TOO_MANY_REPLAYS = 4429
#: Seconds between the server's pings.
HEARTBEAT_S = 5
_NOBODY: Mapping[str, float] = {}

_ChannelName = Annotated[str, Meta(max_length=40)]
_Lat = Annotated[float, Meta(ge=-90, le=90)]
_Lon = Annotated[float, Meta(ge=-180, le=180)]
_UnitId = Annotated[str, Meta(min_length=1, max_length=200)]
_Subscription = Annotated[list[_ChannelName], Meta(max_length=32)]


class Resume(Struct, frozen=True):
    """What a client already has: everything up to ``pos`` of each lossless channel, in the epoch named."""

    epoch: Annotated[str, Meta(max_length=64)]
    pos: dict[_ChannelName, Annotated[int, Meta(ge=0)]] = {}


class View(Struct, frozen=True, tag_field="t", tag="view"):
    """What a client looks at. ``bbox``: west, south, east, north, degrees; west may be greater than east, across the
    date line. ``units``: ids of those that are told of wherever they are. ``every_s``: channels without numbers are
    told at most so often, seconds."""

    bbox: tuple[_Lon, _Lat, _Lon, _Lat]
    units: Annotated[list[_UnitId], Meta(max_length=MOST_FOLLOWED)] = []
    every_s: Annotated[float, Meta(ge=0, le=60)] = 1.0


_Moment = Annotated[int, Meta(ge=0, le=4_102_444_800_000)]
#: How many times as fast as life a replay runs (dashboards/server/replay/clock.py).
Speed = Literal[1, 2, 5, 10, 30, 60]


class ReplayWanted(Struct, frozen=True):
    """A client wants a past period instead of what is live. Times in milliseconds since 1970.

    ``at``: where to begin, the start unless told. ``actor``: who looks, where nobody is asked to sign in.
    """

    begin: _Moment = msgspec.field(name="from")
    end: _Moment = msgspec.field(name="to")
    at: _Moment | None = None
    speed: Speed = 1
    paused: bool = False
    actor: Annotated[str, Meta(max_length=200)] = ""


class Hello(Struct, frozen=True, tag_field="t", tag="hello"):
    """The first message of a client. ``ticket``: of POST /api/session/ticket, where this server has sign-in.

    ``view``: of a page on a thin line; such a page is sent only what it looks at. ``replay``: the whole connection is a
    replay, and never anything else.
    """

    v: int
    sub: _Subscription
    client: Annotated[str, Meta(max_length=100)] = ""
    resume: Resume | None = None
    ticket: Annotated[str, Meta(max_length=100)] = ""
    view: View | None = None
    replay: ReplayWanted | None = None


class Subscribe(Struct, frozen=True, tag_field="t", tag="sub"):
    """A client wants these channels from now on, and no others."""

    sub: _Subscription


class Resync(Struct, frozen=True, tag_field="t", tag="resync"):
    """A client has lost track of a channel and wants its snapshot."""

    ch: _ChannelName


class Pong(Struct, frozen=True, tag_field="t", tag="pong"):
    """A client's answer to a ping."""

    n: int


class Present(Struct, frozen=True, tag_field="t", tag="present"):
    """A client has this incident open from now on; None: none. ``actor``: who, where nobody is asked to sign in."""

    incident: UUID | None = None
    actor: Annotated[str, Meta(max_length=200)] = ""


class Play(Struct, frozen=True, tag_field="t", tag="play"):
    """A replay goes on, at this speed."""

    speed: Speed = 1


class Pause(Struct, frozen=True, tag_field="t", tag="pause"):
    """A replay stands still."""


class Seek(Struct, frozen=True, tag_field="t", tag="seek"):
    """A replay goes to a moment (ms since 1970); the nearest of its period."""

    at: _Moment


ClientMessage = Hello | Subscribe | Resync | View | Pong | Present | Play | Pause | Seek
_decoder = msgspec.json.Decoder(ClientMessage)


class _Probe(Struct, frozen=True):
    t: str
    v: int


_probe = msgspec.json.Decoder(_Probe)


class BadMessageError(Exception):
    """A client's message is not of the protocol. ``version``: it is of another version of it."""

    def __init__(self, problem: str, *, version: bool = False) -> None:
        super().__init__(problem)
        self.version = version


def read_client_message(text: str | bytes | None) -> ClientMessage:
    """Return a client's message. Raises BadMessageError, whose text quotes nothing of the message."""
    if text is None or isinstance(text, bytes):
        raise BadMessageError("text frames only")
    # A character is at most four bytes; the cheap test first.
    if len(text) > MAX_CLIENT_BYTES or len(text.encode(errors="replace")) > MAX_CLIENT_BYTES:
        raise BadMessageError("message too large")
    try:
        message: ClientMessage = _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        if _is_other_version(text):
            raise BadMessageError("unknown version", version=True) from error
        raise BadMessageError("not a message of this protocol") from error
    if isinstance(message, Hello) and message.v != VERSION:
        raise BadMessageError("unknown version", version=True)
    return message


def _is_other_version(text: str) -> bool:
    """Return whether this is a hello of a version whose other fields we cannot know."""
    try:
        probe = _probe.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return False
    return probe.t == "hello" and probe.v != VERSION


def welcome(
    epoch: str, now_ms: int, mode: str, version: str, loading: bool, behind: Mapping[str, float] = _NOBODY
) -> str:
    """Return the answer to a hello. ``loading``: the log is still being read, the snapshots come when it is.

    ``behind``: seconds by stage that is delayed.
    """
    body: dict[str, object] = {
        "t": "welcome", "epoch": epoch, "now": now_ms, "mode": mode, "hb": HEARTBEAT_S, "version": version
    }  # fmt: skip
    return _text(_true(body, loading, behind))


def ping(n: int, now_ms: int, loading: bool, behind: Mapping[str, float] = _NOBODY) -> str:
    """Return a heartbeat; ``loading`` and ``behind`` as in ``welcome``."""
    return _text(_true({"t": "ping", "n": n, "now": now_ms}, loading, behind))


def _true(body: dict[str, object], loading: bool, behind: Mapping[str, float]) -> dict[str, object]:
    if loading:
        body["loading"] = True
    if behind:
        body["behind"] = {stage: round(seconds, 1) for stage, seconds in behind.items()}
    return body


def replay_state(now_ms: int, state: str, speed: int, why: str = "") -> str:
    """Return where a replay stands. ``state``: reading, playing, waiting, paused, ended or failed, and ``why``."""
    return _text({"t": "replay", "now": now_ms, "state": state, "speed": speed} | ({"why": why} if why else {}))


def present(incident_id: str, people: Iterable[tuple[str, int]]) -> str:
    """Return who else has an incident open: names, and since when (ms)."""
    told = [{"name": name, "since": since} for name, since in people]
    return _text({"t": "present", "incident": incident_id, "people": told})


def gap(channel: str) -> str:
    """Return the notice that rows of a channel are beyond recall and a snapshot follows."""
    return _text({"t": "gap", "ch": channel})


def slow(drop: Mapping[str, int]) -> str:
    """Return the notice of how many updates this client was spared because it reads too slowly."""
    return _text({"t": "slow", "drop": drop})


def snapshot_part(channel: str, pos: int, part: int, of: int, rows: Iterable[bytes]) -> str:
    """Return one part (from 1) of a channel's whole state at ``pos``."""
    head = b'{"t":"snap","ch":"%s","pos":%d,"part":%d,"of":%d,"rows":[' % (channel.encode(), pos, part, of)
    return (head + b",".join(rows) + b"]}").decode()


def numbered_delta(
    channel: str, first: int, last: int, rows: Iterable[bytes], *, now_ms: int, hub_at: int, trace: str = ""
) -> str:
    """Return rows ``first`` .. ``last`` of a lossless channel. ``hub_at``: when the hub got the oldest of them (ms).

    ``trace``: the trace that one of them belongs to, if any.
    """
    head = b'{"t":"d","now":%d,"hub_at":%d,%s"ch":{"%s":{"from":%d,"to":%d,"rows":[' % (
        now_ms, hub_at, _trace(trace), channel.encode(), first, last
    )  # fmt: skip
    return (head + b",".join(rows) + b"]}}}").decode()


def channel_delta(rows: Iterable[bytes], dropped: int | None) -> bytes:
    """Return the part of a delta that belongs to one channel without numbers; ``dropped`` only for flows."""
    tail = b"]}" if dropped is None else b'],"dropped":%d}' % dropped
    return b'{"rows":[' + b",".join(rows) + tail


def delta(bodies: Sequence[tuple[str, bytes]], now_ms: int, trace: str = "") -> str:
    """Return one message of several channels' deltas. ``trace``: as for ``numbered_delta``."""
    parts = b",".join(b'"%s":%s' % (name.encode(), body) for name, body in bodies)
    return (b'{"t":"d","now":%d,%s"ch":{' % (now_ms, _trace(trace)) + parts + b"}}").decode()


def _trace(trace: str) -> bytes:
    return b'"trace":"%s",' % trace.encode() if trace else b""


def _text(body: Mapping[str, object]) -> str:
    return msgspec.json.encode(body).decode()
