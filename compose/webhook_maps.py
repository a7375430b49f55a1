"""The maps in force: those that come along, and those of the folder that is set.

Maps of ``webhook_map`` lie in the folder itself, word maps of ``cad`` in its subfolder cad, templates of ``ali`` in
its subfolder ali.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from compose.settings import ConfigError, Settings
from connectors.ali import template as ali_template
from connectors.ali import translate as ali_translate
from connectors.cad import translate as cad_translate
from connectors.cad import word_map
from connectors.registry import Connector, Translate, webhooks
from connectors.webhook_map.map_file import MapError, PayloadMap, built_in, read_folder, read_map
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
    """Return the webhook connectors, those that go by maps with the maps in force. Raises ConfigError."""
    known = webhooks()
    if settings.maps_dir is None:
        return known
    mapped: dict[str, Translate] = {NAME: translator(maps_in_force(settings))}
    try:
        words = {**word_map.built_in(), **word_map.read_folder(settings.maps_dir / "cad")}
        templates = {**ali_template.built_in(), **ali_template.read_folder(settings.maps_dir / "ali")}
    except (word_map.WordMapError, ali_template.TemplateError) as error:
        raise ConfigError(f"maps_dir: {error}") from error
    mapped["cad"] = cad_translate.translator(words)
    mapped["ali"] = ali_translate.translator(templates)
    return {**known, **{name: replace(known[name], translate=run) for name, run in mapped.items()}}


def with_one_map(connector: str, file: Path) -> tuple[Translate, str] | None:
    """Return a connector's translator with one map in force, and the copy that it is for; None: it goes by no maps.

    Raises MapError, WordMapError or TemplateError.
    """
    if connector == NAME:
        one = read_map(file)
        return translator({one.name: one}), one.name
    if connector == "cad":
        return cad_translate.translator({file.stem: word_map.read_map(file)}), file.stem
    if connector == "ali":
        return ali_translate.translator({file.stem: ali_template.read_template(file)}), file.stem
    return None
