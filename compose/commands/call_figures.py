"""answer-times and measures: what a day of calls was like."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

import httpx2
import typer

from compose.commands.output import AsJson, answer, fail
from compose.commands.server_api import ask, not_running
from compose.settings import load
from dashboards.server.answer_times import STANDARDS

Day = Annotated[str, typer.Option("--day", help="YYYY-MM-DD, UTC; yesterday if it is left out.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command("answer-times")
    def answer_times(
        day: Day = "",
        standard: Annotated[
            str, typer.Option("--standard", help=f"{', '.join(STANDARDS)}; the setting's if left out.")
        ] = "",
        as_json: AsJson = False,
    ) -> None:
        """Tell how long callers waited for an answer, by hour, against a standard."""
        if standard and standard not in STANDARDS:
            fail(f"There is no standard {standard}; there are {', '.join(STANDARDS)}.", 2, as_json=as_json)
        told = _ask("answer-times", _day(day, as_json), {"against": standard} if standard else {}, as_json)
        lines = [f"{told['date']} UTC, {told['standard']}", _HEAD]
        lines += [_line(hour["hour"][11:16], hour) for hour in told["hours"]]
        answer(told, as_json=as_json, text="\n".join([*lines, _line("day", told["day"]), *_asked(told["day"])]))

    @app.command("measures")
    def measures(day: Day = "", as_json: AsJson = False) -> None:
        """Tell for how many incidents each measure was taken, of those first assessed on a day."""
        told = _ask("measures", _day(day, as_json), {}, as_json)
        lines = [f"{told['date']} UTC: {told['assessed']} incidents assessed"]
        for one in told["measures"]:
            percent = "-" if one["percent"] is None else f"{one['percent']:.1f} %"
            lines.append(f"{one['name'].replace('_', ' '):<24} {one['done']:>6} {percent:>8}")
        answer(told, as_json=as_json, text="\n".join(lines))


_HEAD = (
    f"{'hour':<6} {'answered':>8} {'p90 s':>7} {'p95 s':>7} {'in 15 s':>8} {'in 20 s':>8} "
    f"{'silent':>7} {'abandoned':>10} {'impossible':>11} {'no times':>9}"
)


def _line(name: str, told: dict[str, Any]) -> str:
    within = {one["within_s"]: one["share"] for one in told["answer"]}
    shares = " ".join(f"{'-' if within.get(s) is None else format(within[s], '.1%'):>8}" for s in (15.0, 20.0))
    waits = " ".join(f"{'-' if told[key] is None else format(told[key], '.1f'):>7}" for key in ("p90_s", "p95_s"))
    return (
        f"{name:<6} {told['answered']:>8} {waits} {shares} {told['silent']:>7} {told['abandoned']:>10} "
        f"{told['impossible']:>11} {told['unanswered']:>9}"
    )


def _asked(day: dict[str, Any]) -> list[str]:
    lines = []
    for what in ("answer", "process"):
        for one in day[what]:
            if one["is_met"] is not None:
                word = "met" if one["is_met"] else "NOT MET"
                lines.append(
                    f"{what} within {one['within_s']:.0f} s: {one['share']:.1%} of {one['asked']:.0%} asked, {word}"
                )
    return lines


def _ask(path: str, day: date, more: dict[str, str], as_json: bool) -> Any:
    settings = load()
    try:
        return ask(
            settings, "GET", f"/api/{path}?{urlencode({'day': day.isoformat(), **more})}", as_json=as_json
        ).json()
    except httpx2.ConnectError:
        fail(not_running(settings), as_json=as_json)


def _day(text: str, as_json: bool) -> date:
    if not text:
        return (datetime.now(UTC) - timedelta(days=1)).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail("--day is a day as in 2026-01-15.", 2, as_json=as_json)
