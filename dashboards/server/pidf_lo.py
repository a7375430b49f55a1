"""A call's location as a PIDF-LO document (RFC 4119, 5491): latitude before longitude."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

import msgspec

from schemas.events.emergency_call import CallLocation

_NS = {
    "": "urn:ietf:params:xml:ns:pidf",
    "gp": "urn:ietf:params:xml:ns:pidf:geopriv10",
    "gbp": "urn:ietf:params:xml:ns:pidf:geopriv10:basicPolicy",
    "cl": "urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr",
    "con": "urn:ietf:params:xml:ns:geopriv:conf",
    "dm": "urn:ietf:params:xml:ns:pidf:data-model",
    "gml": "http://www.opengis.net/gml",
    "gs": "http://www.opengis.net/pidflo/1.0",
}
for _prefix, _name in _NS.items():
    register_namespace(_prefix, _name)
_WGS84 = {"srsName": "urn:ogc:def:crs:EPSG::4326"}
_METRE = {"uom": "urn:ogc:def:uom:EPSG::9001"}


def pidf_lo(location: CallLocation, entity: str) -> str | None:
    """Return the document; None when the location has neither a place nor an address."""
    area = _rings(location.shape)
    if area is None and location.lat is None and not location.address:
        return None
    presence = Element(_tag("", "presence"), {"entity": entity})
    device = SubElement(presence, _tag("dm", "device"), {"id": "place"})
    geopriv = SubElement(device, _tag("gp", "geopriv"))
    info = SubElement(geopriv, _tag("gp", "location-info"))
    if location.lat is not None and location.lon is not None:
        kind = ("gs", "Circle") if location.uncertainty_m is not None else ("gml", "Point")
        shape = SubElement(info, _tag(*kind), _WGS84)
        _text(shape, "gml", "pos", f"{location.lat} {location.lon}")
        if location.uncertainty_m is not None:
            _text(shape, "gs", "radius", f"{location.uncertainty_m}", _METRE)
    elif area is not None:
        polygon = SubElement(info, _tag("gml", "Polygon"), _WGS84)
        for number, ring in enumerate(area):
            bound = SubElement(polygon, _tag("gml", "interior" if number else "exterior"))
            linear = SubElement(bound, _tag("gml", "LinearRing"))
            _text(linear, "gml", "posList", " ".join(f"{lat} {lon}" for lon, lat in ring))
    if location.confidence is not None:
        _text(info, "con", "confidence", f"{location.confidence * 100:g}", {"pdf": "unknown"})
    if location.address:
        civic = SubElement(info, _tag("cl", "civicAddress"))
        _text(civic, "cl", "LOC", location.address)
    rules = SubElement(geopriv, _tag("gp", "usage-rules"))
    # Only what may be handed on comes here.
    _text(rules, "gbp", "retransmission-allowed", "yes")
    if location.keep_until is not None:
        _text(rules, "gbp", "retention-expiry", location.keep_until.isoformat())
    if location.method:
        _text(geopriv, "gp", "method", location.method)
    if location.at is not None:
        _text(device, "dm", "timestamp", location.at.isoformat())
    return tostring(presence, "unicode")


def _rings(geojson: str) -> list[list[tuple[float, float]]] | None:
    if not geojson:
        return None
    try:
        shape: Any = msgspec.json.decode(geojson)
        if shape.get("type") != "Polygon":
            return None
        return [[(float(lon), float(lat)) for lon, lat in ring] for ring in shape["coordinates"]]
    except (msgspec.DecodeError, AttributeError, KeyError, TypeError, ValueError):
        return None


def _tag(prefix: str, name: str) -> str:
    return f"{{{_NS[prefix]}}}{name}"


def _text(parent: Element, prefix: str, name: str, text: str, attributes: dict[str, str] | None = None) -> None:
    SubElement(parent, _tag(prefix, name), attributes or {}).text = text
