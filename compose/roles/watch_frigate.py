"""`watchfloor connect frigate`: recognised plates from an MQTT broker."""

from __future__ import annotations

import asyncio
from zoneinfo import ZoneInfo

from compose.roles.edge_log import edge_log
from compose.settings import Settings
from connectors.frigate.subscribing import Subscription
from connectors.frigate.subscribing import run as subscribe


async def run(
    settings: Settings, stop: asyncio.Event, *, host: str, port: int, prefix: str, name: str, tls: bool
) -> None:
    """Read until ``stop``."""
    config = Subscription(
        host=host,
        port=port,
        prefix=prefix,
        instance=name,
        user=settings.mqtt_user or "",
        password=settings.mqtt_password.get_secret_value(),
        tls=tls,
        jurisdiction=settings.jurisdiction,
        zone=ZoneInfo(settings.readers_zone),
    )
    async with edge_log(settings, f"watchfloor-frigate-{name}", stop) as log:
        await subscribe(config, log.publisher, stop=stop)
