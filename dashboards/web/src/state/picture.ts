/** What became of the picture of a read, as the server tells it (dashboards/server/images.py). */

export interface ImageState {
  /** none: no picture was ever wanted. */
  readonly state: 'none' | 'wanted' | 'fetched' | 'expired' | 'refused' | 'failed';
  readonly reason: string;
  /** Where the picture is on this server; null unless it was fetched. */
  readonly picture: string | null;
}

export const ASK_AGAIN_MS = 3_000;
export const ASKED_AT_MOST = 6;

/** What to say where there is no picture to show; nothing where none is to be had. */
export function pictureWords(told: Pick<ImageState, 'state' | 'reason'>): string {
  switch (told.state) {
    case 'wanted':
      return 'The picture is on its way.';
    case 'expired':
      return 'The picture expired at its source before it was fetched.';
    case 'refused':
      return 'The picture was not fetched: its source is not one that is allowed.';
    case 'failed':
      return `The picture could not be fetched (${told.reason.replaceAll('_', ' ')}).`;
    default:
      return '';
  }
}
