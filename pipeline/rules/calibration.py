"""How likely a hit is right, by what people found of such hits at this camera: evidence beside the other reasons."""

from __future__ import annotations

from msgspec.structs import replace

from pipeline.state.confusions import Confusions, Probability
from schemas.events.alert import Alert, Evidence


def calibrated(alert: Alert, confusions: Confusions) -> Alert:
    """Return an alert with the probability that its plate is the listed one, where enough verdicts tell it."""
    told = confusions.probability(alert)
    if told is None:
        return alert
    # Behind the match that it is about: the reasons to doubt a hit stay first.
    at = next(number for number, one in enumerate(alert.why, start=1) if one.kind == "match")
    return replace(alert, why=(*alert.why[:at], evidence(told), *alert.why[at:]))


def evidence(told: Probability) -> Evidence:
    """Return the probability as a reason. It is about the characters; state and record remain to be checked."""
    return Evidence(
        kind="calibration",
        text=f"The plate is the listed one with probability {told.value:.2f}, by {told.verdicts} verdicts on such "
        "matches at this camera.",
        facts={"probability": f"{told.value:.4f}", "verdicts": str(told.verdicts)},
    )
