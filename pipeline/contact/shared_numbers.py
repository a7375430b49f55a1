"""Numbers that many people call from: a hospital's switchboard, a shelter, a payphone. Their calls are nobody's."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from schemas.phone_number import normalised


class SharedNumbersError(ValueError):
    """The file cannot be used; the text says where and why."""


def read_shared_numbers(path: Path, region: str = "US") -> Mapping[str, str]:
    """Read a CSV file with the columns number and what; return what each number is, by its E.164 form.

    Raises SharedNumbersError.
    """
    found: dict[str, str] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            if {"number", "what"} - set(reader.fieldnames or ()):
                raise SharedNumbersError(f"{path}: the first line must name the columns number and what")
            for row in reader:
                number = normalised(row["number"] or "", region)
                if not number:
                    raise SharedNumbersError(f"{path}, line {reader.line_num}: that is no phone number")
                found[number] = (row["what"] or "").strip() or "shared number"
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SharedNumbersError(f"{path} cannot be read: {error}") from error
    return found
