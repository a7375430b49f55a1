"""Texts that cameras read and that are no plates. Asked of every read, so it costs one look into a set."""

from __future__ import annotations

from threading import Lock

from schemas.events.plate_noise import PlateNoise


def outranks(event: PlateNoise, known: PlateNoise) -> bool:
    """Return whether an event holds against what was known: the latest, but what was learnt never replaces what a
    person said."""
    if event.is_learnt != known.is_learnt:
        return known.is_learnt
    return event.changed_at >= known.changed_at


class Noise:
    """The newest word on each text at a camera. For any thread; ``texts`` is (camera_id, plate) of those in force."""

    __slots__ = ("_lock", "_newest", "texts")

    def __init__(self) -> None:
        self.texts: set[tuple[str, str]] = set()
        self._lock = Lock()
        self._newest: dict[str, PlateNoise] = {}

    def apply(self, event: PlateNoise) -> bool:
        """Take note of an event; return whether it changed what is in force."""
        with self._lock:
            known = self._newest.get(event.noise_id)
            if known is not None and not outranks(event, known):
                return False
            self._newest[event.noise_id] = event
            text = (event.camera_id, event.plate)
            was = text in self.texts
            if event.is_noise:
                self.texts.add(text)
            else:
                self.texts.discard(text)
            return was != event.is_noise

    def of(self, noise_id: str) -> PlateNoise | None:
        """Return the word that holds on a text at a camera, or None when nobody ever said any."""
        return self._newest.get(noise_id)
