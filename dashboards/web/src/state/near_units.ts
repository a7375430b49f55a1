/** Units that may be sent, as the server offers them: the way of each says how it was measured. */

export interface NearUnit {
  readonly unit_id: string;
  readonly call_sign: string;
  readonly kind: string;
  readonly status: string;
  readonly measured: 'road' | 'straight_line';
  /** Seconds by road at the speeds of the road graph; null where it is not known. */
  readonly road_s: number | null;
  readonly why_not_by_road: string;
  /** A straight line in any case, metres. */
  readonly distance_m: number;
  readonly age_s: number;
}

/** How far a unit is, in words. A straight line is never called a time. */
export function wayText(unit: NearUnit): string {
  const metres = `${Math.round(unit.distance_m)} m`;
  if (unit.measured === 'road' && unit.road_s !== null) return `${(unit.road_s / 60).toFixed(1)} min by road (${metres} straight)`;
  return `${metres} straight line, ${unit.why_not_by_road}`;
}
