"""People and vehicles as NIEM has them, with the prefixes, arrays and wrappers that its JSON forms differ in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from connectors.eido.parts import text_of

_PREFIX = re.compile(r"^(?:[a-z]{1,5}:|(?:nc|j|em|ncic|apco|ucr)(?=[A-Z]))")
#: NIEM's objects are some ten deep.
_MAX_DEPTH = 24
_MAX_VALUES = 2000


def named(value: Any, *names: str) -> Iterator[Any]:
    """Yield the values of members of these names, at any depth, in order; names without prefix, in any case."""
    wanted = frozenset(name.lower() for name in names)
    left = _MAX_VALUES
    stack = [(value, 0)]
    while stack and left:
        left -= 1
        here, depth = stack.pop()
        if isinstance(here, dict):
            inside = []
            for name, inner in here.items():
                if _PREFIX.sub("", name).lower() in wanted:
                    yield inner
                elif depth < _MAX_DEPTH:
                    inside.append((inner, depth + 1))
            stack.extend(reversed(inside))
        elif isinstance(here, list) and depth < _MAX_DEPTH:
            stack.extend((inner, depth + 1) for inner in reversed(here))


def words(value: Any, *names: str) -> str:
    """Return the first text of members of these names, taken in the order of the names; "" when there is none."""
    for name in names:
        for found in named(value, name):
            if text := _text(found):
                return text
    return ""


def all_words(value: Any, *names: str) -> list[str]:
    """Return each text of members of these names, once."""
    return list(dict.fromkeys(text for found in named(value, *names) for text in _texts(found) if text))


def _texts(value: Any) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        yield _text(one)


def _text(value: Any, depth: int = 0) -> str:
    """The text of a value: itself, or of the wrapper that NIEM's simple types are put in."""
    if isinstance(value, list):
        return next((text for one in value if (text := _text(one, depth))), "") if depth < 4 else ""
    if isinstance(value, dict):
        if depth >= 4:
            return ""
        for name in ("value", "simpleType", "#text", "$", "rdf:value", "nc:Date", "ncDate", "date", "Date"):
            if (inner := value.get(name)) is not None and (text := _text(inner, depth + 1)):
                return text
        inside = [_text(inner, depth + 1) for name, inner in value.items() if not name.startswith("@")]
        return next(filter(None, inside), "") if len(value) == 1 else ""
    return " ".join(text_of(value).split())


class PersonWords:
    """What a NIEM person says of a name, a birth and a sex."""

    def __init__(self, person: Any) -> None:
        name = next(named(person, "PersonName"), person)
        self.given = words(name, "PersonGivenName", "givenName")[:100]
        self.middle = " ".join(all_words(name, "PersonMiddleName", "middleName"))[:100]
        self.family = words(name, "PersonSurName", "PersonSurname", "surName", "familyName")[:100]
        joined = " ".join(filter(None, (self.given, self.middle, self.family)))
        self.full = (words(name, "PersonFullName", "fullName") or joined or _text(name))[:300]
        self.birth_date = _date(words(person, "PersonBirthDate", "birthDate"))
        self.sex = words(person, "PersonSexText", "PersonSexCode", "sex", "gender")[:100]
        aliases = (_alias(one) for found in named(person, "PersonAlternateName", "PersonNickName")
                   for one in (found if isinstance(found, list) else [found]))  # fmt: skip
        self.aliases = tuple(dict.fromkeys(alias[:300] for alias in aliases if alias))[:20]


def _alias(value: Any) -> str:
    full = words(value, "PersonFullName", "fullName")
    return (
        full or " ".join(filter(None, (words(value, "PersonGivenName"), words(value, "PersonSurName")))) or _text(value)
    )


def _date(text: str) -> str:
    """YYYY-MM-DD, YYYY-MM or YYYY at the beginning of a text; "" for anything else."""
    found = re.match(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", text)
    return found[0] if found else ""


class VehicleWords:
    """What a NIEM vehicle says of its plate and its looks."""

    def __init__(self, vehicle: Any) -> None:
        plate = next(
            named(vehicle, "ConveyanceRegistrationPlateIdentification", "VehicleLicensePlateIdentification",
                  "VehicleRegistrationPlateIdentification", "LicensePlate", "licensePlateNumber"), None
        )  # fmt: skip
        self.plate = words(plate, "IdentificationID", "ID") or _text(plate)
        self.region = words(
            plate, "StateUSPostalServiceCode", "JurisdictionANSID20AutoStateCode", "JurisdictionUSPostalServiceCode",
            "LocationStateUSPostalServiceCode", "JurisdictionText", "IdentificationJurisdiction",
        ) or words(vehicle, "ConveyanceRegistrationPlateJurisdiction", "licensePlateState")  # fmt: skip
        told = (
            words(vehicle, "ItemModelYearDate", "vehicleYear"),
            words(vehicle, "ConveyanceColorPrimaryText", "ConveyanceColorPrimaryCode", "VehicleColorPrimaryCode",
                  "ItemColorText", "ItemColorDescriptionText", "color"),
            words(vehicle, "ItemMakeName", "VehicleMakeCode", "VehicleMakeText", "make"),
            words(vehicle, "ItemModelName", "VehicleModelCode", "VehicleModelText", "model"),
            words(vehicle, "ItemStyleText", "VehicleStyleCode", "style"),
            words(vehicle, "ItemDescriptionText", "ConveyanceDescriptionText", "description"),
        )  # fmt: skip
        self.description = " ".join(dict.fromkeys(filter(None, told)))[:300]
