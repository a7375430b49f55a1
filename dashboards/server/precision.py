"""GET /api/precision: how often alerts were right, by what people found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request
from msgspec import Struct
from starlette.responses import Response

from dashboards.server.audience import Audiences
from dashboards.server.errors import Problem
from dashboards.server.ports import (
    AlertPrecision,
    Calibration,
    Precision,
    PrecisionBy,
    RuleRecord,
    StoreUnavailableError,
)


class PrecisionPage(Struct, frozen=True, kw_only=True):
    """Rows with the most verdicts first, the calibration of all, and the record of each rule, over the last
    ``days``."""

    by: PrecisionBy
    days: float
    rows: Sequence[Precision]
    calibration: Calibration
    rules: Sequence[RuleRecord]


def precision_router(precision: AlertPrecision | None, audiences: Audiences) -> APIRouter:
    """Return the route."""
    router = APIRouter()

    @router.get("/api/precision", responses={status: {"model": Problem} for status in (422, 503)})
    async def told(
        request: Request,
        by: PrecisionBy = "camera",
        days: Annotated[float, Query(gt=0, le=3660)] = 90,
        simulated: bool = False,
    ) -> Response:
        """Return precision by camera, list, rule or kind of match, from the verdicts of the last days.

        With the record of each rule: how much it asked of people, and what came of it.
        """
        if precision is None:
            raise StoreUnavailableError
        seen = audiences.of(request.headers).seen
        rows = await precision.by(by, days, simulated=simulated, audiences=seen)
        calibration = await precision.calibration(days, simulated=simulated, audiences=seen)
        rules = await precision.rules(days, simulated=simulated, audiences=seen)
        page = PrecisionPage(by=by, days=days, rows=rows, calibration=calibration, rules=rules)
        return Response(msgspec.json.encode(page), media_type="application/json")

    return router
