"""Plates of made-up vehicles, and how readers get them wrong."""

from __future__ import annotations

from random import Random

from schemas.plate import LOOK_ALIKES

#: Letters on plates; I, O and Q are left out as many states do.
_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
#: Region, share of vehicles in percent, pattern (A: letter, 9: digit).
_REGIONS: tuple[tuple[str, int, str], ...] = (
    ("us-la", 84, "999AAA"),
    ("us-ms", 6, "AAA9999"),
    ("us-tx", 6, "AAA999A"),
    ("us-al", 4, "9A99AA9"),
)
_OTHERS = {char: group.replace(char, "") for group in LOOK_ALIKES for char in group}
#: A wanted plate is found with at most so many look-alike characters (schemas/plate.py has the classes).
MAX_SUBSTITUTIONS = 2


def region_of(number: int) -> tuple[str, str]:
    """Return the region and plate pattern of a vehicle, by its number."""
    share = (number * 61 + 17) % 100
    for region, percent, pattern in _REGIONS:
        if share < percent:
            return region, pattern
        share -= percent
    raise AssertionError("the regions' shares add up to 100")


def plate_of(number: int, seed: int) -> tuple[str, str]:
    """Return plate and region of a vehicle. Different numbers below 10 million give different plates."""
    region, pattern = region_of(number)
    size = 1
    for sign in pattern:
        size *= 10 if sign == "9" else len(_LETTERS)
    # A prime multiplier that shares no factor with 10 or 23 visits every value once, in an order that looks random.
    value = (number * 6_700_417 + seed * 1_299_709) % size
    text = ""
    for sign in pattern:
        alphabet = "0123456789" if sign == "9" else _LETTERS
        value, place = divmod(value, len(alphabet))
        text += alphabet[place]
    return text, region


def misread(plate: str, random: Random) -> str:
    """Return the plate with one or two characters taken for look-alikes; itself if it has none that could be."""
    places = [place for place, char in enumerate(plate) if char in _OTHERS]
    if not places:
        return plate
    count = MAX_SUBSTITUTIONS if len(places) > 1 and random.random() < 0.2 else 1
    text = list(plate)
    for place in random.sample(places, count):
        text[place] = random.choice(_OTHERS[text[place]])
    return "".join(text)
