/** The analyst's page in a real browser: counts over time and over the map. Part of `npm run test:browser`. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { check } from './axe.mjs';
import { launch, openPage } from './browser.mjs';
import { cameras, iso } from './city.mjs';
import { FakeServer } from './fake_server.mjs';

const PATIENCE = { timeout: 60_000 };
const HOUR = 3_600_000;
const { SCREENSHOT } = process.env;

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

/** Cells in a row around New Orleans; the first has the most. */
const cells = (count) => Array.from({ length: count }, (_, index) => {
  const [lon, lat] = [-90.12 + (index % 8) * 0.012, 29.92 + Math.floor(index / 8) * 0.01];
  const corner = (turn) => [lon + 0.006 * Math.cos((turn * Math.PI) / 3), lat + 0.005 * Math.sin((turn * Math.PI) / 3)];
  return { cell: `8844464${index}`, count: (count - index) ** 2, ring: [0, 1, 2, 3, 4, 5].map(corner) };
});

function answer(asked) {
  const [begin, end, step] = [Date.parse(asked.from), Date.parse(asked.to), 900];
  const bins = [];
  for (let at = Math.ceil(begin / (step * 1000)) * step * 1000; at < end; at += step * 1000) {
    bins.push({ at: iso(at), count: Math.round(20 + 15 * Math.sin(at / (4 * HOUR))) });
  }
  const kinds = [{ name: 'hotlist_hit', count: 90 }, { name: 'wanted_near_incident', count: 4 }];
  return {
    begin: asked.from, end: asked.to, step_s: step,
    counts: {
      total: bins.reduce((sum, { count }) => sum + count, 0), unplaced: 3, bins, cells: cells(30), kinds, cells_cut: false, kinds_cut: false,
      oldest: iso(begin - 90 * HOUR), newest: iso(end),
    },
    before: asked.compare ? bins.map(({ at, count }) => ({ at, count: Math.round(count / 2) })) : null,
  };
}

async function open(t, viewport = { width: 1280, height: 900 }) {
  const server = new FakeServer({ cameras: cameras(12) });
  server.counts = answer;
  await server.start();
  t.after(() => server.stop());
  const opened = await openPage(browser, server.url, { viewport });
  t.after(() => opened.close());
  await opened.page.waitForFunction(() => window.__watchfloor?.stats().feed.phase === 'open', null, PATIENCE);
  await opened.page.keyboard.press('g');
  await opened.page.keyboard.press('a');
  await opened.page.getByText(/alerts from/).waitFor(PATIENCE);
  return { server, ...opened };
}

const last = (server) => server.counted.at(-1);
const length = (asked) => (Date.parse(asked.to) - Date.parse(asked.from)) / HOUR;

test('what was counted is bars, cells and tables; a stretch that is drawn over the bars is asked for, and back leads back', async (t) => {
  const { server, page, seen } = await open(t);
  assert.equal(length(last(server)), 24);
  await page.waitForFunction(() => window.__watchfloor.stats().map?.rendered['cell-fill'] > 5, null, PATIENCE);
  await check(page);
  if (SCREENSHOT) await page.screenshot({ path: `${SCREENSHOT}/analysis.png` });
  const chart = page.getByRole('application', { name: /^Alerts: \d+ in steps of 15 min/ });
  const box = await chart.locator('.u-over').boundingBox();
  await page.mouse.move(box.x + box.width * 0.25, box.y + 50);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.75, box.y + 60, { steps: 5 });
  await page.mouse.up();
  await page.waitForFunction(() => location.hash.includes('from='), null, PATIENCE);
  await until(() => Math.abs(length(last(server)) - 12) < 0.5);
  await page.goBack();
  await until(() => length(last(server)) === 24);
  assert.deepEqual(seen, { foreign: [], errors: [], policy: [] });
});

test('by keys alone: the period is moved, a kind chosen, heat shown, and the question kept and asked again', async (t) => {
  const { server, page } = await open(t);
  const before = last(server);
  await page.getByRole('application', { name: /^Alerts/ }).focus();
  await page.keyboard.press('ArrowLeft');
  await until(() => Date.parse(before.from) - Date.parse(last(server).from) === 12 * HOUR);
  await page.getByRole('application', { name: /^Alerts/ }).focus();
  await page.keyboard.press('-');
  await until(() => length(last(server)) === 48);
  await page.getByLabel('Only wanted near incident').focus();
  await page.keyboard.press('Space');
  await until(() => last(server).kinds.includes('wanted_near_incident'));
  await page.getByLabel('against the period before').focus();
  await page.keyboard.press('Space');
  await until(() => last(server).compare);
  await page.getByText('the period before.', { exact: false }).first().waitFor(PATIENCE);
  await page.getByLabel('Show as').selectOption('heat');
  await page.waitForFunction(() => window.__watchfloor.stats().map?.rendered['heat'] > 5, null, PATIENCE);
  await page.getByText('As a table').focus();
  await page.keyboard.press('Enter');
  await page.getByRole('columnheader', { name: 'Before' }).waitFor(PATIENCE);
  await check(page);
  if (SCREENSHOT) await page.screenshot({ path: `${SCREENSHOT}/analysis-heat.png`, fullPage: true });
  await page.getByLabel('Name', { exact: true }).fill('near misses');
  await page.keyboard.press('Enter');
  const address = new URL(page.url()).hash;
  await page.goto(`${server.url}#/`);
  await page.goto(`${server.url}#/analysis`);
  await page.reload();
  await page.getByRole('button', { name: 'near misses', exact: true }).click(PATIENCE);
  await page.waitForFunction((hash) => location.hash === hash, address, PATIENCE);
});

test('nothing found says where something is, a store that is away is said, and a small window cuts nothing off', async (t) => {
  const { server, page } = await open(t, { width: 320, height: 640 });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(wide, 0);
  server.counts = (asked) => {
    const told = answer(asked);
    return { ...told, counts: { ...told.counts, total: 0, bins: [], cells: [], kinds: [], newest: '2026-01-01T00:00:00Z', oldest: '2025-12-01T00:00:00Z' } };
  };
  await page.getByRole('button', { name: 'last hour' }).click();
  await page.getByText('The store has some from').waitFor(PATIENCE);
  await check(page);
  await page.getByRole('button', { name: 'Go to the newest' }).click();
  await until(() => last(server).to.startsWith('2026-01-01T00:01'));
  server.counts = null;
  await page.getByRole('button', { name: 'last 8 h' }).click();
  await page.getByRole('alert').getByText('The store cannot be reached now').waitFor(PATIENCE);
  await check(page);
});

async function until(holds) {
  const giveUp = Date.now() + PATIENCE.timeout;
  while (!holds()) {
    if (Date.now() > giveUp) throw new Error(`not within ${PATIENCE.timeout} ms: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
