/** What a browser has for push messages, of one service worker. */

export interface Subscribed {
  readonly endpoint: string;
  readonly keys: { readonly p256dh: string; readonly auth: string };
  /** Of whom it takes messages, base64url; "" where the browser does not say. */
  readonly key: string;
  readonly end: () => Promise<unknown>;
}
export interface PushBrowser {
  readonly isSupported: boolean;
  permission(): NotificationPermission;
  ask(): Promise<NotificationPermission>;
  current(): Promise<Subscribed | null>;
  subscribe(key: string): Promise<Subscribed>;
}

/** `scope`: the field page has its worker already; that of the desk controls no page, it is there to be told only. */
export function pushBrowser(scope: '/field' | '/push'): PushBrowser {
  const isSupported = isSecureContext && 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window;
  return {
    isSupported,
    permission: () => Notification.permission,
    ask: () => Notification.requestPermission(),
    async current() {
      const registration = await navigator.serviceWorker.getRegistration(scope);
      const found = new URL(registration?.scope ?? location.href).pathname === scope ? await registration?.pushManager.getSubscription() : null;
      return found ? read(found) : null;
    },
    async subscribe(key) {
      const registration = await navigator.serviceWorker.register('/service_worker.js', { scope, updateViaCache: 'none' });
      await active(registration);
      return read(await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }));
    },
  };
}

function read(subscription: PushSubscription): Subscribed {
  const { p256dh = '', auth = '' } = subscription.toJSON().keys ?? {};
  const own = subscription.options.applicationServerKey;
  return { endpoint: subscription.endpoint, keys: { p256dh, auth }, key: own ? base64url(new Uint8Array(own)) : '', end: () => subscription.unsubscribe() };
}

const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

/** Done when a worker can be told something. */
async function active(registration: ServiceWorkerRegistration): Promise<void> {
  const worker = registration.active ?? registration.waiting ?? registration.installing;
  if (!worker || worker.state === 'activated') return;
  await new Promise<void>((resolve) => worker.addEventListener('statechange', () => worker.state === 'activated' && resolve()));
}

/** What a person calls this device, unless they say otherwise. */
export function deviceName(agent: string): string {
  const browser = /Edg/.test(agent) ? 'Edge' : /Firefox/.test(agent) ? 'Firefox' : /Chrome/.test(agent) ? 'Chrome' : /Safari/.test(agent) ? 'Safari' : 'Browser';
  const system = /Android/.test(agent) ? 'Android' : /iPhone|iPad/.test(agent) ? 'iOS' : /Windows/.test(agent) ? 'Windows' : /Mac/.test(agent) ? 'macOS' : 'Linux';
  return `${browser} on ${system}`;
}
