/** The last picture that there is of a camera, and what is said where there is none. Never a blank, nor an old one as live. */
import type { Alert, Camera, CameraHealth } from '$schemas/events';
import { pictureWords, type ImageState } from './picture';

/** The read whose picture may be shown: of a plate alert of the camera. */
export interface StillRead {
  readonly readId: string;
  readonly plate: string;
  /** When the camera took it, ms. */
  readonly takenAt: number;
}

/** A picture older than this is not of now, and does not look as if it were. */
export const STILL_FRESH_MS = 10_000;

/** The newest read of each camera that raised an alert: of others no picture is kept. */
export function stillReads(alerts: Iterable<Alert>): Map<string, StillRead> {
  const newest = new Map<string, StillRead>();
  for (const alert of alerts) {
    const readId = alert.triggers?.[0];
    // With several reads the first may be of another camera.
    if (!alert.camera_id || !readId || alert.triggers.length > 1 || alert.subject_kind !== 'plate') continue;
    const takenAt = Date.parse(alert.occurred_at);
    const known = newest.get(alert.camera_id);
    if (!known || takenAt > known.takenAt) newest.set(alert.camera_id, { readId, plate: alert.subject, takenAt });
  }
  return newest;
}

/** What is known of the picture of a read; `error`: it could not be asked for. */
export type StillAnswer = { readonly told: ImageState } | { readonly error: string } | null;

/** Why there is no picture; empty when there is one. */
export function whyNoStill(camera: Pick<Camera, 'kind'>, read: StillRead | undefined, answer: StillAnswer): string {
  if (camera.kind === 'video') return 'Live video is not connected to Watchfloor yet. Its health is.';
  if (!read) return 'No read of this camera raised an alert lately. Pictures are kept of such reads only.';
  if (answer === null) return 'Asking for its last picture…';
  if ('error' in answer) return `Its last picture could not be asked for: ${answer.error}.`;
  if (answer.told.picture) return '';
  return pictureWords(answer.told) || 'The reader sent no picture with its last read that raised an alert.';
}

/** `00:07`, `12:40`, `3:05:00`: how long a picture has stood. */
export function frozenFor(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number): string => String(n).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${two(minutes)}:${two(seconds % 60)}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

/** What lies over a picture: since when it shows nothing new; empty while it is of now. */
export function frozenText(read: StillRead | undefined, health: CameraHealth | undefined, now: number): string {
  if (health?.status === 'frozen') return `FROZEN ${frozenFor(now - Date.parse(health.since))}`;
  if (!read) return '';
  const age = now - read.takenAt;
  return age > STILL_FRESH_MS ? `FROZEN ${frozenFor(age)}` : '';
}
