"""`watchfloor serve`: page, API, websocket hub; with the embedded store, the store role too (one process owns it)."""

from __future__ import annotations

import asyncio
from importlib.metadata import version
from pathlib import Path

import psutil
import structlog
import uvicorn

from compose.accounts.devices import Devices, OwnDevices
from compose.accounts.oidc.opening import provider_for
from compose.accounts.oidc.rechecks import Rechecks
from compose.accounts.signing_in import book_in, entrance_for, recorder
from compose.attachments.clamd import Clamd
from compose.attachments.folder import FOLDER as ATTACHMENTS
from compose.attachments.folder import AttachmentFolder
from compose.audit import StoredAudit
from compose.backup.store_copies import StoreCopies
from compose.bounded_http import BoundedHttp
from compose.broker import LogLimit
from compose.canary import Canaries
from compose.company import StoredCompany
from compose.counting import StoredCounts
from compose.ledger.keeper import LedgerKeeper
from compose.look_alikes import look_alikes_in_force
from compose.map_layers.folder import folder_in as layers_in
from compose.name_keys import NameKeys
from compose.noise_learning import NoiseLearning
from compose.observability import metrics, signs
from compose.people import StoredContact, StoredPeople, shared_numbers
from compose.pictures.run import Images
from compose.plate_search import StoredPlates
from compose.precision import StoredPrecision
from compose.roads.loaded import LoadedRoads
from compose.roads.loaded import path_in as roads_in
from compose.roles.log_feed import LogFeed
from compose.roles.runner import limited, open_producer, serve_until
from compose.roles.stage_lag import StageLag
from compose.roles.store import StoreRole
from compose.roles.store_watch import StoreWatch
from compose.seals.sealer import Sealer
from compose.settings import Settings
from compose.store_opening import connect_store, migrate
from compose.stored import StoredDeadLetters, StoredNoise, StoredQuery
from compose.stored_incidents import StoredIncidents
from compose.stored_recording import StoredRecording
from connectors.edge.accepted_counts import AcceptedCounts
from dashboards.server.app import create_server
from dashboards.server.audience import Audiences
from dashboards.server.hub import Hub
from dashboards.server.hubs import Hubs
from dashboards.server.ports import Vitals
from dashboards.server.serve import listening_socket, uvicorn_config
from dashboards.server.vitals import what_is_wrong
from schemas.wire.producer import FrameProducer

log = structlog.get_logger(__name__)

WEB = Path(__file__).parents[2] / "dashboards" / "web"


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Serve until ``stop``."""
    shared = shared_numbers(settings)
    producer = await open_producer(settings, "watchfloor-serve", stop)
    if producer is None:
        return
    store = await connect_store(settings)
    role: StoreRole | None = None
    feed: LogFeed | None = None
    ledger = LedgerKeeper(settings, store)
    sealer = Sealer(settings, store, producer) if settings.seal_audit else None
    stages = StageLag(settings)
    images = Images(settings, producer) if settings.image_hosts else None
    accounts = book_in(settings) if settings.sign_in else None
    # Before the canary reads what this machine's commands show.
    provider = provider_for(settings, accounts) if accounts is not None else None
    entrance = entrance_for(settings, accounts, provider) if accounts is not None else None
    canaries = Canaries(settings, store)
    name_keys = NameKeys(store)
    counts = AcceptedCounts(producer, "watchfloor-serve")
    reporting = asyncio.create_task(counts.run(stop))
    try:
        hub = Hub(version=version("watchfloor"))
        hubs = Hubs(hub)
        # What people do is always taken; only the edge stops when the embedded log is full.
        log_size = limited(settings, producer)
        health = StoreWatch(store, waiting=lambda: role.waiting if role is not None else None)
        watching = asyncio.create_task(health.run())
        telling = asyncio.create_task(_tell_delays(hubs, stages))
        flying = asyncio.create_task(canaries.run())
        telling_accounts = asyncio.create_task(recorder(accounts, producer).run()) if accounts is not None else None
        rechecks = Rechecks(provider, settings.oidc_recheck_s) if provider is not None else None
        rechecking = asyncio.create_task(rechecks.run()) if rechecks is not None else None
        roads = LoadedRoads(roads_in(settings.data_dir), settings.road_reach_m)
        looking = asyncio.create_task(roads.run())
        counting = asyncio.create_task(name_keys.watch())
        learning = asyncio.create_task(NoiseLearning(store, producer).run()) if settings.learn_noise else None
        # A server that is away must not keep the map from people: the map comes from the log, the store is for history.
        migrating: asyncio.Task[bool] | None = None
        if settings.embedded_store:
            await store.migrate()
            role = StoreRole(settings, store, producer)
            await role.restore_log()
        else:
            migrating = asyncio.create_task(migrate(store, stop))
            migrating.add_done_callback(lambda done: stop.set() if done.exception() is not None else None)
        feed = LogFeed(settings, hubs, asyncio.get_running_loop())
        stages.start()
        if images is not None:
            images.start()
        await asyncio.to_thread(ledger.start)
        if sealer is not None:
            sealer.start()
        storing = asyncio.create_task(role.run(stop)) if role is not None else None
        if storing is not None:
            # A server that stores nothing must not look alive: if storing ends, everything here ends and is restarted.
            storing.add_done_callback(lambda _task: stop.set())

        def vitals() -> Vitals:
            assert feed is not None
            return Vitals(
                log_alive=feed.alive,
                log_polled_ago_s=feed.polled_ago_s,
                publisher=_publisher_fault(producer),
                store=health.fault,
                behind_s=stages.behind_s,
                canaries=canaries.flights,
                details={
                    "embedded_log": settings.embedded_broker,
                    "embedded_log_mb": round(log_size.size_mb, 1) if isinstance(log_size, LogLimit) else None,
                    "embedded_log_limit_mb": settings.embedded_log_limit_mb if settings.embedded_broker else None,
                    "events_stored": dict(role.stored) if role is not None else None,
                    "store_ahead": getattr(store.inner, "ahead", ()),
                    "road_segments": roads.segments,
                    "road_fault": roads.fault,
                    "rss_mb": round(psutil.Process().memory_info().rss / 1024 / 1024, 1),
                },
            )

        app = create_server(
            hub=hub,
            hubs=hubs,
            publisher=counts,
            query=StoredQuery(store),
            dead_letters=StoredDeadLetters(store, settings, producer),
            ledger=ledger,
            noise=StoredNoise(store),
            precision=StoredPrecision(store),
            images=images.keeper if images is not None else None,
            audiences=Audiences(settings.audience_header, settings.audiences),
            incidents=StoredIncidents(store),
            element=f"{settings.jurisdiction}.watchfloor.invalid",
            people=StoredPeople(store, settings.phone_region),
            name_keys=name_keys,
            contact=StoredContact(store, settings.phone_region, shared),
            counting=StoredCounts(store),
            plates=StoredPlates(store, look_alikes_in_force(settings)),
            audit=StoredAudit(store),
            recording=StoredRecording(store),
            most_replays=settings.replays,
            copies=StoreCopies(store.inner, settings.data_dir) if settings.embedded_store else None,
            companions=StoredCompany(store, look_alikes_in_force(settings)),
            web_dir=WEB / "dist",
            maps_dir=WEB / "public" / "maps",
            layers_dir=layers_in(settings.data_dir),
            vitals=vitals,
            hosts=settings.web_hosts,
            unit_stale_s=settings.unit_stale_s,
            roads=roads,
            entrance=entrance,
            answer_standard=settings.answer_standard,
            push=OwnDevices(Devices(accounts, settings.push_hosts)) if accounts and settings.push_contact else None,
            attachment_files=AttachmentFolder(
                settings.data_dir / ATTACHMENTS, settings.attachment_limit_mb * 1_000_000
            ),
            scanner=Clamd(settings.clamd) if settings.clamd else None,
            most_attachments=settings.attachments_per_incident,
        )
        here = signs.here()
        here.registries.append(app.state.figures)
        here.watch("server", lambda: " ".join(what_is_wrong(hub, vitals()).values()))
        here.note("names", name_keys.told)
        if sealer is not None:
            here.note("audit seals", lambda: sealer.fault)
        here.started = True
        if isinstance(log_size, LogLimit):
            metrics.EMBEDDED_LOG.set_function(lambda: log_size.size_mb / settings.embedded_log_limit_mb)
        config = uvicorn_config(app)
        config.http = BoundedHttp
        server = uvicorn.Server(config)
        listening = listening_socket(settings.web_host, settings.web_port)
        await serve_until(server, stop, [listening])
        watching.cancel()
        telling.cancel()
        flying.cancel()
        looking.cancel()
        counting.cancel()
        if learning is not None:
            learning.cancel()
        if telling_accounts is not None:
            telling_accounts.cancel()
        if rechecking is not None:
            rechecking.cancel()
        if migrating is not None:
            await migrating
        if storing is not None:
            await storing
    finally:
        stop.set()
        if feed is not None:
            await asyncio.to_thread(feed.stop)
        if images is not None:
            await images.stop()
        if sealer is not None:
            await asyncio.to_thread(sealer.stop)
        await asyncio.to_thread(ledger.stop)
        await asyncio.to_thread(stages.stop)
        await reporting
        await name_keys.stop()
        await store.close()
        if provider is not None:
            await provider.close()
        if accounts is not None:
            await asyncio.to_thread(accounts.close)
        await asyncio.to_thread(producer.close)


async def _tell_delays(hubs: Hubs, stages: StageLag) -> None:
    while True:
        hubs.delayed(stages.behind_s or {})
        await asyncio.sleep(1.0)


def _publisher_fault(producer: FrameProducer) -> str:
    return f"The broker did not confirm: {producer.last_error}" if producer.last_error else ""
