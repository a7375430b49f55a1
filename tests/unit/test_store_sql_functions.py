"""The list of functions that people's SQL may call."""

from __future__ import annotations

import pytest

from pipeline.store.sql_functions import is_allowed


@pytest.mark.parametrize(
    "name", ["count", "COUNT", "countIf", "sumArrayIf", "uniqExactOrNull", "quantileIf", "toStartOfHour", "argMaxIf"]
)
def test_ordinary_functions_and_aggregates_with_endings_are_allowed(name: str) -> None:
    assert is_allowed(name)


@pytest.mark.parametrize(
    "name",
    ["file", "FILE", "fileIf", "url", "dictGet", "joinGet", "hostName", "getSetting", "sleep", "sumState", "uniqMerge",
     "arrayReduce", "merge", "aiGenerate", "map_from_nowhere", "", "lowerIf"],
)  # fmt: skip
def test_anything_else_is_not(name: str) -> None:
    assert not is_allowed(name)
