"""What a search is for: who looks for a plate or a person says why, in a form that can be counted and checked."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

#: Codes and their words. The one list of them; the page gets it as PURPOSES.
PURPOSES: Mapping[str, str] = {
    "stolen_vehicle": "stolen vehicle",
    "missing_person": "missing person",
    "wanted_person": "wanted person",
    "violent_crime": "violent crime",
    "property_crime": "property crime",
    "drug_crime": "drug or weapon crime",
    "traffic": "traffic: crash, hit and run",
    "welfare_check": "welfare check",
    "warrant": "court order or warrant",
    "alert_check": "check of an alert or a read",
    "call_handling": "call that is being handled",
    "training": "training",
    "audit": "audit or complaint",
    "other": "other (say what)",
}
#: Whoever takes a call looks at once; the call itself is the reason.
CALL_HANDLING = "call_handling"
#: A text shorter than this says nothing.
MIN_TEXT = 5
MAX_TEXT, MAX_REFERENCE = 2000, 100


class Purpose(Struct, frozen=True, kw_only=True):
    """What a search is for. ``code``: a key of PURPOSES; ``reference``: number of the case or incident; ``text``: why,
    in words."""

    code: str
    reference: str = ""
    text: str = ""


def what_is_missing(purpose: Purpose) -> str:
    """Return in words what a purpose lacks, "" when it is whole: code, reference and text all say something."""
    if purpose.code not in PURPOSES:
        return "purpose_code: choose what it is for"
    if not any(character.isalnum() for character in purpose.reference):
        return "reference: give the number of the case or incident"
    if len(purpose.text.strip()) < MIN_TEXT or not any(character.isalpha() for character in purpose.text):
        return f"purpose: say in words why, at least {MIN_TEXT} characters"
    return ""
