"""Finding values in a payload: JSONPath (RFC 9535) in JSON and forms, XPath in XML.

A JSON path beginning with ``$`` starts at the payload, one beginning with ``@`` at the read. An XPath beginning with
``/`` starts at the document, ``ancestor::NAME/`` at an element around the read, any other at the read. Namespaces are
left out. ``@name`` at its end is an attribute.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol
from xml.etree.ElementTree import Element

import jsonpath
from jsonpath.exceptions import JSONPathError
from msgspec import Struct

#: Values one path may give; the first are kept.
MAX_VALUES = 1000


class Node(Struct, frozen=True):
    """A read inside its payload. ``parents`` is of XML only."""

    root: Any
    read: Any
    parents: dict[Element, Element] = {}


class Selector(Protocol):
    """A path, understood once."""

    def values(self, node: Node) -> Sequence[Any]:
        """Return what the path finds, in order."""
        ...

    def nodes(self, node: Node) -> Sequence[Any]:
        """Return the objects or elements that the path finds."""
        ...


class BadPathError(Exception):
    """A path that cannot be understood."""


def selector(path: str, kind: str) -> Selector:
    """Return a path understood: ``kind`` is json, form or xml. Raises BadPathError."""
    return _XPath(path) if kind == "xml" else _JsonPath(path)


class _JsonPath:
    def __init__(self, path: str) -> None:
        self._from_read = path.startswith("@")
        if not path.startswith(("$", "@")):
            raise BadPathError("a path begins with $ (the payload) or @ (the read)")
        try:
            self._query = jsonpath.compile("$" + path[1:])
        except JSONPathError as error:
            raise BadPathError(f"is no JSONPath: {str(error).splitlines()[0]}") from None

    def nodes(self, node: Node) -> Sequence[Any]:
        return self.values(node)

    def values(self, node: Node) -> Sequence[Any]:
        place = node.read if self._from_read else node.root
        if not isinstance(place, (dict, list)):
            return ()
        try:
            return self._query.findall(place)[:MAX_VALUES]
        except (JSONPathError, RecursionError):
            return ()


class _XPath:
    def __init__(self, path: str) -> None:
        self._attribute = ""
        steps = path.strip()
        head, slash, tail = steps.rpartition("/")
        if tail.startswith("@"):
            steps, self._attribute = (head if slash else "."), tail[1:]
        self._absolute = steps.startswith("/")
        self._ancestor = ""
        if steps.startswith("ancestor::"):
            self._ancestor, _, steps = steps.removeprefix("ancestor::").partition("/")
        if self._absolute:
            # ElementTree knows no absolute paths; the first step is the root itself.
            first, _, rest = steps.lstrip("/").partition("/")
            self._root, steps = first, rest or "."
        self._steps = steps or "."
        try:
            Element("x").findall(self._steps)
        except (SyntaxError, KeyError, ValueError, TypeError) as error:
            raise BadPathError(f"is no XPath that is understood here: {error}") from None

    def nodes(self, node: Node) -> Sequence[Element]:
        start = self._start(node)
        return [] if start is None else start.findall(self._steps)[:MAX_VALUES]

    def values(self, node: Node) -> Sequence[Any]:
        found = self.nodes(node)
        if self._attribute:
            return [value for one in found if (value := one.get(self._attribute)) is not None]
        return ["".join(one.itertext()) for one in found]

    def _start(self, node: Node) -> Element | None:
        if self._absolute:
            return node.root if self._root in ("*", node.root.tag) else None
        if not self._ancestor:
            return node.read  # type: ignore[no-any-return]
        place = node.read
        while place in node.parents:
            place = node.parents[place]
            if place.tag == self._ancestor:
                return place
        return None
