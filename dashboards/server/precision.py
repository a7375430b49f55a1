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
    RuleOutcomes,
    StoreUnavailableError,
)


class PrecisionPage(Struct, frozen=True, kw_only=True):
    """Rows with the most verdicts first, the calibration of all, and what came of closed alerts by rule, over the last
    ``days``."""

    by: PrecisionBy
    days: float
    rows: Sequence[Precision]
    calibration: Calibration
    outcomes: Sequence[RuleOutcomes]


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

        With what came of the alerts of each rule, as those who closed them said.
        """
        if precision is None:
            raise StoreUnavailableError
        seen = audiences.of(request.headers).seen
        rows = await precision.by(by, days, simulated=simulated, audiences=seen)
        calibration = await precision.calibration(days, simulated=simulated, audiences=seen)
        outcomes = await precision.outcomes(days, simulated=simulated, audiences=seen)
        page = PrecisionPage(by=by, days=days, rows=rows, calibration=calibration, outcomes=outcomes)
        return Response(msgspec.json.encode(page), media_type="application/json")

    return router
