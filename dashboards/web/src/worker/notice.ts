/** What is shown when this device is told of something: how grave it is, and to open the page. Never of what. */

export interface Notice { readonly title: string; readonly body: string; readonly tag: string; readonly isGrave: boolean; readonly place: string }

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Where the page shows it: what a click opens, and what an open page is told. */
export const PLACE = /^#\/\?(alert|incident)=([0-9a-f-]{36})$/;

/** What a message says, as the browser decrypted it; what cannot be read says only that there is something to see. */
export function noticeOf(text: string): Notice {
  let said: { kind?: unknown; severity?: unknown; id?: unknown } = {};
  try {
    const read: unknown = JSON.parse(text);
    if (read && typeof read === 'object') said = read;
  } catch {
    // Shown all the same: a browser must show something for each message.
  }
  const severity = ['P1', 'P2', 'P3', 'P4'].find((one) => one === said.severity) ?? '';
  const id = typeof said.id === 'string' && ID.test(said.id) ? said.id : '';
  const alert = severity ? `${severity} alert` : 'Alert';
  const body = 'Open Watchfloor to see it.';
  const words: ReadonlyMap<unknown, readonly [title: string, body: string]> = new Map([
    ['alert.raised', [alert, body]],
    ['alert.escalated', [`${alert}: nobody has taken it`, body]],
    ['alert.withdrawn', [`${alert} withdrawn`, 'Do not act on it. Open Watchfloor to see why.']],
    ['incident.opened', ['Incident opened', body]],
    ['test', ['Test: nothing happened', 'This device is told by Watchfloor.']],
  ]);
  const [title, told] = words.get(said.kind) ?? ['Watchfloor', body];
  const place = id ? `#/?${said.kind === 'incident.opened' ? 'incident' : 'alert'}=${id}` : '';
  // What is said of one alert later takes the place of what was said before.
  return { title, body: told, tag: id || title, isGrave: severity === 'P1' && said.kind !== 'alert.withdrawn', place };
}

/** Take what a click on a notification asked for out of the address; null: nothing. */
export function takePlace(): { readonly kind: 'alert' | 'incident'; readonly id: string } | null {
  const found = PLACE.exec(location.hash);
  if (!found?.[1] || !found[2]) return null;
  history.replaceState(null, '', `${location.pathname}#/`);
  return { kind: found[1] === 'alert' ? 'alert' : 'incident', id: found[2] };
}

/** Hear of clicks on notifications while the page is open; return how to end. */
export function hearClicks(opened: () => void): () => void {
  if (!('serviceWorker' in navigator)) return () => undefined;
  const { serviceWorker } = navigator;
  const heard = ({ data }: MessageEvent<unknown>): void => {
    const place = data && typeof data === 'object' && 'place' in data ? String(data.place) : '';
    if (!PLACE.test(place)) return;
    location.hash = place;
    opened();
  };
  serviceWorker.addEventListener('message', heard);
  // A page that no worker controls hears nothing until it says that it listens.
  serviceWorker.startMessages();
  return () => serviceWorker.removeEventListener('message', heard);
}
