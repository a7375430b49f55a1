/** How many units can do what now. A unit whose position is old is counted as that: nobody knows what it does. */
import type { UnitPosition } from '$schemas/events';
import { isStale } from './units';

export const UNIT_GROUPS = [
  ['available', 'free'], ['conditionally_available', 'free if need be'], ['not_available', 'busy'], ['unknown', 'status not told'],
  ['stale', 'not heard of'],
] as const;
export type UnitGroup = (typeof UNIT_GROUPS)[number][0];

export function unitCounts(units: Iterable<UnitPosition>, now: number): Record<UnitGroup, number> {
  const counts: Record<UnitGroup, number> = { available: 0, conditionally_available: 0, not_available: 0, unknown: 0, stale: 0 };
  for (const unit of units) {
    const group = isStale(unit, now) ? 'stale' : unit.status;
    counts[group in counts ? (group as UnitGroup) : 'unknown'] += 1;
  }
  return counts;
}
