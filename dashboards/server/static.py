"""The page and the maps, from disk."""

from __future__ import annotations

import os
import re
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import PathLike, StaticFiles
from starlette.types import Scope

#: Built files carry a hash of their content in their names (Vite: name-hash.ext), so they never change.
_HASHED = re.compile(r"^assets/.*-[A-Za-z0-9_-]{8,}\.[a-z0-9]+(\.map)?$")
#: The field commander's page. The built files are served beneath it, too: its service worker may see no other address,
#: and a worker's own script is only seen by address (Service Workers, "handle fetch").
FIELD = "field"
#: Addresses at which the page itself is given; it shows another screen there.
_SCREENS = frozenset({".", "wall"})
PMTILES_MEDIA_TYPE = "application/vnd.pmtiles"

_NOT_BUILT = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Watchfloor</title></head>
<body>
<h1>The page has not been built</h1>
<p>The server is running, and its API answers at <a href="/api/status">/api/status</a>.</p>
<p>To build the page, run <code>make setup</code> in the checkout, then reload.</p>
</body>
</html>
"""


class Web(StaticFiles):
    """The built page: hashed files are kept by browsers for a year, the page itself is asked for each time."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file of the page."""
        head, _, rest = path.partition("/")
        if head == FIELD:
            path = rest or "."
        return await super().get_response("index.html" if path in _SCREENS else path, scope)

    def file_response(
        self, full_path: PathLike, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """Return a file with the right word on how long it may be kept."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        path = scope["path"].lstrip("/").removeprefix(f"{FIELD}/")
        if os.path.basename(full_path) == "index.html":
            response.headers["cache-control"] = "no-store"
        elif _HASHED.match(path):
            response.headers["cache-control"] = "public, max-age=31536000, immutable"
        else:
            response.headers["cache-control"] = "no-cache"
        return response


class Maps(StaticFiles):
    """Map archives, read in ranges (RFC 9110 §14.2); nothing else of the folders is given out, nothing is compressed.

    ``layers``: a second folder, of the layers that were added; it need not be there yet.
    """

    def __init__(self, *, directory: PathLike, layers: Path | None = None) -> None:
        super().__init__(directory=directory)
        if layers is not None:
            self.all_directories = [*self.all_directories, layers]

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return an archive or a part of it."""
        # What lies deeper is a layer that is being made.
        if not path.endswith(".pmtiles") or "/" in path:
            raise HTTPException(404)
        return await super().get_response(path, scope)

    def file_response(
        self, full_path: PathLike, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """Return an archive; it may be replaced by a newer one, so browsers ask whether it changed."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        if response.status_code != 304:
            response.headers["content-type"] = PMTILES_MEDIA_TYPE
        response.headers["cache-control"] = "no-cache"
        return response


def not_built() -> HTMLResponse:
    """Return what stands where the page would be: how to build it."""
    return HTMLResponse(_NOT_BUILT, headers={"cache-control": "no-store"})
