"""Which connectors there are: the folders beside this file that hold a ``manifest.py``.

A connector is added by adding its folder; nothing else names it. A folder without a manifest (the edge itself) is
no connector. Webhook connectors must also hold ``translate.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

from msgspec import Struct

from connectors.manifest import Manifest, Transport
from connectors.translation import Context, Translation

#: body, content type (as the header has it), context -> what became of it. Pure; raises PayloadError only.
Translate = Callable[[bytes, str, Context], Translation]

_HERE = Path(__file__).parent


class Connector(Struct, frozen=True, kw_only=True):
    """A connector: its manifest, its folder, and for webhooks its translator."""

    manifest: Manifest
    folder: Path
    translate: Translate | None = None


class ConnectorError(Exception):
    """A connector's folder does not hold what the edge needs."""


def connector_names() -> tuple[str, ...]:
    """Return the names of all connectors, in alphabetical order."""
    return tuple(sorted(manifest.parent.name for manifest in _HERE.glob("*/manifest.py")))


@cache
def load(name: str) -> Connector:
    """Return one connector. Raises KeyError for an unknown name and ConnectorError for a broken folder."""
    if name not in connector_names():
        raise KeyError(name)
    manifest = getattr(import_module(f"connectors.{name}.manifest"), "MANIFEST", None)
    if not isinstance(manifest, Manifest):
        raise ConnectorError(f"connectors/{name}/manifest.py does not define MANIFEST")
    if manifest.name != name:
        raise ConnectorError(f"connectors/{name}/manifest.py calls itself {manifest.name!r}; it must be {name!r}")
    translate: Translate | None = None
    if manifest.transport is Transport.WEBHOOK:
        if not (_HERE / name / "translate.py").exists():
            raise ConnectorError(f"connectors/{name} is a webhook and needs translate.py")
        translate = import_module(f"connectors.{name}.translate").translate
    return Connector(manifest=manifest, folder=_HERE / name, translate=translate)


@cache
def webhooks() -> Mapping[str, Connector]:
    """Return the connectors that sources post to, by name."""
    found = {name: load(name) for name in connector_names()}
    return MappingProxyType({n: c for n, c in found.items() if c.manifest.transport is Transport.WEBHOOK})
