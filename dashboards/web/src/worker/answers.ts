/**
 * What the service worker answers, and what it leaves to the network. It never answers for the API or the websocket: what
 * is live is told by the server or not at all.
 */
import type { RangeStore } from './range_store';

/** A line that says nothing for so long is no line, where there is a copy to show instead. */
const LINE_MS = 4_000;
export const PAGE = '/field';

/** What kind of request it is, of those that are answered here; null: the network's own business. */
export function kindOf(request: { method: string; mode: string; url: string; range: string | null }, origin: string): 'page' | 'file' | 'map' | null {
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== origin) return null;
  if (request.mode === 'navigate') return /^\/field\/?$/.test(url.pathname) ? 'page' : null;
  if (url.pathname.startsWith('/maps/')) return request.range ? 'map' : null;
  const path = withoutScope(url.pathname);
  return path.startsWith('/assets/') || path.startsWith('/icons/') || path === '/icon.svg' || path === '/field.webmanifest' ? 'file' : null;
}

/** The map's worker is asked for beneath the page's own address, where this worker sees it; it is the same file. */
export const withoutScope = (path: string): string => (path.startsWith(`${PAGE}/`) ? path.slice(PAGE.length) : path);

/** The page: from the server, so that it is never an old one while there is a line; else the copy. */
export async function answerPage(cache: Cache, ask: (signal: AbortSignal) => Promise<Response>): Promise<Response> {
  const copy = await cache.match(PAGE);
  try {
    const response = await ask(copy ? AbortSignal.timeout(LINE_MS) : new AbortController().signal);
    return response.status >= 500 && copy ? copy : response;
  } catch (error) {
    if (copy) return copy;
    throw error;
  }
}

/** A built file: its name changes with its content, so a copy is as good as the file. */
export async function answerFile(cache: Cache, path: string, ask: () => Promise<Response>): Promise<Response> {
  const copy = await cache.match(path);
  if (copy) return copy;
  const response = await ask();
  if (response.ok) await cache.put(path, response.clone());
  return response;
}

/**
 * A part of a map archive. The beginning is asked for each time there is a line, as it tells whether the archive has
 * changed; any other part that is kept of the same edition is not fetched again.
 */
export async function answerRange(
  store: RangeStore, archive: string, range: string, ask: (signal: AbortSignal) => Promise<Response>,
): Promise<Response> {
  const isBeginning = range.startsWith('bytes=0-');
  const found = await store.get(archive, range).catch(() => null);
  const copy = (): Response | null => found && new Response(found.bytes, {
    status: 206,
    headers: {
      'content-type': 'application/vnd.pmtiles', 'content-range': found.kept.place,
      'content-length': String(found.bytes.byteLength), ...(found.kept.etag && { etag: found.kept.etag }),
    },
  });
  const kept = copy();
  if (kept && !isBeginning) return kept;
  try {
    const response = await ask(kept ? AbortSignal.timeout(LINE_MS) : new AbortController().signal);
    if (response.status >= 500 && kept) return kept;
    if (response.status !== 206) return response;
    const bytes = await response.clone().arrayBuffer();
    const etag = response.headers.get('etag') ?? '';
    // A full disk takes nothing away from what is shown.
    await (async () => {
      if (isBeginning) await store.renew(archive, etag);
      await store.put(archive, range, etag, response.headers.get('content-range') ?? '', bytes);
    })().catch(() => undefined);
    return response;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}
