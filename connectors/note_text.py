"""Notes as plain text: what is markup in them is taken away, so that no screen can be made to do anything by one."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from schemas.events.emergency_call import CallNote

#: Characters of a note that a call holds; its document holds the whole.
MAX_TEXT = 20_000
CUT = " [cut here: the whole is in the source's document]"
#: Markup read at most: a note that says something says it before.
_MAX_MARKUP = 400_000
_MARKUP = re.compile(r"<[A-Za-z!/?]|&[#A-Za-z]")
#: Elements whose content is nothing to read.
_SILENT = frozenset({"script", "style", "head", "template", "svg", "math", "object", "iframe", "noscript", "title"})
_BREAKS = frozenset(
    {"br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "hr", "pre"}
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class _Words(HTMLParser):
    """Collects the words between the tags."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent.append(tag)
        elif tag in _BREAKS:
            self.words.append("\n")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BREAKS:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._silent:
            while self._silent and self._silent.pop() != tag:
                pass
        elif tag in _BREAKS:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)


def plain(text: str) -> str:
    """Return the words of a note that may be HTML, at most as long as a call's note may be."""
    words = text[:_MAX_MARKUP]
    is_cut = len(text) > _MAX_MARKUP
    if _MARKUP.search(words):
        reader = _Words()
        reader.feed(words)
        reader.close()
        words = "".join(reader.words)
    words = _CONTROLS.sub("", words.replace("\r\n", "\n").replace("\r", "\n"))
    words = re.sub(r"[ \t\xa0]+", " ", words)
    words = re.sub(r" ?\n ?", "\n", words)
    words = re.sub(r"\n{3,}", "\n\n", words).strip()
    if is_cut or len(words) > MAX_TEXT:
        words = words[: MAX_TEXT - len(CUT)] + CUT
    return words


def fitting(notes: list[CallNote], most: int = 250_000) -> tuple[CallNote, ...]:
    """Return the newest notes that fit one event (``most`` bytes), in their order, and say if some do not."""
    kept: list[CallNote] = []
    room = most
    for note in reversed(notes):
        room -= len(note.text.encode("utf-8", "replace"))
        if room < 0 or len(kept) >= 500:
            left = len(notes) - len(kept)
            kept.append(CallNote(text=f"[{left} earlier notes are in the source's document]"))
            break
        kept.append(note)
    return tuple(reversed(kept))
