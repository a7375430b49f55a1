"""How often what was raised was right, by what people found: precision and calibration, from the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import sqrt
from typing import Any

from dashboards.server import ports
from pipeline.store.async_store import AsyncStore
from pipeline.store.errors import StoreUnavailableError
from schemas.events.action import OUTCOMES
from schemas.wire.frame import utc_now

#: What precision is told by, and the column of plate_verdicts that it is.
COLUMNS: Mapping[ports.PrecisionBy, str] = {
    "camera": "camera_id",
    "list": "list_id",
    "rule": "rule",
    "match": "match_kind",
}
#: Groups of an answer; those with the most verdicts come first.
MAX_ROWS = 500
#: Of the normal distribution, for intervals of 95 %.
_Z = 1.959964
_BINS = 10


class StoredPrecision:
    """Implements ``dashboards.server.ports.AlertPrecision`` over the store."""

    def __init__(self, store: AsyncStore) -> None:
        self._store = store

    async def by(
        self, by: ports.PrecisionBy, days: float, *, simulated: bool, audiences: Sequence[str] | None
    ) -> list[ports.Precision]:
        """See ``ports.AlertPrecision.by``."""
        # Two alerts about one hit are one verdict, the newest, except where the rules are compared.
        once = "" if by == "rule" else "ORDER BY {at} DESC LIMIT 1 BY read_id, list_id, entry_id"
        rows = await self._rows(
            f"SELECT name, countIf(verdict = '') AS alerts, countIf(verdict = 'correct') AS correct,"  # noqa: S608 - names of our own
            " countIf(verdict = 'wrong_state') AS wrong_state, countIf(verdict = 'misread') AS misread,"
            " countIf(verdict = 'list_wrong') AS list_wrong, countIf(verdict = 'other') AS other,"
            " countIf(verdict NOT IN ('', 'other') AND said) AS published FROM ("
            f"SELECT * FROM (SELECT {COLUMNS[by]} AS name, verdict, isNotNull(probability) AS said"
            f" FROM rtcc.plate_verdicts WHERE {_since('verdict_at')} {once.format(at='verdict_at')})"
            f" UNION ALL SELECT * FROM (SELECT {COLUMNS[by]} AS name, '' AS verdict, 0 AS said"
            f" FROM ({_RAISED}) {once.format(at='raised_at')}))"
            f" GROUP BY name ORDER BY countIf(verdict != '') DESC, alerts DESC, name LIMIT {MAX_ROWS}",
            _parameters(days, simulated, audiences),
        )
        return [_precision(row) for row in rows]

    async def calibration(self, days: float, *, simulated: bool, audiences: Sequence[str] | None) -> ports.Calibration:
        """See ``ports.AlertPrecision.calibration``."""
        rows = await self._rows(
            "SELECT probability, verdict != 'misread' AS is_right FROM rtcc.plate_verdicts"  # noqa: S608 - names of our own
            f" WHERE {_since('verdict_at')}"
            " AND probability IS NOT NULL AND verdict != 'other'"
            " ORDER BY verdict_at DESC LIMIT 1 BY read_id, list_id, entry_id LIMIT 100000",
            _parameters(days, simulated, audiences),
        )
        return calibration([(float(row["probability"]), bool(row["is_right"])) for row in rows])

    async def rules(self, days: float, *, simulated: bool, audiences: Sequence[str] | None) -> list[ports.RuleRecord]:
        """See ``ports.AlertPrecision.rules``."""
        counts = ", ".join(f"countIf(outcome = '{one}') AS {one}" for one in OUTCOMES)
        taken = "quantilesExactIf(0.5, 0.95)(took_s, is_taken)"
        rows = await self._rows(
            "SELECT rule, count() AS raised, countIf(status = 'open') AS waiting,"  # noqa: S608 - names of our own
            " countIf(isNotNull(escalated_at)) AS escalated, sum(is_taken) AS taken,"
            f" {taken}[1] AS taken_p50_s, {taken}[2] AS taken_p95_s,"
            f" countIf(status = 'closed') AS closed, {counts}, countIf(status = 'closed' AND outcome = '') AS unsaid"
            f" FROM rtcc.alerts LEFT JOIN ({_TAKEN}) AS taken USING (alert_id) WHERE {_since('raised_at')}"
            " GROUP BY rule ORDER BY countIf(outcome = 'false') DESC, raised DESC, rule"
            f" LIMIT {MAX_ROWS} SETTINGS join_use_nulls = 0",
            _parameters(days, simulated, audiences),
        )
        return [_record(row) for row in rows]

    async def _rows(self, sql: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        try:
            return await self._store.rows(sql, params)
        except StoreUnavailableError as error:
            raise ports.StoreUnavailableError(str(error)) from error


def _since(moment: str) -> str:
    """Return the condition on rows of the period by this column, that may be told."""
    return (
        f"{moment} >= {{since:DateTime64(3,'UTC')}} AND ({{simulated:UInt8}} OR NOT synthetic)"
        " AND ({everybody:UInt8} OR hasAny({audiences:Array(String)}, splitByChar(',', audience)))"
    )


#: Alerts about listed plates that were raised in the period, with the columns that plate_verdicts has, too.
_RAISED = (
    "SELECT triggers[1] AS read_id, rule, ifNull(camera_id, '') AS camera_id, matched['list_id'] AS list_id,"  # noqa: S608 - names of our own
    " matched['entry_id'] AS entry_id, matched['match'] AS match_kind, raised_at FROM ("
    "SELECT triggers, rule, camera_id, raised_at, arrayFirst(reason -> reason.kind = 'match', why).facts AS matched"
    f" FROM rtcc.alerts WHERE subject_kind = 'plate' AND {_since('raised_at')}) WHERE list_id != ''"
)


#: How long it took until somebody did something about each alert of the period, seconds.
_TAKEN = (
    # Who took it and who raised it may be two machines, whose clocks are not quite one.
    "SELECT alert_id,"  # noqa: S608 - names of our own
    " greatest(0, dateDiff('millisecond', any(raised_at), min(assumeNotNull(changed_at))) / 1000) AS took_s,"
    " 1 AS is_taken FROM rtcc.alert_states WHERE status IN ('acknowledged', 'dispatched', 'closed')"
    # What a rule closed for its age was taken by nobody.
    f" AND isNotNull(changed_at) AND NOT startsWith(changed_by, 'rule:') AND {_since('raised_at')} GROUP BY alert_id"
)


def _parameters(days: float, simulated: bool, audiences: Sequence[str] | None) -> dict[str, Any]:
    since: datetime = utc_now() - timedelta(days=days)
    return {
        "since": since,
        "simulated": int(simulated),
        "everybody": int(audiences is None),
        "audiences": list(audiences or ()),
    }


def _precision(row: Mapping[str, Any]) -> ports.Precision:
    counts = {name: int(row[name]) for name in ("correct", "wrong_state", "misread", "list_wrong", "other")}
    judged = sum(counts.values()) - counts["other"]
    low, high = wilson(counts["correct"], judged)
    return ports.Precision(
        name=str(row["name"]),
        alerts=int(row["alerts"]),
        judged=judged,
        published=int(row["published"]),
        precision=counts["correct"] / judged if judged else None,
        low=low,
        high=high,
        **counts,
    )


def _record(row: Mapping[str, Any]) -> ports.RuleRecord:
    counts = {name: int(row[name]) for name in ("raised", "waiting", "escalated", "closed", *OUTCOMES, "unsaid")}
    told = counts["useful"] + counts["false"]
    low, high = wilson(counts["useful"], told)
    share = counts["useful"] / told if told else None
    return ports.RuleRecord(
        rule=str(row["rule"]),
        taken_p50_s=float(row["taken_p50_s"]) if int(row["taken"]) else None,
        taken_p95_s=float(row["taken_p95_s"]) if int(row["taken"]) else None,
        share_useful=share,
        low=low,
        high=high,
        **counts,
    )


def wilson(right: int, of: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927), 0..1; of nothing it is the whole of it."""
    if not of:
        return 0.0, 1.0
    share = right / of
    middle = share + _Z * _Z / (2 * of)
    half = _Z * sqrt(share * (1 - share) / of + _Z * _Z / (4 * of * of))
    scale = 1 + _Z * _Z / of
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def calibration(told: Sequence[tuple[float, bool]]) -> ports.Calibration:
    """Return how well published probabilities agree with what was found. ``told``: probability, and whether it was so.

    ``brier``: mean squared difference, 0 best; ``brier_of_base_rate``: of who always says the share that was right.
    """
    if not told:
        return ports.Calibration(judged=0, brier=None, brier_of_base_rate=None, bins=())
    base = sum(right for _, right in told) / len(told)
    bins = []
    for number in range(_BINS):
        inside = [one for one in told if min(int(one[0] * _BINS), _BINS - 1) == number]
        if inside:
            right = sum(one for _, one in inside)
            low, high = wilson(right, len(inside))
            bins.append(
                ports.CalibrationBin(
                    published=sum(value for value, _ in inside) / len(inside),
                    found=right / len(inside),
                    low=low,
                    high=high,
                    judged=len(inside),
                )
            )
    return ports.Calibration(
        judged=len(told),
        brier=sum((value - right) ** 2 for value, right in told) / len(told),
        brier_of_base_rate=base * (1 - base),
        bins=tuple(bins),
    )
