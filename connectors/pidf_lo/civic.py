"""Civic addresses of RFC 4119 and 5139 in words, as people in the country write them: finest first, country last."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from connectors.xml_text import local

#: A street with its number: parts that stand beside each other.
_STREET = ("HNP", "HNO", "HNS", "PRD", "PRM", "STP", "RD", "A6", "STS", "POD", "POM", "RDSEC", "RDBR", "RDSUBBR")
#: Before the street: what the place is called. After it: where in it, with what the number is called.
_NAMES = ("NAM", "PN", "LMK", "LMKP")
_WITHIN = (
    ("LOC", ""), ("PLC", ""), ("BLD", "building "), ("UNIT", "unit "), ("FLR", "floor "), ("ROOM", "room "),
    ("SEAT", "seat "), ("MP", "milepost "),
)  # fmt: skip
_AREAS = ("A5", "A4", "A3", "PCN", "A2", "A1", "PC", "country")
#: Longest address an event holds.
MAX_ADDRESS = 500


def words(address: Element) -> str:
    """Return a civicAddress in words; "" when it holds none."""
    parts: dict[str, list[str]] = {}
    for one in address:
        if isinstance(one.tag, str) and (text := " ".join((one.text or "").split())):
            parts.setdefault(local(one), []).append(text)

    def told(name: str) -> str:
        return " ".join(parts.get(name, ()))

    # A6 is the street in RFC 4119; RD took its place in RFC 5139, and who sends both means one.
    street = [told(name) for name in _STREET if not (name == "A6" and "RD" in parts)]
    pieces = [told(name) for name in _NAMES]
    pieces.append(" ".join(filter(None, street)))
    pieces += [f"{called}{told(name)}" for name, called in _WITHIN if told(name)]
    pieces += [told(name) for name in _AREAS]
    return ", ".join(dict.fromkeys(filter(None, pieces)))[:MAX_ADDRESS]
