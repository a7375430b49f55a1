"""Why a file does not become a map layer."""

from __future__ import annotations


class MapRefusedError(Exception):
    """The file is not taken; the message says why, and what to do where something can be done."""
