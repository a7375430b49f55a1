"""That something a person wanted is not done: the incident says so in its next state."""

from __future__ import annotations


class RefusedError(Exception):
    """The action does not fit. ``why``: as a word. ``first_by``: who was first; None: who changed the incident last."""

    def __init__(self, why: str, first_by: str | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.first_by = first_by
