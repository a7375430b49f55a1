/**
 * The service worker of the field page, built by itself to /service_worker.js (service_worker_plugin.ts).
 *
 * Registered for /field, it never comes between the server and a desk or a wall. Under another scope, which holds no
 * page, it is there to be told of alerts only, and its fetch handler stays silent.
 */
import { answerFile, answerPage, answerRange, kindOf, PAGE, withoutScope } from './worker/answers';
import { noticeOf } from './worker/notice';
import { RangeStore } from './worker/range_store';

/** Of the worker's world, what is used here: TypeScript's own library for it cannot live beside the page's. */
interface LifeEvent extends Event { waitUntil(until: Promise<unknown>): void }
interface AskEvent extends LifeEvent { readonly request: Request; respondWith(answer: Promise<Response>): void }
interface PushEvent extends LifeEvent { readonly data: { text(): string } | null }
interface ClickEvent extends LifeEvent { readonly notification: Notification }
interface Client { readonly url: string; postMessage(message: unknown): void; focus(): Promise<unknown> }
interface Worker {
  readonly registration: {
    readonly scope: string;
    showNotification(title: string, options: NotificationOptions & { readonly renotify: boolean; readonly timestamp: number }): Promise<void>;
  };
  readonly location: Location;
  readonly clients: {
    claim(): Promise<void>;
    matchAll(options: { type: 'window'; includeUncontrolled: boolean }): Promise<readonly Client[]>;
    openWindow(url: string): Promise<unknown>;
  };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate', listener: (event: LifeEvent) => void): void;
  addEventListener(type: 'fetch', listener: (event: AskEvent) => void): void;
  addEventListener(type: 'push', listener: (event: PushEvent) => void): void;
  addEventListener(type: 'notificationclick', listener: (event: ClickEvent) => void): void;
}
declare const self: Worker;
/** Put in by the build: the page's files, and a word that changes with any of them. */
declare const __FILES__: readonly string[];
declare const __EDITION__: string;

const PREFIX = 'watchfloor-field-';
const CACHE = PREFIX + __EDITION__;
/** An open page of the edition before may still ask for a part of it. */
const EDITIONS_KEPT = 2;

const ranges = new RangeStore();
const isField = new URL(self.registration.scope).pathname.startsWith(PAGE);

self.addEventListener('install', (event) => {
  if (isField) event.waitUntil(install());
});
self.addEventListener('activate', (event) => {
  if (isField) event.waitUntil(activate());
});
self.addEventListener('fetch', (event) => {
  const { request } = event;
  const range = request.headers.get('range');
  const kind = isField ? kindOf({ method: request.method, mode: request.mode, url: request.url, range }, self.location.origin) : null;
  if (kind === null) return;
  const path = withoutScope(new URL(request.url).pathname);
  const cache = (): Promise<Cache> => caches.open(CACHE);
  if (kind === 'page') event.respondWith(cache().then((one) => answerPage(one, (signal) => fetch(request, { signal }))));
  else if (kind === 'file') event.respondWith(file(request, path));
  else event.respondWith(answerRange(ranges, path, range ?? '', (signal) => fetch(request, { signal })));
});

self.addEventListener('push', (event) => event.waitUntil(show(event.data?.text() ?? '')));
self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(open(String((event.notification.data as { place?: unknown } | null)?.place ?? '')));
});

async function show(text: string): Promise<void> {
  const { title, body, tag, isGrave, place } = noticeOf(text);
  await self.registration.showNotification(title, {
    body, tag, renotify: true, requireInteraction: isGrave, icon: '/icons/192.png', data: { place }, timestamp: Date.now(),
  });
}

/** Go to the page that is open already, and have it show what was told; else open it there. */
async function open(place: string): Promise<void> {
  const page = isField ? PAGE : '/';
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const here = windows.find(({ url }) => new URL(url).pathname === page);
  if (!here) {
    await self.clients.openWindow(page + place);
    return;
  }
  here.postMessage({ place });
  await here.focus();
}

/** All of the page or nothing: a half copy would fail when it is needed. */
async function install(): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.addAll([new Request(PAGE, { cache: 'reload' }), ...__FILES__.map((path) => new Request(path))]);
  await self.skipWaiting();
}

async function activate(): Promise<void> {
  const editions = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(editions.slice(0, Math.max(0, editions.length - (EDITIONS_KEPT - 1))).map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function file(request: Request, path: string): Promise<Response> {
  // A part of the edition before is only in its own cache: the server may not have it any more.
  const copy = await caches.match(path);
  return copy ?? answerFile(await caches.open(CACHE), path, () => fetch(request));
}
