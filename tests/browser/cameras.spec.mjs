/** The cameras side by side, in a real browser and by keyboard alone. Part of `npm run test:browser`. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { check } from './axe.mjs';
import { launch, openPage } from './browser.mjs';
import { alert, cameras, health, uuid } from './city.mjs';
import { FakeServer } from './fake_server.mjs';

const PATIENCE = { timeout: 60_000 };

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

async function open(t, city, over = {}) {
  const server = new FakeServer(city);
  Object.assign(server, over);
  await server.start();
  t.after(() => server.stop());
  const opened = await openPage(browser, server.url, { viewport: { width: 1280, height: 720 } });
  t.after(() => opened.close());
  await opened.page.waitForFunction(() => window.__watchfloor?.stats().feed.phase === 'open', null, PATIENCE);
  return { server, ...opened };
}

const names = (page) => page.getByRole('list', { name: 'Camera tiles' }).getByRole('article').evaluateAll((tiles) => tiles.map((tile) => tile.getAttribute('aria-label')));
const focused = (page) => page.evaluate(() => document.activeElement.getAttribute('aria-label'));
const until = (page, check, argument) => page.waitForFunction(check, argument, PATIENCE);

test('from an alert to the cameras near it, pinned and enlarged, by keys alone', async (t) => {
  const estate = cameras(20).map((camera, i) => ({ ...camera, name: `Camera ${i}`, lat: 29.95, lon: -90.1 + 0.001 * i, kind: 'lpr' }));
  const read = uuid();
  const raised = alert(Date.now() - 90_000, { title: 'Stolen car', lat: 29.95, lon: -90.095, camera_id: 'cam-5', triggers: [read] });
  const { page, seen } = await open(t, { cameras: estate, alerts: [raised], health: [health('cam-5', 'ok', Date.now()), health('cam-6', 'frozen', Date.now())] }, {
    images: { [read]: { state: 'fetched', reason: '', expires_at: null, media_type: 'image/png', byte_count: 70, picture: `/api/images/${read}/picture` } },
  });
  await page.getByRole('option', { name: /Stolen car/ }).waitFor(PATIENCE);
  await page.keyboard.press('j');
  await page.keyboard.press('v');
  await page.getByRole('heading', { name: 'Cameras', exact: true }).waitFor(PATIENCE);
  await page.getByText('Nearest to: Stolen car').waitFor(PATIENCE);
  assert.deepEqual((await names(page)).slice(0, 3), ['Camera 5', 'Camera 4', 'Camera 6']);

  // An old picture says since when it stands, and has no colour; where there is none, the tile says why.
  const first = page.getByRole('article', { name: 'Camera 5' });
  await first.getByRole('img', { name: /What the reader Camera 5 saw/ }).waitFor(PATIENCE);
  assert.match(await first.innerText(), /FROZEN 0[1-3]:\d\d[\s\S]*working[\s\S]*still of a plate read/);
  assert.match(await first.getByRole('img', { name: /saw/ }).evaluate((image) => getComputedStyle(image).filter), /grayscale/);
  assert.match(await page.getByRole('article', { name: 'Camera 6' }).innerText(), /No read of this camera raised an alert lately[\s\S]*FROZEN 01:\d\d[\s\S]*stopped \(frozen\)/);
  for (const tile of await page.getByRole('article').all()) assert.ok((await tile.getByRole('img').count()) || (await tile.locator('.why').innerText()).length > 20);
  await check(page);

  await page.keyboard.press('ArrowRight');
  assert.equal(await focused(page), 'Enlarge Camera 5');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  const fifth = (await names(page))[4];
  assert.equal(await focused(page), `Enlarge ${fifth}`);
  await page.keyboard.press('p');
  await until(page, (name) => document.querySelector('article')?.getAttribute('aria-label') === name, fifth);
  assert.equal(await focused(page), `Enlarge ${fifth}`, 'the focus goes with the tile');
  await page.keyboard.press('Enter');
  await until(page, () => document.querySelectorAll('article').length === 1);
  assert.deepEqual(await names(page), [fifth]);
  assert.equal(await focused(page), `Make small ${fifth}`);
  await check(page);
  await page.keyboard.press('Escape');
  await until(page, () => document.querySelectorAll('article').length === 9);

  // The same as a table, with what a tile says.
  const row = page.getByRole('region', { name: 'Cameras as a list' }).getByRole('row', { name: /Camera 5/ });
  assert.match(await row.innerText(), /working[\s\S]*0 m[\s\S]*\d+ (s|min) old[\s\S]*fixture\/city/);

  await page.reload();
  await until(page, (name) => document.querySelector('article')?.getAttribute('aria-label') === name, fifth);
  await page.getByText('Nothing is selected: first those that need a look, after 1 pinned.').waitFor(PATIENCE);
  await page.keyboard.press('Escape');
  await page.getByRole('heading', { name: 'Live map' }).waitFor({ state: 'attached', ...PATIENCE });
  await page.keyboard.press('g');
  await page.keyboard.press('c');
  await page.getByRole('heading', { name: 'Cameras', exact: true }).waitFor(PATIENCE);
  assert.deepEqual(seen, { foreign: [], errors: [], policy: [] });
});

test('a picture loses its colour when the connection is lost, and what is not known is not blank', async (t) => {
  const read = uuid();
  const [camera, video] = cameras(2);
  const raised = alert(Date.now(), { camera_id: camera.camera_id, triggers: [read] });
  const { server, page } = await open(t, { cameras: [camera, video], alerts: [raised] }, {
    images: { [read]: { state: 'expired', reason: '', expires_at: null, media_type: '', byte_count: 0, picture: null } },
  });
  await page.keyboard.press('g');
  await page.keyboard.press('c');
  await page.getByText('The picture expired at its source before it was fetched.').waitFor(PATIENCE);
  await page.getByText('Live video is not connected to Watchfloor yet.').waitFor(PATIENCE);
  await page.getByText('no report yet').first().waitFor(PATIENCE);
  await server.stop();
  await page.getByText(/^NO LIVE DATA since/).waitFor(PATIENCE);
  await page.getByRole('article').first().locator('.picture.old').waitFor(PATIENCE);
});
