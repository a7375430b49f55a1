"""hotlist withdraw and reinstate: one entry out of force at once, and back."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import httpx2
import typer

from compose.commands.newest import newest_of
from compose.commands.output import AsJson, answer, fail
from compose.commands.publishing import publisher
from compose.local import addresses
from compose.settings import Settings, load
from schemas.events.hotlist import HOTLIST
from schemas.events.hotlist_withdrawal import HOTLIST_WITHDRAWAL, HotlistWithdrawal, listing_id
from schemas.identity import identity
from schemas.wire.frame import utc_now

#: A withdrawal does not wait longer for the store to say whether there is such an entry, seconds.
ASK_STORE_S = 5.0
_MOMENT = timedelta(milliseconds=1)

ListId = Annotated[str, typer.Argument(metavar="LIST", help="Id of the list.")]
EntryId = Annotated[str, typer.Argument(metavar="ENTRY", help="Id of the entry on it, as alerts show it.")]
Reason = Annotated[str, typer.Option(help="Why; shown on the alerts.")]
By = Annotated[str, typer.Option(help="Who did it; shown on the alerts.")]


def register(hotlist: typer.Typer) -> None:
    """Add the commands to the group of hotlists."""

    @hotlist.command("withdraw")
    def withdraw(
        list_id: ListId,
        entry_id: EntryId,
        reason: Reason,
        by: By,
        unlisted: Annotated[
            bool, typer.Option("--unlisted", help="Withdraw it though the store knows no such entry.")
        ] = False,
        as_json: AsJson = False,
    ) -> None:
        """Take an entry out of force at once, whatever versions of its list say; its open alerts are recalled."""
        _change(list_id, entry_id, reason, by, withdraw=True, unlisted=unlisted, as_json=as_json)

    @hotlist.command("reinstate")
    def reinstate(list_id: ListId, entry_id: EntryId, reason: Reason, by: By, as_json: AsJson = False) -> None:
        """Put a withdrawn entry in force again. Alerts that were recalled stay so."""
        _change(list_id, entry_id, reason, by, withdraw=False, unlisted=True, as_json=as_json)


def _change(
    list_id: str, entry_id: str, reason: str, by: str, *, withdraw: bool, unlisted: bool, as_json: bool
) -> None:
    reason, by = reason.strip(), by.strip()
    if not reason or not by or len(reason) > 500 or len(by) > 200:
        fail("Say why (--reason, up to 500 characters) and who (--by, up to 200).", 2, as_json=as_json)
    settings = load()
    with publisher(settings, "watchfloor-withdrawal", as_json=as_json) as producer:
        if newest_of(settings, HOTLIST, list_id) is None:
            fail(f"There is no list {list_id}.", as_json=as_json)
        known = newest_of(settings, HOTLIST_WITHDRAWAL, listing_id(list_id, entry_id))
        if (known is not None and known.is_withdrawn) == withdraw:
            # Not an error: whoever is not sure that it went through says it again.
            done = {"list": list_id, "entry": entry_id, "withdrawn": withdraw, "changed": False}
            since = f" by {known.changed_by} at {known.changed_at:%Y-%m-%d %H:%M:%S} UTC" if known is not None else ""
            word = "was withdrawn before" if withdraw else "is not withdrawn"
            answer(done, as_json=as_json, text=f"Entry {entry_id} of list {list_id} {word}{since}.")
            return
        if not unlisted and _is_listed(settings, list_id, entry_id) is False:
            fail(
                f"The store knows no entry {entry_id} of list {list_id}: look at the alert for its id. "
                "If the list was loaded this moment, say so with --unlisted.",
                as_json=as_json,
            )
        event = _event(settings, list_id, entry_id, reason, by, withdraw=withdraw, known=known)
        producer.publish_sync([event])
    answer(
        {"list": list_id, "entry": entry_id, "withdrawn": withdraw, "changed": True, "at": event.changed_at},
        as_json=as_json,
        text=f"Entry {entry_id} of list {list_id} is withdrawn: it raises no more alerts, and its open alerts are "
        "recalled."
        if withdraw
        else f"Entry {entry_id} of list {list_id} is in force again. Alerts that were recalled stay so.",
    )


def _event(
    settings: Settings,
    list_id: str,
    entry_id: str,
    reason: str,
    by: str,
    *,
    withdraw: bool,
    known: HotlistWithdrawal | None,
) -> HotlistWithdrawal:
    now = utc_now()
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)
    # The latest holds: behind a clock that is ahead of ours, what is said now must still be the latest.
    at = now if known is None else max(now, known.changed_at + _MOMENT)
    return HotlistWithdrawal(
        event_id=identity("hotlist_withdrawal", listing_id(list_id, entry_id), at.isoformat()),
        occurred_at=at,
        observed_at=now,
        source="hotlist/cli",
        jurisdiction=settings.jurisdiction,
        listing_id=listing_id(list_id, entry_id),
        list_id=list_id,
        entry_id=entry_id,
        is_withdrawn=withdraw,
        changed_at=at,
        changed_by=by,
        reason=reason,
    )


def _is_listed(settings: Settings, list_id: str, entry_id: str) -> bool | None:
    """Return whether the store knows the entry; None when it cannot be asked, for a withdrawal must go on without."""
    where = f"list_id = {_quoted(list_id)} AND entry_id = {_quoted(entry_id)}"
    sql = f"SELECT count() AS n FROM hotlist_entries WHERE {where}"  # noqa: S608 - quoted; the store answers read-only
    try:
        reply = httpx2.post(
            f"{addresses(settings).web}/api/sql",
            json={"sql": sql, "format": "JSON"},
            headers=settings.own_headers,
            timeout=ASK_STORE_S,
        )
        return int(reply.json()["data"][0]["n"]) > 0 if reply.is_success else None
    except (httpx2.HTTPError, ValueError, KeyError, IndexError, TypeError):
        return None


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
