"""precision: how often alerts were right, by what people found and by what came of them."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlencode

import httpx2
import typer

from compose.commands.output import AsJson, answer, fail
from compose.commands.server_api import ask, not_running
from compose.settings import load


class By(StrEnum):
    """What precision is told by."""

    camera = "camera"
    list = "list"
    rule = "rule"
    match = "match"


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("precision")
    def precision(
        by: Annotated[By, typer.Option(help="Of each camera, list, rule or kind of match.")] = By.camera,
        days: Annotated[float, typer.Option(min=0.01, max=3660, help="Verdicts of so many days.")] = 90.0,
        simulated: Annotated[bool, typer.Option("--simulated", help="Verdicts on made-up alerts, too.")] = False,
        as_json: AsJson = False,
    ) -> None:
        """Tell how often alerts about plates were right, by the verdicts of people, and how good probabilities were;
        and what each rule asked of people, and what came of it."""
        settings = load()
        query = urlencode({"by": by.value, "days": days, "simulated": str(simulated).lower()})
        try:
            told = ask(settings, "GET", f"/api/precision?{query}", as_json=as_json).json()
        except httpx2.ConnectError:
            fail(not_running(settings), as_json=as_json)
        answer(told, as_json=as_json, text="\n".join(lines(told)))


def lines(told: dict[str, Any]) -> Iterator[str]:
    """Yield what a person is told."""
    yield from _of_plates(told)
    if told["rules"]:
        yield ""
        yield from _of_rules(told["rules"])


def _of_rules(rows: list[dict[str, Any]]) -> Iterator[str]:
    yield (
        f"{'rule':<28}{'raised':>8}{'waiting':>9}{'escalated':>11}{'taken in (median, 95 %)':>26}{'closed':>8}"
        f"{'useful':>8}{'false':>7}{'duplicate':>11}{'test':>6}{'unsaid':>8}{'useful of both':>16}"
    )
    for row in rows:
        share = "-" if row["share_useful"] is None else f"{row['share_useful']:.2f}"
        times = "-" if row["taken_p50_s"] is None else f"{row['taken_p50_s']:.0f} s, {row['taken_p95_s']:.0f} s"
        yield (
            f"{row['rule']:<28}{row['raised']:>8}{row['waiting']:>9}{row['escalated']:>11}{times:>26}{row['closed']:>8}"
            f"{row['useful']:>8}{row['false']:>7}{row['duplicate']:>11}{row['test']:>6}{row['unsaid']:>8}{share:>16}"
        )


def _of_plates(told: dict[str, Any]) -> Iterator[str]:
    if not told["rows"]:
        yield f"No alert about a plate was raised or judged in {told['days']:g} days."
        return
    yield (
        f"{told['by']:<28}{'alerts':>8}{'judged':>8}{'precision':>11}  {'95 % interval':<16}"
        f"{'misread':>8}{'state':>7}{'list':>6}{'other':>7}"
    )
    for row in told["rows"]:
        share = "-" if row["precision"] is None else f"{row['precision']:.2f}"
        interval = f"{row['low']:.2f} to {row['high']:.2f}"
        yield (
            f"{row['name']:<28}{row['alerts']:>8}{row['judged']:>8}{share:>11}  {interval:<16}"
            f"{row['misread']:>8}{row['wrong_state']:>7}{row['list_wrong']:>6}{row['other']:>7}"
        )
    if not any(row["judged"] for row in told["rows"]):
        yield "Nobody judged any of them."
        return
    calibration = told["calibration"]
    if not calibration["judged"]:
        yield "No probability was published of what was judged: too few verdicts went before."
        return
    yield (
        f"Published probabilities of {calibration['judged']} judged alerts: Brier score {calibration['brier']:.3f} "
        f"(always saying the base rate: {calibration['brier_of_base_rate']:.3f}; 0 is best)."
    )
    for one in calibration["bins"]:
        yield (
            f"  published {one['published']:.2f}: found right {one['found']:.2f} "
            f"({one['low']:.2f} to {one['high']:.2f}) of {one['judged']}"
        )
