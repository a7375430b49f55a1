"""GET /api/images/<read>: what became of the picture of a read that raised an alert, and the picture itself."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from dashboards.server.audience import Audiences
from dashboards.server.errors import Problem
from dashboards.server.ports import Images
from schemas.events.image import FETCHED, Image

#: A browser may keep a picture for so long, seconds: it is of a read, and never changes.
_KEPT_S = 300


class ImageState(BaseModel):
    """What became of a picture: none (never wanted), wanted, fetched, expired, refused or failed, and why.

    ``picture``: where it is here; None unless it was fetched.
    """

    state: str
    reason: str = ""
    expires_at: datetime | None = None
    media_type: str = ""
    byte_count: int = 0
    picture: str | None = None


def images_router(images: Images | None, audiences: Audiences) -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    def known(read_id: UUID, request: Request) -> Image | None:
        image, who = None if images is None else images.get(read_id), audiences.of(request.headers)
        if image is None or not who.may_see(image.audience) or not audiences.shows(who, image):
            return None
        return image

    @router.get("/api/images/{read_id}")
    async def state(read_id: UUID, request: Request) -> ImageState:
        """Tell what became of a read's picture."""
        image = known(read_id, request)
        if image is None:
            return ImageState(state="none")
        return ImageState(
            state=image.state,
            reason=image.reason,
            expires_at=image.expires_at,
            media_type=image.media_type,
            byte_count=image.byte_count,
            picture=f"/api/images/{read_id}/picture" if image.state == FETCHED else None,
        )

    @router.get("/api/images/{read_id}/picture", responses={404: {"model": Problem}})
    async def picture(read_id: UUID, request: Request) -> Response:
        """Return the picture."""
        image = known(read_id, request)
        content = None if images is None or image is None or image.state != FETCHED else await images.picture(image)
        if image is None or content is None:
            raise HTTPException(404, "The picture of this read is not here, or no longer.")
        # Shown, never run: it is what a stranger sent, whatever its first bytes say.
        headers = {"content-disposition": "inline", "cache-control": f"private, max-age={_KEPT_S}"}
        return Response(content, media_type=image.media_type, headers=headers)

    return router
