"""A list entry taken out of force at once, without waiting for the next version of its list."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from schemas.envelope import Event, Moment, Name
from schemas.event_type import EventType, Table
from schemas.events.hotlist import EXAMPLE as LIST
from schemas.identity import identity


class HotlistWithdrawal(Event, frozen=True, kw_only=True, gc=False):
    """An entry withdrawn, or reinstated. Of one listing, the latest ``changed_at`` holds, whatever versions of the list
    say: a stale extract that is loaded later does not bring a withdrawn entry back."""

    listing_id: Annotated[Name, Meta(description="list_id/entry_id: the listing it is about.")]
    list_id: Annotated[Name, Meta(description="The list.")]
    entry_id: Annotated[Name, Meta(description="The entry on it.")]
    is_withdrawn: Annotated[bool, Meta(description="True: no alert from now on; False: in force again.")] = True
    changed_at: Annotated[Moment, Meta(description="When it was withdrawn or reinstated (UTC).")]
    changed_by: Annotated[str, Meta(max_length=200, description="Who did it.")]
    reason: Annotated[str, Meta(max_length=500, description="Why.")] = ""


def listing_id(list_id: str, entry_id: str) -> str:
    """Return what names an entry of a list."""
    return f"{list_id}/{entry_id}"


EXAMPLE = HotlistWithdrawal(
    event_id=identity("hotlist_withdrawal", "stolen/S-1", LIST.as_of.isoformat()),
    occurred_at=LIST.as_of,
    observed_at=LIST.as_of,
    source="hotlist/cli",
    listing_id="stolen/S-1",
    list_id="stolen",
    entry_id="S-1",
    changed_at=LIST.as_of,
    changed_by="r.diaz",
    reason="Recovered, case 26-0114",
)

HOTLIST_WITHDRAWAL = EventType(
    name="hotlist_withdrawal",
    cls=HotlistWithdrawal,
    topic="rtcc.lpr.hotlist-withdrawal.v1",
    key="listing_id",
    table=Table(
        name="hotlist_withdrawal_states",
        order_by=("listing_id", "changed_at", "event_id"),
        current="hotlist_withdrawals",
    ),
    version_field="changed_at",
    compacted=True,
    examples=(EXAMPLE,),
)
