"""Putting the server together."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from fastapi import Depends, FastAPI, WebSocket
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import HTMLResponse

from dashboards.server.access.entrance import Entrance
from dashboards.server.access.gate import SAID, Gate
from dashboards.server.access.provider_routes import provider_router
from dashboards.server.access.routes import session_router
from dashboards.server.access.sockets import SocketAccess
from dashboards.server.access.tickets import Tickets
from dashboards.server.accounts import accounts_router
from dashboards.server.actions import Actions, actions_router
from dashboards.server.attachment_ports import AttachmentFiles, Scanner
from dashboards.server.attachments import Attachments, attachments_router
from dashboards.server.audience import Audiences
from dashboards.server.audit import audit_router
from dashboards.server.call_figures import figures_router
from dashboards.server.company import company_router
from dashboards.server.contact import contact_router
from dashboards.server.copies import copies_router
from dashboards.server.counting import counting_router
from dashboards.server.counting_ports import Counting
from dashboards.server.drawings import drawings_router
from dashboards.server.eido import eido_router
from dashboards.server.errors import add_error_handlers
from dashboards.server.hub import Hub
from dashboards.server.hubs import Hubs
from dashboards.server.images import images_router
from dashboards.server.incidents import incidents_router
from dashboards.server.ledger import ledger_router
from dashboards.server.markers import markers_router
from dashboards.server.metrics import figures, metrics_router
from dashboards.server.names import names_router
from dashboards.server.noise import noise_router
from dashboards.server.plates import plates_router
from dashboards.server.ports import (
    AlertPrecision,
    Companions,
    ContactHistory,
    DeadLetters,
    Images,
    Incidents,
    Ledger,
    NoiseTexts,
    People,
    Query,
    Roads,
    SearchKeys,
    StoreCopies,
    Vitals,
)
from dashboards.server.precision import precision_router
from dashboards.server.protection import OwnPagesOnly, ProtectiveHeaders
from dashboards.server.push import push_router
from dashboards.server.push_ports import PushDevices
from dashboards.server.questions import questions_router
from dashboards.server.refused import refused_router
from dashboards.server.replay.replays import MOST_REPLAYS, Replays
from dashboards.server.replay.routes import replay_router
from dashboards.server.replay_ports import Recording
from dashboards.server.room import Room
from dashboards.server.search_ports import Audit, PlateReads
from dashboards.server.static import Maps, Web, not_built
from dashboards.server.vitals import vitals_router
from dashboards.server.websocket import HubRoute
from schemas.wire.publisher import Publisher

#: The names under which this machine calls itself; others are configured (a foreign name may be DNS rebinding).
OWN_HOSTS = ("127.0.0.1", "localhost", "[::1]")


def create_server(
    *,
    hub: Hub,
    publisher: Publisher,
    query: Query | None,
    dead_letters: DeadLetters | None,
    web_dir: Path | None,
    maps_dir: Path | None,
    vitals: Callable[[], Vitals],
    hosts: Sequence[str] = (),
    ledger: Ledger | None = None,
    copies: StoreCopies | None = None,
    noise: NoiseTexts | None = None,
    companions: Companions | None = None,
    precision: AlertPrecision | None = None,
    images: Images | None = None,
    incidents: Incidents | None = None,
    element: str = "watchfloor.invalid",
    unit_stale_s: float = 120.0,
    answer_standard: str = "nena_sta_020",
    people: People | None = None,
    name_keys: SearchKeys | None = None,
    contact: ContactHistory | None = None,
    plates: PlateReads | None = None,
    audit: Audit | None = None,
    counting: Counting | None = None,
    audiences: Audiences | None = None,
    hubs: Hubs | None = None,
    roads: Roads | None = None,
    entrance: Entrance | None = None,
    layers_dir: Path | None = None,
    recording: Recording | None = None,
    most_replays: int = MOST_REPLAYS,
    push: PushDevices | None = None,
    attachment_files: AttachmentFiles | None = None,
    scanner: Scanner | None = None,
    most_attachments: int = 100,
) -> FastAPI:
    """Return the server: page, maps, API and websocket.

    ``query``, ``dead_letters``, ``ledger``, ``noise``, ``companions``, ``precision``, ``people``, ``name_keys``,
    ``contact``, ``plates``, ``audit``, ``counting``, ``recording``: None where there is no store; their routes answer
    503 (the contact view says "history unavailable") and replays are refused. ``most_replays``: so many at once.
    ``copies``: None where the store is not in this process. ``images``: None where none are fetched.
    ``push``: None where nobody is told on devices. ``attachment_files``: None where no files of incidents are kept;
    ``scanner``: None scans none of them. ``most_attachments``: of one incident.
    ``incidents``: for EIDO documents, which name ``element`` as their maker.
    ``roads``: None measures units by a straight line.
    ``entrance``: sign-in; None where nobody is asked who they are. With it ``audiences`` is what it says of a session.
    ``unit_stale_s``: units whose position is older are not offered, seconds. ``answer_standard``: a name of
    ``dashboards.server.answer_times.STANDARDS``.
    ``audiences``: who may see what; all see everything unless told. ``hubs``: the hubs of
    all audiences, of which ``hub`` is the whole; made here unless given.
    ``web_dir``: the built page; ``maps_dir``: PMTiles archives, served under /maps/, as are those of ``layers_dir``.
    ``hosts``: names besides OWN_HOSTS that the server is reached by. The hub's rounds run while the server runs.
    """

    views = hubs or Hubs(hub)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        rounds = [asyncio.create_task(views.run(), name="hub")]
        if attachments is not None:
            rounds.append(asyncio.create_task(attachments.run(), name="attachments"))
        if sockets is not None:
            rounds.append(asyncio.create_task(sockets.run(), name="access"))
        try:
            yield
        finally:
            for task in rounds:
                task.cancel()
            await asyncio.gather(*rounds, return_exceptions=True)

    attachments = None if attachment_files is None else Attachments(hub, publisher, attachment_files, scanner)
    tickets = Tickets()
    sockets = None if entrance is None else SocketAccess(entrance.sign_in, tickets, entrance.now)
    seen_by = audiences or Audiences()
    if entrance is not None:
        header, agency_header, area_header = SAID
        seen_by = Audiences(header, entrance.audiences, agency_header, area_header, views.areas)
    #: What cannot be sorted by who may see it is for those who may see everything.
    whole = [Depends(seen_by.require_all)]
    app = FastAPI(
        title="Watchfloor",
        version=hub.version or "0",
        lifespan=lifespan,
        openapi_url="/api/openapi.json",
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
    )
    add_error_handlers(app)
    provider = None if entrance is None else entrance.provider
    app.include_router(
        session_router(
            None if entrance is None else entrance.sign_in,
            tickets,
            "" if entrance is None else entrance.notice,
            "" if provider is None else provider.name,
        )
    )
    app.include_router(provider_router(provider))
    app.include_router(accounts_router(None if entrance is None else entrance.accounts, publisher))
    app.include_router(push_router(push))
    app.include_router(vitals_router(hub, vitals, seen_by))
    actions = Actions(hub, publisher, seen_by, Room(seen_by, None if sockets is None else sockets.sessions))
    app.include_router(actions_router(actions, seen_by))
    app.include_router(incidents_router(hub, actions, query, unit_stale_s, roads, audiences=seen_by))
    app.include_router(drawings_router(hub, actions, query, seen_by))
    app.include_router(attachments_router(hub, attachments, publisher, seen_by, most_attachments))
    app.include_router(figures_router(query, answer_standard))
    app.include_router(questions_router(query, publisher), dependencies=whole)
    app.include_router(refused_router(dead_letters), dependencies=whole)
    app.include_router(ledger_router(ledger))
    app.include_router(copies_router(copies), dependencies=whole)
    app.include_router(noise_router(noise, publisher), dependencies=whole)
    app.include_router(company_router(companions, publisher), dependencies=whole)
    app.include_router(precision_router(precision, seen_by))
    app.include_router(images_router(images, seen_by))
    app.include_router(eido_router(incidents, element), dependencies=whole)
    app.include_router(names_router(people, publisher, name_keys))
    app.include_router(contact_router(hub, contact, publisher))
    app.include_router(markers_router(contact, publisher))
    app.include_router(plates_router(plates, publisher, seen_by))
    app.include_router(counting_router(counting, publisher), dependencies=whole)
    app.include_router(replay_router(recording, seen_by))
    # Where there are roles, the auditor's is enough: who was looked for is what he is there to see.
    app.include_router(audit_router(audit, publisher), dependencies=whole if entrance is None else [])
    #: Figures of this server besides those that all processes have.
    app.state.figures = figures(hub, vitals, ledger)
    app.include_router(metrics_router(app.state.figures))
    route = HubRoute(
        lambda headers: views.of(seen_by.of(headers)),
        hub,
        access=sockets,
        replays=Replays(recording, publisher, most=most_replays, version=hub.version, areas=views.areas),
        audience_of=seen_by.of,
        presence=views.presence,
    )

    @app.websocket("/ws")
    async def live(websocket: WebSocket) -> None:
        await route.serve(websocket)

    if maps_dir is not None and maps_dir.is_dir():
        app.mount("/maps", Maps(directory=maps_dir, layers=layers_dir))
    if web_dir is not None and (web_dir / "index.html").is_file():
        app.mount("/", Web(directory=web_dir))
    else:

        @app.get("/", include_in_schema=False)
        async def explain() -> HTMLResponse:
            return not_built()

    # The last added sees a request first: headers go on refusals too.
    if entrance is not None:
        app.add_middleware(Gate, entrance=entrance)
    app.add_middleware(OwnPagesOnly)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*OWN_HOSTS, *hosts], www_redirect=False)
    app.add_middleware(ProtectiveHeaders)
    return app
