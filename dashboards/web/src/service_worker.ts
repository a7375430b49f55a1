/**
 * The service worker of the field page, built by itself to /service_worker.js (service_worker_plugin.ts).
 *
 * Registered for /field and nothing else, it never comes between the server and a desk or a wall. Handlers that have
 * nothing to do with files (push, say) go beside these; under another scope the fetch handler stays silent.
 */
import { answerFile, answerPage, answerRange, kindOf, PAGE, withoutScope } from './worker/answers';
import { RangeStore } from './worker/range_store';

/** Of the worker's world, what is used here: TypeScript's own library for it cannot live beside the page's. */
interface LifeEvent extends Event { waitUntil(until: Promise<unknown>): void }
interface AskEvent extends LifeEvent { readonly request: Request; respondWith(answer: Promise<Response>): void }
interface Worker {
  readonly registration: { readonly scope: string };
  readonly location: Location;
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate', listener: (event: LifeEvent) => void): void;
  addEventListener(type: 'fetch', listener: (event: AskEvent) => void): void;
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
