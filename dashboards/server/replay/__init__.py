"""Time travel: a past period, from the store, through the protocol of the live map (docs/adr/0018-time-travel.md)."""
