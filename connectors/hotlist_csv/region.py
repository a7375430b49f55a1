"""The state or country of a plate, as lists write it, to lower-case ISO 3166 (us-la, ca-on, mx)."""

from __future__ import annotations

import re
from functools import lru_cache

#: States, the district and territories of the United States: USPS Publication 28, Appendix B; ISO 3166-2:US.
_US = {
    "AL": "alabama", "AK": "alaska", "AZ": "arizona", "AR": "arkansas", "CA": "california", "CO": "colorado",
    "CT": "connecticut", "DE": "delaware", "DC": "district of columbia", "FL": "florida", "GA": "georgia",
    "HI": "hawaii", "ID": "idaho", "IL": "illinois", "IN": "indiana", "IA": "iowa", "KS": "kansas", "KY": "kentucky",
    "LA": "louisiana", "ME": "maine", "MD": "maryland", "MA": "massachusetts", "MI": "michigan", "MN": "minnesota",
    "MS": "mississippi", "MO": "missouri", "MT": "montana", "NE": "nebraska", "NV": "nevada", "NH": "new hampshire",
    "NJ": "new jersey", "NM": "new mexico", "NY": "new york", "NC": "north carolina", "ND": "north dakota",
    "OH": "ohio", "OK": "oklahoma", "OR": "oregon", "PA": "pennsylvania", "RI": "rhode island",
    "SC": "south carolina", "SD": "south dakota", "TN": "tennessee", "TX": "texas", "UT": "utah", "VT": "vermont",
    "VA": "virginia", "WA": "washington", "WV": "west virginia", "WI": "wisconsin", "WY": "wyoming",
    "PR": "puerto rico", "GU": "guam", "VI": "virgin islands", "AS": "american samoa",
    "MP": "northern mariana islands",
}  # fmt: skip
#: Provinces and territories of Canada: ISO 3166-2:CA.
_CANADA = {
    "AB": "alberta", "BC": "british columbia", "MB": "manitoba", "NB": "new brunswick",
    "NL": "newfoundland and labrador", "NS": "nova scotia", "NT": "northwest territories", "NU": "nunavut",
    "ON": "ontario", "PE": "prince edward island", "QC": "quebec", "SK": "saskatchewan", "YT": "yukon",
}  # fmt: skip
_COUNTRIES = {"MX": "mx", "MEX": "mx", "MEXICO": "mx", "CAN": "ca", "CANADA": "ca", "US": "us", "USA": "us"}
#: How lists write that they do not know.
_UNKNOWN = frozenset({"", "XX", "ZZ", "UNK", "UNKNOWN", "NONE", "N/A", "?", "-"})
_ISO = re.compile(r"[A-Z]{2}-[A-Z0-9]{1,3}")

_BY_NAME = {name.upper(): f"us-{code.lower()}" for code, name in _US.items()}
_BY_NAME |= {name.upper(): f"ca-{code.lower()}" for code, name in _CANADA.items()}


@lru_cache(maxsize=1024)
def region_of(text: str) -> str | None:
    """Return the region of a cell, None when it says that it is not known. Raises ValueError when it is no region.

    Two letters are a state of the United States first (CA is California), then a province of Canada.
    """
    word = " ".join(text.upper().split())
    if word in _UNKNOWN:
        return None
    if word in _US:
        return f"us-{word.lower()}"
    if word in _CANADA:
        return f"ca-{word.lower()}"
    known = _COUNTRIES.get(word) or _BY_NAME.get(word)
    if known:
        return known
    iso = word.replace("_", "-").replace(" ", "-")
    if not _ISO.fullmatch(iso):
        raise ValueError("not a state, province or country (like LA, us-la, ON, MX)")
    country, part = iso.split("-")
    if (country == "US" and part not in _US) or (country == "CA" and part not in _CANADA):
        raise ValueError("not a state or province of that country")
    return iso.lower()
