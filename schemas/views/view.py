"""What a view for analysts is: more than the newest states of one table. Migrations make them as they stand here."""

from __future__ import annotations

from msgspec import Struct


class ViewColumn(Struct, frozen=True):
    """A column of a view: its name, its ClickHouse type and what it means."""

    name: str
    type: str
    description: str


class View(Struct, frozen=True, kw_only=True):
    """A view. ``reads``: the event types whose tables it reads; ``select``: its query, ``{db}`` the database."""

    name: str
    what: str
    reads: tuple[str, ...]
    columns: tuple[ViewColumn, ...]
    select: str

    def ddl(self, database: str) -> str:
        """Return the statement that makes it."""
        return f"CREATE VIEW IF NOT EXISTS {database}.{self.name} AS\n{self.select.replace('{db}', database)}"
