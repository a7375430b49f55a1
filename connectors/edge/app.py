"""The edge as an ASGI app: what a source posts is answered 2xx only after the broker, or the spool, has it for good."""

from __future__ import annotations

import asyncio
import re
import traceback
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from uuid import uuid4
from zlib import crc32

import structlog
from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.earlier_readings import EarlierReadings
from connectors.edge.admission import Admission
from connectors.edge.body import read_body
from connectors.edge.confirmation import Confirmations
from connectors.edge.dead_letters import dead_letter
from connectors.edge.known_calls import KnownCalls
from connectors.edge.metrics import HELD_SNAPSHOTS, NOTICES, REFUSED_PARTS, REFUSED_REQUESTS
from connectors.edge.own_events import ACCEPTED, translate_own
from connectors.edge.refusal import RefusalError, busy, json_response
from connectors.edge.senders import RefusedSenders, Senders
from connectors.edge.spool import Spool
from connectors.edge.spool_writer import SpoolRefusedError
from connectors.manifest import Manifest, Transport
from connectors.registry import Connector, webhooks
from connectors.translation import Context, PayloadError, Refused, Translation
from schemas.canary import has_form
from schemas.envelope import Event
from schemas.events.plate_read import PlateRead
from schemas.metrics import watch_queue
from schemas.wire.frame import utc_now
from schemas.wire.publisher import BackpressureError, BrokerUnavailableError, Publisher

#: The copy of a connector that ``/ingest/<connector>`` means.
DEFAULT_INSTANCE = "default"
OWN_EVENTS_MAX_BYTES = 4 * 1024 * 1024
#: A larger body is translated in a thread, as other senders must not wait for it.
THREAD_BYTES = 256 * 1024
#: Sources share so many locks; a copy's name is free, so there is no lock for each.
TURNS = 64
#: How a person says that a snapshot which closes many calls is right.
SNAPSHOT_HEADER = "x-watchfloor-snapshot"

_INSTANCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_log = structlog.get_logger(__name__)


def create_edge(
    publisher: Publisher,
    instances: Mapping[str, Collection[str]] | None = None,
    token: str | None = None,
    jurisdiction: str = "default",
    *,
    spool: Spool | None = None,
    connectors: Mapping[str, Connector] | None = None,
    admission: Admission | None = None,
    body_timeout_s: float = 30.0,
    publish_timeout_s: float = 30.0,
    clock: Callable[[], datetime] = utc_now,
    zone: tzinfo = UTC,
    signing_keys: Sequence[bytes] = (),
    known_calls: KnownCalls | None = None,
) -> Starlette:
    """Return the app.

    ``instances``: the copies that are configured, by connector; a connector that is not named there takes any.
    ``token``: when set, senders must show it (see Senders) ...
    ``signing_keys``: ... or sign what they send with one of these.
    ``spool``: the one below ``publisher``, if any, so that /health tells of it.
    ``connectors``: the webhooks served; all of connectors/registry.py unless given.
    ``zone``: of readers that send local time without an offset.
    ``known_calls``: for sources that tell what is active, or what is new of a call; without it a snapshot closes
    nothing, and a rebid in another post is another call.
    """
    edge = _Edge(
        publisher=Confirmations(publisher, clock, publish_timeout_s, spool),
        instances=instances or {},
        senders=Senders(token, signing_keys),
        jurisdiction=jurisdiction,
        connectors=webhooks() if connectors is None else connectors,
        admission=admission or Admission(),
        body_timeout_s=body_timeout_s,
        clock=clock,
        zone=zone,
        known_calls=known_calls,
    )
    app = Starlette(
        routes=[
            Route("/health", edge.health, methods=["GET"]),
            Route("/ingest/events/{event_type}", edge.ingest_own, methods=["POST"]),
            Route("/ingest/{connector}", edge.ingest, methods=["POST"]),
            Route("/ingest/{connector}/{instance}", edge.ingest, methods=["POST"]),
            Route("/ingest/{connector}/{instance}/active", edge.ingest_active, methods=["POST"]),
        ],
        exception_handlers={RefusalError: _refused, HTTPException: _http_error},
    )
    app.state.fault = edge.fault
    app.state.refused_senders = RefusedSenders()
    return app


#: What events in our own form come as.
_OWN = Manifest(
    name="events",
    title="Events in our own form",
    transport=Transport.WEBHOOK,
    emits=tuple(ACCEPTED),
    content_types=("application/json",),
    max_body_bytes=OWN_EVENTS_MAX_BYTES,
)


class _Edge:
    """The endpoints, with what they share."""

    def __init__(
        self,
        *,
        publisher: Confirmations,
        instances: Mapping[str, Collection[str]],
        senders: Senders,
        jurisdiction: str,
        connectors: Mapping[str, Connector],
        admission: Admission,
        body_timeout_s: float,
        clock: Callable[[], datetime],
        zone: tzinfo,
        known_calls: KnownCalls | None,
    ) -> None:
        self._publisher = publisher
        self._instances = instances
        self._senders = senders
        self._jurisdiction = jurisdiction
        self._connectors = connectors
        self._admission = admission
        self._body_timeout_s = body_timeout_s
        self._clock = clock
        self._zone = zone
        self._known_calls = known_calls
        self._earlier = EarlierReadings()
        #: One at a time for each source whose calls are remembered: a snapshot must not overtake an event.
        self._turns = [asyncio.Lock() for _ in range(TURNS)]
        watch_queue("edge_requests", lambda: admission.requests, admission.max_requests)
        watch_queue("edge_body_bytes", lambda: admission.bytes, admission.max_bytes)

    def fault(self) -> str:
        """Return why nothing is taken, or ""; may be asked from another thread."""
        return "The broker does not confirm." if self._publisher.health()["status"] == "failing" else ""

    async def health(self, request: Request) -> Response:
        """GET /health: 200 when events are taken or nothing was sent yet, 503 when they are not."""
        state = self._publisher.health()
        state["requests_in_flight"] = self._admission.requests
        state["bytes_in_flight"] = self._admission.bytes
        return json_response(state, 503 if state["status"] == "failing" else 200, {"Cache-Control": "no-store"})

    async def ingest(self, request: Request) -> Response:
        """POST /ingest/{connector}[/{instance}]: a vendor's payload."""
        return await self._ingest(request)

    async def ingest_active(self, request: Request) -> Response:
        """POST /ingest/{connector}/{instance}/active: all calls that are active at a source."""
        return await self._ingest(request, is_snapshot=True)

    async def _ingest(self, request: Request, *, is_snapshot: bool = False) -> Response:
        self._authorise(request)
        connector = self._connector(request.path_params["connector"])
        translate = connector.translate
        if translate is None:
            raise RefusalError(404, f"{connector.manifest.name} takes no webhooks")
        manifest = connector.manifest
        if is_snapshot and not manifest.takes_snapshots:
            raise RefusalError(404, f"{manifest.name} takes no snapshots; post to /ingest/{manifest.name}/<copy>")
        instance = self._instance(manifest.name, request.path_params.get("instance", DEFAULT_INSTANCE))

        def run(body: bytes, content_type: str, context: Context) -> Translation:
            return translate(body, content_type, context)

        return await self._take(request, manifest, instance, run, is_snapshot=is_snapshot)

    async def ingest_own(self, request: Request) -> Response:
        """POST /ingest/events/{event_type}: events in our own form."""
        self._authorise(request)
        event_type = request.path_params["event_type"]
        if event_type not in ACCEPTED:
            raise RefusalError(404, f"this event type is not taken here; known are: {', '.join(ACCEPTED)}")

        def run(body: bytes, content_type: str, context: Context) -> Translation:
            return translate_own(body, event_type, context)

        return await self._take(request, _OWN, event_type, run)

    def _authorise(self, request: Request) -> None:
        self._senders.admit(request, self._clock().timestamp())

    def _connector(self, name: str) -> Connector:
        if name not in self._connectors:
            raise RefusalError(404, f"no such connector; known are: {', '.join(self._connectors) or 'none'}")
        return self._connectors[name]

    def _instance(self, connector: str, name: str) -> str:
        known = self._instances.get(connector)
        if known is not None and name not in known:
            raise RefusalError(404, f"no such instance of {connector}; known are: {', '.join(sorted(known)) or 'none'}")
        if not _INSTANCE.fullmatch(name):
            raise RefusalError(404, "an instance is named with up to 63 letters, digits, dots, dashes or underscores")
        return name

    async def _take(
        self,
        request: Request,
        manifest: Manifest,
        instance: str,
        translate: Callable[[bytes, str, Context], Translation],
        *,
        is_snapshot: bool = False,
    ) -> Response:
        content_type = request.headers.get("content-type", "")
        if content_type.partition(";")[0].strip().lower() not in manifest.content_types:
            raise RefusalError(
                415,
                f"the content type is not taken here; send one of: {', '.join(manifest.content_types)}",
                field="content-type",
            )
        with self._admission.enter() as ticket:
            body = await read_body(
                request, max_bytes=manifest.max_body_bytes, max_seconds=self._body_timeout_s, ticket=ticket
            )
            context = Context(
                connector=manifest.name,
                instance=instance,
                observed_at=self._clock(),
                jurisdiction=self._jurisdiction,
                zone=self._zone,
                is_snapshot=is_snapshot,
            )
            confirmed = request.headers.get(SNAPSHOT_HEADER, "").strip().lower() == "confirmed"
            try:
                with self._senders.taking(request, body, self._clock().timestamp()) as holding:
                    if len(body) > THREAD_BYTES:
                        done = await asyncio.to_thread(translate, body, content_type, context)
                    else:
                        done = translate(body, content_type, context)
                    if not (manifest.takes_snapshots or manifest.remembers_calls):
                        answer = await self._settle(done, content_type, context, manifest)
                    else:
                        async with self._turns[crc32(context.source.encode()) % TURNS]:
                            done = await self._with_known_calls(done, body, context, confirmed=confirmed)
                            answer = await self._settle(done, content_type, context, manifest)
                    holding.is_taken = answer.status_code == 200
                    return answer
            except PayloadError as error:
                raise RefusalError(400, f"{error.field}: {error.error}", field=error.field) from None
            except RefusalError:
                raise
            except Exception as error:
                raise _broken(error, context) from None

    async def _with_known_calls(
        self, done: Translation, body: bytes, context: Context, *, confirmed: bool
    ) -> Translation:
        """The translation with what the edge knows of the source's calls: rebids continued, missing calls closed."""
        known = self._known_calls
        if known is None:
            if done.snapshots:
                done.notices.append("this edge remembers no calls: the snapshot closed none")
            return done
        events = await asyncio.to_thread(known.continue_calls, context.source, done.events, done.continues)
        done = replace(done, events=events)
        for snapshot in done.snapshots:
            closing = await asyncio.to_thread(known.closing, context.source, snapshot, done.events, confirmed=confirmed)
            done.events.extend(closing.events)
            if closing.held:
                HELD_SNAPSHOTS.labels(context.connector).inc()
                # A dead letter, so that it is seen by a person on the page of what was refused.
                done.refused.append(Refused("snapshot", closing.held, "emergency_call", body))
        return done

    async def _settle(self, done: Translation, content_type: str, context: Context, manifest: Manifest) -> Response:
        """Answer for a translation, after the broker confirmed what there is to confirm."""
        answer: dict[str, object] = {
            "accepted": len(done.events),
            "ignored": [ignored.reason for ignored in done.ignored],
            "refused": [{"index": part.index, "field": part.field, "error": part.error} for part in done.refused],
        }
        if done.notices:
            answer["notices"] = done.notices
            NOTICES.labels(context.connector).inc(len(done.notices))
            _log.warning("edge_notices", source=context.source, count=len(done.notices))
        if done.refused:
            REFUSED_PARTS.labels(context.connector).inc(len(done.refused))
        if done.refused and not done.events and not done.ignored:
            if manifest.keeps_refused or done.snapshots:
                await self._publish([dead_letter(part, content_type, context) for part in done.refused])
            fields = ", ".join(dict.fromkeys(part.field for part in done.refused[:5]))
            REFUSED_REQUESTS.labels("422").inc()
            return json_response({"error": f"nothing was accepted; correct {fields} and send again", **answer}, 422)
        outgoing: list[Event] = [
            *map(_marked, self._earlier.beside(done.events)),
            *(dead_letter(part, content_type, context) for part in done.refused),
        ]
        if outgoing:
            await self._publish(outgoing)
        if self._known_calls is not None and (manifest.takes_snapshots or manifest.remembers_calls):
            # Before the answer: who gets none sends again, and the same ids make no doubles.
            await asyncio.to_thread(self._known_calls.remember, context.source, done.events, done.continues)
        return json_response({**answer, **dict(manifest.answer)})

    async def _publish(self, events: list[Event]) -> None:
        try:
            await self._publisher.publish(events)
        except BackpressureError:
            raise busy("too much is waiting for the broker; nothing was accepted, send again later") from None
        except SpoolRefusedError as error:
            raise busy(f"the broker does not confirm and {error}; nothing was accepted, send again later") from None
        except BrokerUnavailableError:
            raise busy("the broker did not confirm; send again later, the same ids make no doubles") from None
        except ValueError:
            raise RefusalError(413, "an event is too large for the log; send it with less in it") from None


def _marked(event: Event) -> Event:
    """Mark a canary as made up: here, because no translator may know of it."""
    if isinstance(event, PlateRead) and has_form(event.source, event.plate):
        return replace(event, synthetic=True)
    return event


def _broken(error: Exception, context: Context) -> RefusalError:
    """A fault of ours: logged by place and kind only, since an exception's text may hold content."""
    number = uuid4().hex
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    _log.error("edge_fault", id=number, source=context.source, kind=type(error).__name__, where=where)
    return RefusalError(500, f"this is a fault here, not in what was sent; nothing was accepted. Quote id {number}")


async def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, RefusalError):
        raise error
    REFUSED_REQUESTS.labels(str(error.status)).inc()
    request.app.state.refused_senders.note(request, error)
    return error.response()


async def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    sentences = {
        404: "there is nothing here; post to /ingest/<connector>",
        405: "use POST for /ingest, GET for /health",
    }
    sentence = sentences.get(error.status_code, str(error.detail))
    return RefusalError(error.status_code, sentence, headers=error.headers).response()
