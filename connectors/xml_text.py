"""XML from strangers, as plain objects: elements by local name, no document type, no entities, bounded depth.

Python's own parser does it: the document type is refused before anything of it is read, so there are no entities to
expand and none to fetch. Texts are decoded here, since the parser knows no GB2312 or GBK, which cameras send.
"""

from __future__ import annotations

import re
from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from connectors.charset import decoded
from connectors.translation import PayloadError

MAX_DEPTH = 60
#: What is larger is not looked at. As text it may take four times as much, twice over.
MAX_BYTES = 8 * 1024 * 1024
#: Signs that make objects: tags, attributes, references, ends of lines. Each may cost a hundred bytes and more: 15 MB
#: of nothing else took 600 MB and 8 s. A picture in base64 that fills MAX_BYTES has 110,000 lines.
MAX_MARKS = 200_000
_MARKS = ("<", "=", "&", "\n", "\r")
#: Cameras put the names that people give them into their documents as they are. An entity's name ends in a semicolon.
_BARE_AMPERSAND = re.compile(r"&(?![#A-Za-z_][^\s;<&]{0,60};)")
_DOCTYPE = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


class _Plain(TreeBuilder):
    """Builds the tree, refusing a document type and a depth nobody needs."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def start(self, tag: Any, attrs: Any, /) -> Any:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise PayloadError("body", "is nested too deeply")
        return super().start(tag, attrs)

    def end(self, tag: Any, /) -> Any:
        self._depth -= 1
        return super().end(tag)

    def doctype(self, name: str, pubid: str | None, system: str | None, /) -> None:
        raise PayloadError("body", "has a document type; send XML without DOCTYPE and entities")


def tree(body: bytes, charset: str = "") -> Element:
    """Return the root element. Raises PayloadError when the body is no XML, too much, or has a DOCTYPE or entities."""
    if len(body) > MAX_BYTES:
        raise PayloadError("body", f"is larger than {MAX_BYTES} bytes")
    text = decoded(body, charset).strip().lstrip("\ufeff\0").rstrip("\0")
    if not text:
        raise PayloadError("body", "is empty; send an XML document")
    if _DOCTYPE.search(text):
        raise PayloadError("body", "has a document type; send XML without DOCTYPE and entities")
    if sum(map(text.count, _MARKS)) > MAX_MARKS:
        raise PayloadError("body", f"has more than {MAX_MARKS} tags, attributes and lines")
    text = _BARE_AMPERSAND.sub("&amp;", text)
    parser = XMLParser(target=_Plain())  # noqa: S314 - what makes XML dangerous is refused above and in _Plain
    try:
        parser.feed(text)
        root = parser.close()
    except (ParseError, UnicodeError, ValueError):
        raise PayloadError("body", "is not well-formed XML") from None
    if not isinstance(root, Element):
        raise PayloadError("body", "is not well-formed XML")
    return root


def local(element: Element) -> str:
    """Return an element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def as_object(element: Element) -> Any:
    """Return an element as JSON would have it: its text, or an object of its children; repeated names make an array.

    Attributes stand as ``@name``, and the text beside them as ``#text``.
    """
    children = [child for child in element if isinstance(child.tag, str)]
    if not children and not element.attrib:
        return element.text or ""  # as it stands: a plate is kept as it was sent
    made: dict[str, Any] = {f"@{name.rpartition('}')[2]}": value for name, value in element.attrib.items()}
    for child in children:
        name, value = local(child), as_object(child)
        if name not in made:
            made[name] = value
        elif isinstance(made[name], list):
            made[name].append(value)
        else:
            made[name] = [made[name], value]
    text = (element.text or "").strip()
    if text:
        made["#text"] = text
    return made
