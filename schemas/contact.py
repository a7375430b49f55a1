"""Who calls and who is looked for: what the server asks and what the store's side answers to."""

from __future__ import annotations

from msgspec import Struct


class PersonQuery(Struct, frozen=True, kw_only=True):
    """Who is looked for. ``name``: "Given Family" or "Family, Given"; or ``given`` and ``family``; ``born``:
    YYYY-MM-DD, YYYY-MM or YYYY; ``phone``, ``address``: further evidence, which finds nobody by itself."""

    name: str = ""
    given: str = ""
    family: str = ""
    born: str = ""
    phone: str = ""
    address: str = ""


class Contact(Struct, frozen=True, kw_only=True):
    """What is known of who calls; what is empty is not known. Places in WGS 84 degrees. ``born``: YYYY-MM-DD or a
    beginning of it."""

    number: str = ""
    address: str = ""
    lat: float | None = None
    lon: float | None = None
    name: str = ""
    born: str = ""
