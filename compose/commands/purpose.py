"""Options by which a command that searches for plates or people says what for."""

from __future__ import annotations

from typing import Annotated

import typer

from schemas.purpose import PURPOSES

Code = Annotated[str, typer.Option(help=f"What kind of purpose: {', '.join(PURPOSES)}.")]
Case = Annotated[str, typer.Option(help="Number of the case or incident.")]
Why = Annotated[str, typer.Option(help="What it is for, in words; it is recorded with the search.")]
Searcher = Annotated[str, typer.Option(help="Who searches.", envvar="USER")]


def told(actor: str, code: str, case: str, purpose: str) -> dict[str, str]:
    """Return who asks and what for, as the server's routes want it."""
    return {"actor": actor, "purpose_code": code, "reference": case, "purpose": purpose}
