"""What the rules really say of plates, whichever they are: where no plate may go, none goes."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from compose.notify.destinations import Wanted
from compose.notify.occasions import occasions_of
from compose.notify.wording import content_of
from pipeline.rules import hotlist_hit, travelling_together
from pipeline.rules.travelling_together import Company
from schemas.events.alert import Alert
from schemas.events.plate_read import PlateCandidate
from schemas.events.sighting import EXAMPLE, Hit, Sighting, Substitution
from tests.unit.notify_facts import NOW

#: Without vowels, so that none is a word of a sentence; short, long, letters only, digits only.
PLATES = st.text("BCDFGHJKLMNPQRSTVWXZ0123456789", min_size=4, max_size=9)
MATCHES = ("exact", "look_alike", "candidate", "pattern", "vote", "edit")


def sighting(read: str, listed: str, match: str) -> Sighting:
    """A sighting of one plate that matches another in one of the ways."""
    hit = Hit(
        list_id="stolen", entry_id=listed, listed_plate=listed, match=match, matched_plate=read, candidate_rank=1,
        substitutions=(Substitution(position=0, read=read[0], listed=listed[0]),), region_relation="same",
        kind="stolen_vehicle", reason=f"case of {listed}", list_as_of=NOW - timedelta(hours=1),
    )  # fmt: skip
    variants = (PlateCandidate(plate=read, confidence=0.8), PlateCandidate(plate=listed[::-1], confidence=0.4))
    return replace(
        EXAMPLE, plate=read, hits=(hit,), variants=variants, audiences=("",), attributes=(), occurred_at=NOW,
        observed_at=NOW,
    )  # fmt: skip


def said(alert: Alert) -> str:
    """What goes out of an alert that could hold a plate."""
    content = content_of(occasions_of(alert)[0], Wanted())
    return "\n".join([content.title, *(text for one in content.why for text in (one.text, *one.facts.values()))])


def holds(text: str, plate: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(plate)}(?!\w)", text, re.IGNORECASE) is not None


@pytest.mark.parametrize("match", MATCHES)
@given(read=PLATES, listed=PLATES, wild=st.booleans())
def test_no_hit_tells_the_plate_or_what_was_listed(match: str, read: str, listed: str, wild: bool) -> None:
    listed = f"{listed[:2]}?{listed[2:]}*" if wild and match == "pattern" else listed
    (alert,) = hotlist_hit.evaluate(sighting(read, listed, match), "Bourbon / St Louis", NOW)
    assert holds(alert.title, listed.rstrip("*")) or holds(alert.title, read), (
        "the rule does tell it, or this is no test"
    )
    text = said(alert)
    for secret in (read, listed, listed.rstrip("*"), listed[::-1]):
        assert not holds(text, secret), text
    assert "at Bourbon / St Louis" in text


@given(read=PLATES, listed=PLATES, companion=st.one_of(PLATES, st.just("HELLO")))
def test_the_plate_of_somebody_on_no_list_does_not_go_out_either(read: str, listed: str, companion: str) -> None:
    company = Company(
        plate=companion, shared=5, passes=6, cameras=("1", "2", "3"), first_at=NOW.timestamp(),
        last_at=NOW.timestamp(), by_chance=0.1, chance=0.001,
    )  # fmt: skip
    (alert,) = travelling_together.evaluate(sighting(read, listed, "exact"), company, NOW)
    assert holds(alert.title, companion)
    for secret in (read, listed, companion):
        assert not holds(said(alert), secret)
