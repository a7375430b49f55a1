"""The purpose gate: nobody looks for a plate or a person by name without saying what for."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

from schemas.purpose import MAX_REFERENCE, MAX_TEXT, Purpose, what_is_missing

#: A key of schemas.purpose.PURPOSES; ``what_is_missing`` says when it is none.
Code = Annotated[str, StringConstraints(max_length=100)]
Actor = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class WithPurpose(BaseModel):
    """Who asks and what for: ``purpose_code`` of schemas/purpose.py, ``reference`` (case or incident), ``purpose`` in
    words. All are needed."""

    model_config = ConfigDict(extra="forbid")

    actor: Actor
    purpose_code: Code
    reference: Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_REFERENCE)]
    purpose: Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_TEXT)]

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if missing := what_is_missing(self.why):
            raise ValueError(missing)
        return self

    @property
    def why(self) -> Purpose:
        """Return the purpose alone."""
        return Purpose(code=self.purpose_code, reference=self.reference, text=self.purpose)
