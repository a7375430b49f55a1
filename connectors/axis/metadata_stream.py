"""The same events as the camera's own event stream writes them: ONVIF ``MetadataStream``, a value to an element.

Source: Axis, License Plate Verifier API, Event stream (an ONVIF metadata stream of WS-BaseNotification messages).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, tostring

from connectors.members import Members
from connectors.xml_text import local, tree

#: What the stream calls otherwise than the push events.
_NAMES = {"text": "plateUTF8", "lpConfidence": "plateConfidence", "country": "plateCountry"}
_OF_THE_VEHICLE = {"vehicleMake": "make", "vehicleModel": "model", "vehicleColor": "color", "vehicleType": "type"}


def notifications(body: bytes, charset: str) -> Iterator[tuple[Members, bytes]]:
    """Yield each notification as the push event it is, and its XML. Raises PayloadError when the body is no XML."""
    found = [
        one for one in tree(body, charset).iter() if isinstance(one.tag, str) and local(one) == "NotificationMessage"
    ]
    for place, one in enumerate(found):
        yield Members(_push_event(one), f"NotificationMessage[{place}]"), tostring(one)


def _push_event(notification: Element) -> dict[str, Any]:
    event: dict[str, Any] = {}
    vehicle: dict[str, str] = {}
    for element in notification.iter():
        if local(element) == "Message" and "UtcTime" in element.attrib:
            event["UtcTime"] = element.attrib["UtcTime"]
        elif local(element) == "SimpleItem":
            name, value = element.attrib.get("Name", ""), element.attrib.get("Value", "")
            if name in _OF_THE_VEHICLE:
                vehicle[_OF_THE_VEHICLE[name]] = value
            else:
                event[_NAMES.get(name, name)] = value
    return {**event, "vehicleInfo": vehicle}
