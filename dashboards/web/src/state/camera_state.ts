/** What may be said of a camera now. An old report says nothing about now, and unknown is not offline. */
import { STOPPED_CAMERA_STATUSES, type CameraHealth } from '$schemas/events';

export type CameraState = 'ok' | 'degraded' | 'stopped' | 'unknown' | 'stale';

/** A source that promises nothing is believed for this long. */
const BELIEVED_S = 900;

/** When a health report stops counting, ms: three times the promised interval (a report may be lost on the way). */
export function believedUntil(health: CameraHealth): number {
  const interval = health.next_report_s ? 3 * health.next_report_s : BELIEVED_S;
  return Date.parse(health.observed_at) + interval * 1000;
}

export function cameraState(health: CameraHealth | undefined, now: number): CameraState {
  if (health === undefined) return 'unknown';
  if (now > believedUntil(health)) return 'stale';
  if (health.status === 'ok') return 'ok';
  if ((STOPPED_CAMERA_STATUSES as readonly string[]).includes(health.status)) return 'stopped';
  return health.status === 'degraded' || health.status === 'blurred' ? 'degraded' : 'unknown';
}

export const CAMERA_STATE_TEXT: Readonly<Record<CameraState, string>> = {
  ok: 'working',
  degraded: 'degraded',
  stopped: 'stopped',
  unknown: 'no report yet',
  stale: 'report is out of date',
};

/** Worst first, for a list of what needs a look. */
export const CAMERA_STATE_RANK: Readonly<Record<CameraState, number>> = {
  stopped: 0, degraded: 1, stale: 2, unknown: 3, ok: 4,
};
