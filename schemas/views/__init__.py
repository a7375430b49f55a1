"""Views for analysts. A new one is a file here, a line below and a migration that makes it."""

from __future__ import annotations

from schemas.views.passes import PASSES, PLATE_PASSES
from schemas.views.verdicts import PLATE_CONFUSIONS, PLATE_VERDICTS
from schemas.views.view import View

#: In an order in which they can be made: each reads tables, and views before it.
VIEWS: tuple[View, ...] = (PASSES, PLATE_PASSES, PLATE_VERDICTS, PLATE_CONFUSIONS)
