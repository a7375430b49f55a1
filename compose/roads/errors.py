"""What is wrong with a file of roads."""

from __future__ import annotations


class RoadsRefusedError(Exception):
    """The file cannot become a road graph. The text says why and what to do."""


class RoadFileError(Exception):
    """The graph's own file in the data folder cannot be read. The text says why."""
