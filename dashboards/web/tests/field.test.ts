import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { FieldSession } from '../src/state/field_session';
import { ownIncident, readPlace } from '../src/state/field_place';
import { HELP, needsHelp } from '../src/state/incident_work';
import type { Standing } from '../src/state/session.svelte';
import { World } from '../src/state/world';
import { answerFile, answerPage, answerRange, kindOf } from '../src/worker/answers';
import { RangeStore } from '../src/worker/range_store';
import { alert, at, incident, NOW } from './rows';

const ORIGIN = 'https://rtcc.example';

describe('my incident', () => {
  const rows = new Map([
    ['a', incident('a', { units: ['801A'], priority: 3 })],
    ['b', incident('b', { units: ['801A'], priority: 8 })],
    ['c', incident('c', { owner: 'r.diaz' })],
    ['d', incident('d', { status: 'closed', stage: 'merged', merged_into: 'b' })],
    ['e', incident('e', { status: 'closed', stage: 'closed', units: ['802B'] })],
  ]);
  const mine = (incidentId: string, unitId: string, account = '') => ownIncident(rows, { incidentId, unitId }, account)?.incident_id;

  it('is the one that was chosen, or what it became part of', () => {
    expect(mine('a', '')).toBe('a');
    expect(mine('d', '')).toBe('b');
  });
  it('is by itself the gravest that the unit is on, or that the account has in hand', () => {
    expect(mine('', '801A')).toBe('b');
    expect(mine('', '', 'r.diaz')).toBe('c');
  });
  it('is none that is over, and none for who has neither unit nor account', () => {
    expect(mine('e', '802B')).toBeUndefined();
    expect(mine('', '')).toBeUndefined();
  });
});

describe('the place on the page', () => {
  it('is read back as it was kept, and what makes no sense is as at the start', () => {
    const place = { tab: 'incident', stop: 'full', incidentId: 'a', unitId: '801A', sun: true, bounds: [-90.2, 29.9, -90, 30] };
    expect(readPlace(JSON.stringify(place))).toEqual(place);
    const start = { tab: 'map', stop: 'peek', incidentId: '', unitId: '', sun: false, bounds: null };
    for (const text of [null, '', 'null', '{"tab":7,"stop":"x","bounds":[1,2,null,4],"sun":"yes"}']) expect(readPlace(text)).toEqual(start);
  });
});

describe('the session of a device', () => {
  const standing = (over: Partial<Standing> = {}): Standing => ({
    sign_in: true, notice: '', provider: '', account: 'r.diaz', name: '', roles: [], rights: [], areas: null, locked: false,
    locks_at: NOW / 1000 + 120, ends_at: NOW / 1000 + 3600, ...over,
  });
  const storage = () => {
    const kept = new Map<string, string>();
    return {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    };
  };

  it('locks by the clock when nobody touches it, also over a reload, and no touch opens it', () => {
    const disk = storage();
    const session = new FieldSession(disk, NOW);
    session.note(standing(), NOW);
    session.touched(NOW + 60_000);
    expect([session.isLocked(NOW + 179_000), session.isLocked(NOW + 180_000)]).toEqual([false, true]);
    session.touched(NOW + 200_000);
    expect(session.isLocked(NOW + 200_000)).toBe(true);
    expect(new FieldSession(disk, NOW + 300_000).isLocked(NOW + 300_000)).toBe(true);
    expect(new FieldSession(disk, NOW + 100_000).isLocked(NOW + 100_000)).toBe(false);
  });
  it('knows the whole time to the lock although it is told late of it', () => {
    const session = new FieldSession(storage(), NOW);
    session.note(standing(), NOW);
    session.note(standing(), NOW + 100_000);
    expect([session.isLocked(NOW + 119_000), session.isLocked(NOW + 121_000)]).toEqual([false, true]);
  });
  it('stays whose it was when it has ended, and is locked', () => {
    const session = new FieldSession(storage(), NOW);
    session.note(standing(), NOW);
    session.note(standing({ account: '', locks_at: null, ends_at: null }), NOW);
    expect([session.account, session.isLocked(NOW)]).toEqual(['r.diaz', true]);
  });
  it('does not lock in a secured room until it ends, nor where nobody is asked', () => {
    const session = new FieldSession(storage(), NOW);
    session.note(standing({ locks_at: null }), NOW);
    expect([session.isLocked(NOW + 3_599_000), session.isLocked(NOW + 3_600_000)]).toEqual([false, true]);
    session.note(standing({ sign_in: false, account: '', locks_at: null, ends_at: null }), NOW);
    expect(session.isLocked(NOW + 9e9)).toBe(false);
  });
});

describe('what was seen last', () => {
  const world = () => new World({
    changed: () => undefined, raised: () => { throw new Error('old things are no news'); }, escalated: () => undefined,
    alertsSeen: () => undefined, sightings: () => undefined, sightingsReplaced: () => undefined,
  }, () => NOW);

  it('is shown with the time it was live at, and never over what is live', () => {
    const one = world();
    one.restore('alerts', [alert('old')], NOW - 600_000);
    expect([...one.alerts.rows.keys()]).toEqual(['old']);
    expect([one.connection().lastFrame, one.loaded.has('alerts')]).toEqual([NOW - 600_000, false]);
    one.replace('units', []);
    one.restore('units', [{ unit_id: '801A', observed_at: at(600) }], NOW - 600_000);
    expect(one.units.rows.size).toBe(0);
  });
});

describe('a call for help', () => {
  it('stands until somebody does something to the incident', () => {
    const world = [incident('i', { note: `${HELP} two down` }), incident('i', { note: 'on my way' }), incident('i', { note: `${HELP} x`, status: 'closed' })];
    expect(world.map(needsHelp)).toEqual([true, false, false]);
  });
});

describe('the service worker', () => {
  const kind = (path: string, over = {}) => kindOf({ method: 'GET', mode: 'cors', url: `${ORIGIN}${path}`, range: null, ...over }, ORIGIN);

  it('answers for the page, its files and parts of maps, and for nothing that may be live', () => {
    expect(kind('/field', { mode: 'navigate' })).toBe('page');
    expect(kind('/assets/x-12345678.js')).toBe('file');
    expect(kind('/field/assets/x-12345678.js')).toBe('file');
    expect(kind('/maps/a.pmtiles', { range: 'bytes=0-9' })).toBe('map');
    for (const path of ['/api/status', '/api/session', '/api/actions', '/ws', '/metrics', '/maps/a.pmtiles', '/field/api/status', '/service_worker.js']) expect(kind(path)).toBeNull();
    for (const path of ['/', '/wall', '/fieldwork', '/api/status']) expect(kind(path, { mode: 'navigate' })).toBeNull();
    expect(kind('/api/actions', { method: 'POST' })).toBeNull();
    expect(kindOf({ method: 'GET', mode: 'cors', url: 'https://elsewhere.example/assets/x.js', range: null }, ORIGIN)).toBeNull();
  });

  /** As much of a Cache as is used. */
  const cacheOf = (pages: Record<string, string>) => {
    const kept = new Map(Object.entries(pages));
    return {
      kept,
      match: (path: string) => Promise.resolve(kept.has(path) ? new Response(kept.get(path)) : undefined),
      put: async (path: string, response: Response) => void kept.set(path, await response.text()),
    };
  };
  const asCache = (cache: ReturnType<typeof cacheOf>) => cache as unknown as Cache;
  const gone = (): Promise<Response> => Promise.reject(new TypeError('Failed to fetch'));

  it('gives the page from the server while there is a line, so that no old one stays', async () => {
    const cache = asCache(cacheOf({ '/field': 'old' }));
    expect(await (await answerPage(cache, () => Promise.resolve(new Response('new')))).text()).toBe('new');
    expect(await (await answerPage(cache, gone)).text()).toBe('old');
    expect(await (await answerPage(cache, () => Promise.resolve(new Response('', { status: 502 })))).text()).toBe('old');
    await expect(answerPage(asCache(cacheOf({})), gone)).rejects.toThrow('Failed to fetch');
  });
  it('keeps a file it had to fetch, and none that failed', async () => {
    const cache = cacheOf({});
    await answerFile(asCache(cache), '/assets/a.js', () => Promise.resolve(new Response('no', { status: 404 })));
    expect(cache.kept.size).toBe(0);
    await answerFile(asCache(cache), '/assets/a.js', () => Promise.resolve(new Response('yes')));
    expect(await (await answerFile(asCache(cache), '/assets/a.js', gone)).text()).toBe('yes');
  });
});

describe('parts of maps', () => {
  let databases = 0;
  const part = (text: string, etag: string) => () => Promise.resolve(new Response(text, { status: 206, headers: { etag, 'content-range': 'bytes 0-1/9' } }));
  const gone = (): Promise<Response> => Promise.reject(new TypeError('Failed to fetch'));
  const store = (most?: number, now?: () => number) => new RangeStore(`maps-${(databases += 1)}`, most, now);

  it('are there without a line, as the partial answers they were', async () => {
    const maps = store();
    await answerRange(maps, '/maps/a.pmtiles', 'bytes=0-9', part('head', 'e1'));
    await answerRange(maps, '/maps/a.pmtiles', 'bytes=10-19', part('tile', 'e1'));
    const answer = await answerRange(maps, '/maps/a.pmtiles', 'bytes=10-19', gone);
    expect([answer.status, answer.headers.get('content-range'), answer.headers.get('etag'), await answer.text()]).toEqual([206, 'bytes 0-1/9', 'e1', 'tile']);
    expect(await (await answerRange(maps, '/maps/a.pmtiles', 'bytes=0-9', gone)).text()).toBe('head');
    await expect(answerRange(maps, '/maps/a.pmtiles', 'bytes=20-29', gone)).rejects.toThrow('Failed to fetch');
  });
  it('of an archive that has changed are not mixed with those of the new one', async () => {
    const maps = store();
    await answerRange(maps, '/maps/a.pmtiles', 'bytes=0-9', part('head', 'e1'));
    await answerRange(maps, '/maps/a.pmtiles', 'bytes=10-19', part('tile', 'e1'));
    await answerRange(maps, '/maps/a.pmtiles', 'bytes=0-9', part('HEAD', 'e2'));
    await expect(answerRange(maps, '/maps/a.pmtiles', 'bytes=10-19', gone)).rejects.toThrow('Failed to fetch');
    expect(await (await answerRange(maps, '/maps/a.pmtiles', 'bytes=0-9', gone)).text()).toBe('HEAD');
  });
  it('stay within their bound: what was shown longest ago goes first', async () => {
    let now = NOW;
    const maps = store(10, () => (now += 100_000));
    await maps.renew('/maps/a.pmtiles', 'e');
    for (const range of ['a', 'b', 'c']) await maps.put('/maps/a.pmtiles', range, 'e', '', new ArrayBuffer(4));
    expect(await maps.size()).toBe(8);
    expect(await maps.get('/maps/a.pmtiles', 'a')).toBeNull();
    await maps.get('/maps/a.pmtiles', 'b');
    await maps.put('/maps/a.pmtiles', 'd', 'e', '', new ArrayBuffer(4));
    expect(await maps.get('/maps/a.pmtiles', 'c')).toBeNull();
    await maps.put('/maps/a.pmtiles', 'whole', 'e', '', new ArrayBuffer(11));
    expect(await maps.size()).toBe(8);
  });
  it('are not kept when the server refused them', async () => {
    const maps = store();
    const refused = await answerRange(maps, '/maps/a.pmtiles', 'bytes=0-9', () => Promise.resolve(new Response('{}', { status: 401 })));
    expect([refused.status, await maps.size()]).toEqual([401, 0]);
  });
});
