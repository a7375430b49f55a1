"""/api/store/copies: whole tables as files, for the backup of a store that this process has open."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, StringConstraints
from starlette.exceptions import HTTPException
from starlette.responses import Response

from dashboards.server.errors import Problem
from dashboards.server.ports import CopyRefusedError, StoreCopies, StoreUnavailableError


class Wanted(BaseModel):
    """The table to copy, and the folder that was made for it in the data directory."""

    model_config = ConfigDict(extra="forbid")

    folder: Annotated[str, StringConstraints(max_length=100)]
    table: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,99}$")]


def copies_router(copies: StoreCopies | None) -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.get("/api/store/copies", responses={503: {"model": Problem}})
    async def about() -> Response:
        """Tell which tables can be copied, and which migrations they have."""
        if copies is None:
            raise StoreUnavailableError
        return _json(await copies.about())

    @router.post("/api/store/copies", responses={status: {"model": Problem} for status in (403, 409, 503)})
    async def copy(wanted: Wanted) -> Response:
        """Write a table into a file in that folder, and tell what the file holds. Takes seconds to minutes."""
        if copies is None:
            raise StoreUnavailableError
        try:
            return _json(await copies.copy(wanted.folder, wanted.table))
        except CopyRefusedError as error:
            raise HTTPException(409, str(error)) from error

    return router


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
