"""The locations in a PIDF-LO document (RFC 4119, 5139, 5491, 7459), for every source that sends one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from xml.etree.ElementTree import Element

from msgspec import Struct
from msgspec.structs import replace

from connectors.lpr import moment_of_iso
from connectors.pidf_lo import civic
from connectors.pidf_lo.shapes import KINDS, LatLon, Shape, ShapeError, read_shape
from connectors.translation import PayloadError
from connectors.xml_text import local, tree
from schemas.events.emergency_call import CallLocation

#: A location tells where somebody is in a few hundred characters.
MAX_BYTES = 1024 * 1024
#: More than that in one document are left out, and said to be.
MAX_LOCATIONS = 50
#: Senders leave declarations out; what the usual prefixes mean is known.
_NAMESPACES = {
    "gp": "urn:ietf:params:xml:ns:pidf:geopriv10",
    "gbp": "urn:ietf:params:xml:ns:pidf:geopriv10:basicPolicy",
    "cl": "urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr",
    "ca": "urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr",
    "con": "urn:ietf:params:xml:ns:geopriv:conf",
    "dm": "urn:ietf:params:xml:ns:pidf:data-model",
    "gml": "http://www.opengis.net/gml",
    "gs": "http://www.opengis.net/pidflo/1.0",
}
_USED = re.compile(r"</?([A-Za-z_][\w.-]*):")
_ROOT = re.compile(r"<(?![?!/])[^\s>/]+")


class Place(Struct, frozen=True):
    """One location. ``inside``: a place that lies in it, also of an area, and ``reach_m``: how far it reaches from
    there; None where it has no coordinates, or is a band around an antenna."""

    location: CallLocation
    inside: LatLon | None = None
    reach_m: float | None = None


class Locations(Struct, frozen=True):
    """What a document says: its places, in its order, and why others are none. ``entity``: of whom it speaks."""

    places: tuple[Place, ...]
    problems: tuple[str, ...]
    entity: str = ""


def read_locations(document: bytes | str, role: str, charset: str = "") -> Locations:
    """Return the locations of a document. ``role``: what they are of the call.

    A location that cannot be used is told in ``problems``. Raises PayloadError when the document is no XML, has a
    document type or entities, or is too large or deep.
    """
    body = document.encode("utf-8", "surrogatepass") if isinstance(document, str) else document
    if len(body) > MAX_BYTES:
        raise PayloadError("body", f"is larger than {MAX_BYTES} bytes, which no location is")
    root = _root(body, charset)
    places: list[Place] = []
    problems: list[str] = []
    for geopriv, around in _geoprivs(root):
        if len(places) + len(problems) >= MAX_LOCATIONS:
            problems.append(f"more than {MAX_LOCATIONS} locations: the others were left out")
            break
        _read(geopriv, around, role, places, problems)
    if not places and not problems:
        problems.append("there is no location in it")
    return Locations(tuple(places), tuple(problems), (root.get("entity") or "")[:200])


def _root(body: bytes, charset: str) -> Element:
    try:
        return tree(body, charset)
    except PayloadError as error:
        if "well-formed" not in error.error:
            raise
    # One more try with the declarations that are missing; whatever else is wrong with it stays wrong.
    text = body.decode("utf-8", "replace")
    begin = _ROOT.search(text)
    if begin is None:
        raise PayloadError("body", "is not well-formed XML")
    lacking = {name for name in _USED.findall(text) if name in _NAMESPACES and f"xmlns:{name}=" not in text}
    if not lacking:
        raise PayloadError("body", "is not well-formed XML")
    added = "".join(f' xmlns:{name}="{_NAMESPACES[name]}"' for name in sorted(lacking))
    return tree((text[: begin.end()] + added + text[begin.end() :]).encode(), "utf-8")


def _geoprivs(root: Element) -> Iterator[tuple[Element, tuple[Element, ...]]]:
    """Each geopriv element with the elements around it, innermost first; a bare location-info counts as one."""
    found = False
    stack: list[tuple[Element, tuple[Element, ...]]] = [(root, ())]
    bare: list[tuple[Element, tuple[Element, ...]]] = []
    while stack:
        element, around = stack.pop()
        if local(element) == "geopriv":
            found = True
            yield element, around
            continue
        if local(element) == "location-info":
            bare.append((element, around))
            continue
        stack.extend((child, (element, *around)) for child in reversed(element))
    if not found:
        yield from bare


def _read(geopriv: Element, around: tuple[Element, ...], role: str, places: list[Place], problems: list[str]) -> None:
    infos = [geopriv] if local(geopriv) == "location-info" else _children(geopriv, "location-info")
    rules = next(iter(_children(geopriv, "usage-rules")), None)
    common = CallLocation(
        role=role,
        method=_text(geopriv, "method")[:100],
        at=_moment(geopriv, around),
        keep_until=_time(_text(rules, "retention-expiry")),
        may_share=_may_share(_text(rules, "retransmission-allowed")),
    )
    for info in infos:
        address = next(filter(None, map(civic.words, _children(info, "civicAddress"))), "")
        confidence = _confidence(info)
        shapes = 0
        for one in info:
            name = local(one) if isinstance(one.tag, str) else ""
            if name in ("", "civicAddress", "confidence"):
                continue
            if name not in KINDS:
                # Anything with a position is meant as a shape; other members (relative locations, maps) are not.
                if any(local(inner) in ("pos", "posList", "coordinates") for inner in one.iter()):
                    problems.append("a shape that is not known here: no location was made of it")
                continue
            try:
                shape = read_shape(one, info.get("srsName") or "")
            except ShapeError as error:
                problems.append(f"{error}: no location was made of it")
                continue
            places.append(_place(common, shape, confidence, "" if shapes else address))
            shapes += 1
        if address and not shapes:
            places.append(Place(replace(common, address=address)))


def _place(common: CallLocation, shape: Shape, confidence: float | None, address: str) -> Place:
    location = replace(
        common,
        lat=shape.point[0] if shape.point else None,
        lon=shape.point[1] if shape.point else None,
        uncertainty_m=shape.uncertainty_m,
        # RFC 5491, 5.2: an area is meant with 95 % unless something else is said; a point says nothing of it.
        confidence=(0.95 if confidence is None else confidence or None) if shape.reach_m is not None else None,
        shape=shape.geojson,
        address=address,
    )
    is_band = shape.kind == "ArcBand"
    return Place(location, None if is_band else shape.inside, None if is_band else shape.reach_m)


def _confidence(info: Element) -> float | None:
    """0..1 of a confidence in percent (RFC 7459); 0 when it is said to be unknown, None when nothing is said."""
    for one in _children(info, "confidence"):
        text = (one.text or "").strip().lower()
        try:
            percent = float(text)
        except ValueError:
            return 0.0
        return round(percent / 100, 6) if 0 < percent <= 100 else 0.0
    return None


def _moment(geopriv: Element, around: tuple[Element, ...]) -> datetime | None:
    """When it was found: the timestamp of the tuple, device or person that it stands in."""
    for element in (geopriv, *around):
        for one in _children(element, "timestamp"):
            if (moment := _time((one.text or "").strip())) is not None:
                return moment
    return None


def _may_share(text: str) -> bool:
    """Whether the owner lets it be handed on: yes unless something else is said, and no when that makes no sense."""
    return text.lower() in ("", "yes", "true", "1")


def _time(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return moment_of_iso(text, "")
    except PayloadError:
        return None


def _text(element: Element | None, name: str) -> str:
    if element is None:
        return ""
    return next((text for one in _children(element, name) if (text := (one.text or "").strip())), "")


def _children(element: Element, name: str) -> list[Element]:
    return [one for one in element if isinstance(one.tag, str) and local(one) == name]
