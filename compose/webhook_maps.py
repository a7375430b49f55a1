"""The maps of ``webhook_map`` that are in force: those that come along, and those of the folder that is set."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from compose.settings import ConfigError, Settings
from connectors.registry import Connector, webhooks
from connectors.webhook_map.map_file import MapError, PayloadMap, built_in, read_folder
from connectors.webhook_map.translate import translator

NAME = "webhook_map"


def maps_in_force(settings: Settings) -> Mapping[str, PayloadMap]:
    """Return the maps by name; one of the folder stands in for one that comes along.

    Raises ConfigError, with the file and the key, when one cannot be used.
    """
    if settings.maps_dir is None:
        return built_in()
    try:
        return {**built_in(), **read_folder(settings.maps_dir)}
    except MapError as error:
        raise ConfigError(f"maps_dir: {error}") from error


def connectors_with_maps(settings: Settings) -> Mapping[str, Connector]:
    """Return the webhook connectors, ``webhook_map`` with the maps in force. Raises ConfigError."""
    known = webhooks()
    if settings.maps_dir is None:
        return known
    return {**known, NAME: replace(known[NAME], translate=translator(maps_in_force(settings)))}
