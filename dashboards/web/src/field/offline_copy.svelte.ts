/** The copy of this page that opens without a connection: whether there can be one, and whether it is whole. */
import { RangeStore } from '../worker/range_store';

/** On the first visit the map waits so long for the copy, so that what it shows first is kept as well. */
const FIRST_MS = 5_000;
const LOOK_MS = 3_600_000;

const WORDS = {
  unknown: 'Looking whether this page can be kept for when there is no connection …',
  impossible: 'This page cannot be kept for when there is no connection: that needs https, or this machine itself (127.0.0.1). What you do is kept all the same while the page stays open.',
  making: 'The page is being kept for when there is no connection …',
  ready: 'This page opens without a connection, too. It then shows what was seen last, and says so.',
  failed: 'The page could not be kept for when there is no connection; it tries again the next time it is opened.',
  renewed: 'A new version of this page is ready: load it when it suits you.',
} as const;

export class OfflineCopy {
  state = $state<keyof typeof WORDS>('unknown');
  mapBytes = $state<number | null>(null);
  words = $derived(WORDS[this.state]);

  async measure(): Promise<void> {
    if (this.state !== 'impossible') this.mapBytes = await new RangeStore().size().catch(() => null);
  }
}

/** Keep a copy; done when requests go through the worker, or when that will not be soon. */
export async function keepOffline(copy: OfflineCopy): Promise<void> {
  document.head.append(Object.assign(document.createElement('link'), { rel: 'manifest', href: '/field.webmanifest' }));
  if (!isSecureContext || !('serviceWorker' in navigator) || import.meta.env.DEV) {
    copy.state = 'impossible';
    return;
  }
  const { serviceWorker } = navigator;
  let had = serviceWorker.controller !== null;
  copy.state = had ? 'ready' : 'making';
  const controlled = new Promise<void>((resolve) => {
    if (had) resolve();
    serviceWorker.addEventListener('controllerchange', () => {
      // The first one takes this page over as it is; any later one brings another page.
      copy.state = had ? 'renewed' : 'ready';
      had = true;
      resolve();
    });
  });
  try {
    const registration = await serviceWorker.register('/service_worker.js', { scope: '/field', updateViaCache: 'none' });
    const look = (): void => void registration.update().catch(() => undefined);
    addEventListener('online', look);
    setInterval(look, LOOK_MS);
    await Promise.race([controlled, new Promise((resolve) => setTimeout(resolve, FIRST_MS))]);
  } catch {
    // Without a line the server cannot be asked for a newer one: the copy is as good as it was.
    if (!had) copy.state = 'failed';
  }
}
