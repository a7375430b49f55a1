/** The monitor wall in a real browser, against a stand-in server. Part of `npm run test:browser`. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { check } from './axe.mjs';
import { launch, openPage } from './browser.mjs';
import { alert, busyCity, cameras, health, iso, uuid } from './city.mjs';
import { FakeServer, NOBODY } from './fake_server.mjs';

const PATIENCE = { timeout: 60_000 };
const SCREEN = { viewport: { width: 1280, height: 720 } };

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

async function open(t, { city = {}, search = '', server: over = {}, page: options = SCREEN } = {}) {
  const server = new FakeServer({ cameras: cameras(12), ...city });
  Object.assign(server, over);
  await server.start();
  t.after(() => server.stop());
  const opened = await openPage(browser, `${server.url}wall${search}`, options);
  t.after(() => opened.close());
  await opened.page.waitForFunction(() => window.__watchfloor?.stats().wall?.steps > 0 && window.__watchfloor.stats().map?.cameras > 0, null, PATIENCE);
  return { server, ...opened };
}

const until = (page, check, argument) => page.waitForFunction(check, argument, PATIENCE);
const wanted = (over = {}) => alert(Date.now(), { severity: 'P1', title: 'Wanted plate near a robbery', lat: 29.99, lon: -90.02, camera_id: null, ...over });
/** Wait until the wall has thought about it so many times more. */
const afterSteps = async (page, count) => {
  const { wall } = await page.evaluate(() => window.__watchfloor.stats());
  await until(page, (least) => window.__watchfloor.stats().wall.steps >= least, wall.steps + count);
};

test('a new P1 moves the map to it and its three nearest cameras, and the map comes back by itself', async (t) => {
  const [camera] = cameras(1);
  const read = uuid();
  const { server, page, stats, seen } = await open(t, {
    city: { health: [health('cam-1', 'ok', Date.now())] },
    server: { images: { [read]: { state: 'fetched', reason: '', expires_at: null, media_type: 'image/png', byte_count: 70, picture: `/api/images/${read}/picture` } } },
  });
  await afterSteps(page, 2);
  const home = (await stats()).map.place;
  const raised = wanted({ lat: camera.lat, lon: camera.lon, camera_id: camera.camera_id, triggers: [read] });
  server.push('alerts', [raised]);
  await until(page, (id) => window.__watchfloor.stats().wall.shown === id, raised.alert_id);
  const focus = page.getByRole('complementary', { name: 'New alert and the cameras nearest to it' });
  await focus.getByText('Wanted plate near a robbery').waitFor(PATIENCE);
  assert.equal(await focus.getByRole('article').count(), 3);
  await focus.getByRole('img', { name: /What the reader .* saw/ }).waitFor(PATIENCE);
  const there = (await stats()).map.place;
  assert.ok(there.zoom > home.zoom + 0.5, `${there.zoom} after ${home.zoom}`);
  await focus.getByText(/FROZEN 00:\d\d/).waitFor(PATIENCE);
  await page.getByText('No read of this camera raised an alert lately').or(page.getByText('Live video is not connected')).first().waitFor(PATIENCE);
  await check(page);
  // It is looked at for 20 s; then the map shows again what it showed.
  await until(page, () => window.__watchfloor.stats().wall.shown === null);
  await until(page, (zoom) => Math.abs(window.__watchfloor.stats().map.place.zoom - zoom) < 0.01, home.zoom);
  assert.equal(await focus.count(), 0);
  assert.equal(server.actions.length, 0);
  assert.deepEqual(seen, { foreign: [], errors: [], policy: [] });
});

test('the map never moves while somebody is at it, and the alert is in the list all the same', async (t) => {
  const { server, page, stats } = await open(t);
  await afterSteps(page, 2);
  await page.keyboard.press('Shift');
  const before = (await stats()).map.place;
  server.push('alerts', [wanted()]);
  await page.getByRole('listitem').filter({ hasText: 'Wanted plate near a robbery' }).waitFor(PATIENCE);
  await afterSteps(page, 5);
  const now = await stats();
  assert.deepEqual(now.map.place, before);
  assert.deepEqual([now.wall.shown, now.wall.isTouched], [null, true]);
});

test('NO LIVE DATA is said across the screen when the server dies, in letters to be read from afar, and goes when it is back', async (t) => {
  const { server, page } = await open(t, { city: busyCity() });
  await page.getByRole('listitem').filter({ hasText: 'KLM404' }).waitFor(PATIENCE);
  await server.stop();
  const words = page.getByText(/^NO LIVE DATA since \d\d:\d\d:\d\d$/);
  await words.waitFor(PATIENCE);
  const box = await words.boundingBox();
  const size = await words.evaluate((node) => Number.parseFloat(getComputedStyle(node).fontSize));
  assert.ok(box.width > 1200 && size >= 60, `${box.width} px wide, letters of ${size} px on a screen of 1280`);
  await until(page, () => document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight);
  await check(page);
  await server.start();
  await words.waitFor({ state: 'detached', ...PATIENCE });
});

test('another version of the server starts the page anew, but not in the first minute of a P1', async (t) => {
  const raised = wanted({ raised_at: iso(Date.now()) });
  const { server, page, stats } = await open(t, { city: { alerts: [raised] } });
  await until(page, () => window.__watchfloor.stats().feed.phase === 'open');
  await page.evaluate(() => (window.isOld = true));
  await server.stop();
  server.version = '0.2.0';
  await server.start();
  await until(page, () => window.__watchfloor.stats().feed.phase === 'open' && window.__watchfloor.stats().feed.connects > 1);
  await afterSteps(page, 4);
  assert.equal(await page.evaluate(() => window.isOld), true, 'a P1 is open');
  server.push('alerts', [{ ...raised, event_id: uuid(), rev: 2, status: 'acknowledged', changed_by: 'r.diaz', changed_at: iso(Date.now()) }]);
  await until(page, () => window.isOld === undefined && window.__watchfloor?.stats().wall?.steps > 0);
  assert.equal((await stats()).feed.phase, 'open');
});

test('views are saved and shown by digits, and the round of them is stopped by Space', async (t) => {
  const { page, stats } = await open(t, { search: '?profile=east&cycle=15&scale=1.5' });
  await page.keyboard.press('4');
  await page.getByText('No view is saved as 4').waitFor(PATIENCE);
  await page.keyboard.press('Shift+Digit1');
  await page.getByText('Saved as view 1').waitFor(PATIENCE);
  const first = (await stats()).map.place;
  await page.getByRole('region', { name: 'Units' }).waitFor(PATIENCE);
  await page.locator('canvas').hover();
  await page.mouse.wheel(0, -600);
  await until(page, (zoom) => window.__watchfloor.stats().map.place.zoom > zoom + 0.5, first.zoom);
  await page.keyboard.press('Shift+Digit2');
  await page.getByText('round 15 s').waitFor(PATIENCE);
  await page.keyboard.press('Digit1');
  await until(page, (zoom) => Math.abs(window.__watchfloor.stats().map.place.zoom - zoom) < 0.01, first.zoom);
  await page.keyboard.press('Space');
  await page.getByText('round paused').waitFor(PATIENCE);
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys of the wall' }).waitFor(PATIENCE);
  await check(page);
});

test('no alert is lost in a crowd: from afar they lie together under the gravest of them, near by they stand apart', async (t) => {
  const alerts = Array.from({ length: 12 }, (_, i) => alert(Date.now() - 600_000, {
    severity: i === 7 ? 'P1' : 'P3', title: `Alert ${i}`, camera_id: null, lat: 29.96 + 0.0006 * i, lon: -90.07,
  }));
  const { page, stats } = await open(t, { city: { alerts } });
  await until(page, () => window.__watchfloor.stats().map.rendered['alert-cluster'] > 0);
  assert.equal((await stats()).map.inView.alerts, 12);
  await page.evaluate(() => localStorage.setItem('watchfloor.wall.', JSON.stringify([{ lon: -90.07, lat: 29.963, zoom: 15 }])));
  await page.reload();
  await until(page, () => window.__watchfloor?.stats().map?.rendered['alert'] === 12 && !('alert-cluster' in window.__watchfloor.stats().map.rendered));
  await until(page, () => window.__watchfloor.stats().map.rendered['alert-label'] > 0);
});

test('the account of a wall is told nothing it may not know, has nothing to press, and is warned when it would lock', async (t) => {
  const session = { ...NOBODY, account: 'wall-east', name: 'Wall east', roles: ['wall'], rights: ['calls', 'see'], locks_at: Date.now() / 1000 + 1800, ends_at: Date.now() / 1000 + 40_000 };
  const { server, page } = await open(t, { city: busyCity(), server: { session } });
  await page.getByText('Ledger and dead letters: not for this account').waitFor(PATIENCE);
  await page.getByText('This account locks itself: give it --secured-room.').waitFor(PATIENCE);
  assert.equal(await page.getByRole('button').count(), 0);
  assert.ok(!server.requests.some((path) => path.startsWith('/api/ledger') || path.startsWith('/api/dead-letters')));
  await check(page);
});
