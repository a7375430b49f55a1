"""The one way generated JSON is written, so that the same facts give the same bytes."""

from __future__ import annotations

import json
from typing import Any


def json_text(value: Any) -> str:
    """Return indented JSON in the given key order, UTF-8 characters as they are, ending with a newline."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
