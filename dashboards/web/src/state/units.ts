/** Units as last known: what is old is said to be old. */
import type { UnitPosition } from '$schemas/events';

/** A position older than this is stale; the server's WATCHFLOOR_UNIT_STALE_S has the same default. */
export const UNIT_STALE_MS = 120_000;

export const isStale = (unit: Pick<UnitPosition, 'occurred_at'>, now: number): boolean =>
  !(now - Date.parse(unit.occurred_at) <= UNIT_STALE_MS);

export const unitName = (unit: Pick<UnitPosition, 'unit_id' | 'call_sign'>): string => unit.call_sign || unit.unit_id;
