/** The built page in a real browser, against a stand-in server: `npm run test:browser` in dashboards/web. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { AXE, launch, openPage } from './browser.mjs';
import { alert, busyCity, cameras, health, iso, sighting, uuid } from './city.mjs';
import { FakeServer } from './fake_server.mjs';

/** Software drawing on a shared machine: waits are for a state, never for a time, and this is when to give up. */
const PATIENCE = { timeout: 60_000 };
const LABELLED = ['road-label', 'place-label'];

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

/** A page over a small city, with its server; everything is taken down at the end of the test. */
async function open(t, city = {}, options = {}) {
  const server = new FakeServer({ cameras: cameras(12), ...city });
  Object.assign(server, options.server);
  await server.start();
  t.after(() => server.stop());
  const opened = await openPage(browser, server.url, options.page);
  t.after(() => opened.close());
  await opened.page.waitForFunction(() => window.__watchfloor?.stats().feed.phase === 'open', null, PATIENCE);
  return { server, ...opened };
}

const until = (page, check, argument) => page.waitForFunction(check, argument, PATIENCE);
const named = (page) => page.evaluate(() => localStorage.setItem('watchfloor.actor', 'r.diaz'));

test('the map draws basemap, labels, cameras and sightings, and asks no other origin for anything', async (t) => {
  const { server, page, seen, stats } = await open(t, {}, { page: { viewport: { width: 900, height: 500 } } });
  const [camera] = cameras(1);
  await until(page, () => window.__watchfloor.stats().map?.basemap === 'shown');
  await until(page, () => window.__watchfloor.stats().map.rendered['camera'] > 5);
  await until(page, (layers) => layers.some((layer) => window.__watchfloor.stats().map.rendered[layer] > 0), LABELLED);
  server.push('sightings', [sighting(Date.now(), camera), sighting(Date.now(), camera, { hits: [{ list_id: 'stolen' }] })]);
  await until(page, () => window.__watchfloor.stats().map.sightings === 2);
  const { map } = await stats();
  assert.equal(map.sightingLayer, 'linked');
  assert.equal(map.cameras, 12);
  assert.ok(['road-motorway', 'road-arterial', 'road-street'].some((layer) => map.rendered[layer] > 0));
  assert.match(await page.locator('.attribution').innerText(), /DEMO BASEMAP - streets are synthetic, not for navigation/);
  assert.deepEqual(seen, { foreign: [], errors: [], policy: [] });
});

test('without a basemap file the page says so and still shows what is going on', async (t) => {
  const { page } = await open(t, {}, { server: { basemap: false } });
  await page.getByText('No basemap file found').waitFor(PATIENCE);
  await until(page, () => window.__watchfloor.stats().map.rendered['camera'] > 5);
});

test('an alert appears at once, is announced, and says why it was raised', async (t) => {
  const { server, page } = await open(t);
  await page.getByText('No open alerts.').waitFor(PATIENCE);
  server.push('alerts', [alert(Date.now(), { severity: 'P1', title: 'Wanted plate near a robbery' })]);
  const row = page.getByRole('option', { name: /Wanted plate near a robbery/ });
  await row.waitFor(PATIENCE);
  assert.match(await row.innerText(), /P1[\s\S]*SIMULATED/);
  assert.equal(await page.locator('[aria-live=assertive]').innerText(), 'New P1 alert: Wanted plate near a robbery');
  await row.click();
  const why = page.getByRole('region', { name: 'Why' });
  await why.getByText('1 look-alike character').click();
  await why.getByText('look_alike', { exact: true }).waitFor(PATIENCE);
  await page.getByText('camera → edge').waitFor(PATIENCE);
  await until(page, () => window.__watchfloor.stats().map?.rendered['alert'] === 1 && window.__watchfloor.stats().map.rendered['selection'] === 1);
  assert.equal(await page.title(), '(1) Watchfloor');
});

test('acknowledging goes to the server once and is shown only when it comes back through the log', async (t) => {
  const raised = alert(Date.now());
  const { server, page } = await open(t, { alerts: [raised] });
  server.silent = true;
  await page.getByRole('option', { name: /Possible stolen/ }).waitFor(PATIENCE);
  await page.keyboard.press('j');
  await page.keyboard.press('a');
  await page.getByLabel('Name').fill('r.diaz');
  await page.keyboard.press('Enter');
  await page.getByRole('option').getByText('saving…').waitFor(PATIENCE);
  await page.keyboard.press('a');
  server.push('alerts', [{ ...raised, event_id: uuid(), rev: 2, status: 'acknowledged', changed_by: 'r.diaz', changed_at: iso(Date.now()) }]);
  await page.getByText('Acknowledged by r.diaz (unverified)').waitFor(PATIENCE);
  assert.equal(server.actions.length, 1);
  const [action] = server.actions;
  assert.match(action.key, /^[0-9a-f-]{36}$/);
  assert.deepEqual({ ...action, key: '' }, { key: '', name: 'alert.acknowledge', subject_id: raised.alert_id, actor: 'r.diaz', note: '' });
});

test('an action that was not saved says so, and the retry is the same action', async (t) => {
  const { server, page } = await open(t, { alerts: [alert(Date.now())] }, { server: { actionStatus: 503 } });
  await named(page);
  await page.reload();
  await page.getByRole('option', { name: /Possible stolen/ }).click(PATIENCE);
  await page.keyboard.press('c');
  await page.getByLabel('What came of it?').fill('A false read');
  await page.getByRole('button', { name: 'Close alert' }).click();
  await page.getByRole('option').getByText('not saved - retry').waitFor(PATIENCE);
  server.actionStatus = 200;
  await page.getByRole('button', { name: 'Retry' }).click();
  await page.getByText('Closed by r.diaz').waitFor(PATIENCE);
  assert.deepEqual(server.actions[1], server.actions[0]);
  assert.equal(server.actions[0].note, 'A false read');
});

test('the list does not move under a hand: new alerts wait behind a button', async (t) => {
  const { server, page } = await open(t, { alerts: [alert(Date.now(), { title: 'the first' })] });
  await page.getByRole('option', { name: /the first/ }).waitFor(PATIENCE);
  await page.keyboard.press('j');
  server.push('alerts', [alert(Date.now(), { severity: 'P1', title: 'a graver one' })]);
  await page.getByRole('button', { name: /1 new alert/ }).waitFor(PATIENCE);
  assert.equal(await page.getByRole('option').count(), 1);
  await page.keyboard.press('.');
  await page.getByRole('option', { name: /a graver one/ }).waitFor(PATIENCE);
  assert.match(await page.getByRole('option').first().innerText(), /a graver one/);
});

test('five thousand alerts are a list of a few dozen elements', async (t) => {
  const now = Date.now();
  const { page } = await open(t, { alerts: Array.from({ length: 5000 }, (_, i) => alert(now - i * 1000, { title: `alert ${i}` })) });
  await page.getByRole('option', { name: /alert 0\b/ }).waitFor(PATIENCE);
  assert.ok((await page.getByRole('option').count()) < 60);
  await page.getByRole('listbox').focus();
  await page.keyboard.press('End');
  await page.getByRole('option', { name: /alert 4999/ }).waitFor(PATIENCE);
  assert.equal(await page.getByRole('option', { name: /alert 4999/ }).getAttribute('aria-posinset'), '5000');
});

test('when the server goes, nothing is shown as live; when it is back, nothing is missing and nothing came twice', async (t) => {
  const { server, page, stats } = await open(t, { alerts: [alert(Date.now())] });
  server.push('alerts', [alert(Date.now()), alert(Date.now())]);
  await until(page, () => window.__watchfloor.stats().positions.alerts === 3);
  await server.stop();
  await page.getByText(/NO LIVE DATA since \d\d:\d\d:\d\d/).waitFor(PATIENCE);
  assert.ok(['reconnecting', 'offline'].includes(await page.locator('.badge').getAttribute('data-level')));
  assert.match(await page.locator('.pane .map').evaluate((node) => getComputedStyle(node).filter), /grayscale\(1\)/);
  const missed = [alert(Date.now()), alert(Date.now())];
  server.push('alerts', missed);
  await server.start();
  await until(page, () => window.__watchfloor.stats().positions.alerts === 5);
  await page.getByText(/NO LIVE DATA/).waitFor({ state: 'hidden', ...PATIENCE });
  const { feed, alertIds } = await stats();
  assert.deepEqual(server.welcomes, ['snapshot', 'resume']);
  assert.deepEqual([feed.resumes, feed.gaps, feed.duplicates], [1, 0, 0]);
  assert.equal(new Set(alertIds).size, 5);
  assert.ok(missed.every((row) => alertIds.includes(row.alert_id)));
});

test('a lost delta is noticed and made good by a snapshot', async (t) => {
  const { server, page, stats } = await open(t);
  await until(page, () => window.__watchfloor.stats().positions.alerts === 0);
  server.loseNext('alerts', [alert(Date.now(), { title: 'lost on the way' })]);
  server.push('alerts', [alert(Date.now(), { title: 'the next one' })]);
  await page.getByRole('option', { name: /lost on the way/ }).waitFor(PATIENCE);
  assert.deepEqual(server.resyncs, ['alerts']);
  assert.equal((await stats()).feed.gaps, 1);
});

test('a server that falls silent is taken for lost though the connection stays open', async (t) => {
  const { server, page } = await open(t);
  server.freeze();
  await page.getByText(/NO LIVE DATA since/).waitFor(PATIENCE);
});

test('camera health is told by words and shapes, and an old report is not believed', async (t) => {
  const estate = cameras(3);
  const now = Date.now();
  const { page } = await open(t, {
    cameras: estate,
    health: [health('cam-0', 'frozen', now), health('cam-1', 'ok', now - 31_000)],
  });
  await page.getByRole('tab', { name: /Cameras/ }).click();
  await page.getByRole('option', { name: /no report yet/ }).waitFor(PATIENCE);
  const texts = await page.getByRole('option').allInnerTexts();
  assert.match(texts[0], /stopped/);
  assert.match(texts[1], /report is out of date/);
});

test('letters can be turned off, and the help says which there are', async (t) => {
  const { page } = await open(t, { alerts: [alert(Date.now())] });
  await page.getByRole('option').first().waitFor(PATIENCE);
  await page.keyboard.press('?');
  await page.getByLabel('Single-letter keys are on').uncheck();
  await page.keyboard.press('Escape');
  await page.keyboard.press('j');
  assert.equal(await page.locator('[role=option][aria-selected=true]').count(), 0);
  await page.getByRole('listbox').focus();
  await page.keyboard.press('ArrowDown');
  assert.equal(await page.locator('[role=option][aria-selected=true]').count(), 1);
});

test('the ledger names a gap by source and minute, in words, and passes axe', async (t) => {
  const row = (state, more) => ({
    event_type: 'plate_read', source: 'rekor/east', minute: iso(Date.now() - 60_000), accepted: 3, logged: 3, stored: 3, processed: 3,
    alerts_due: 2, alerts_raised: 2, state, why: 'all hops agree', gaps: [], ...more,
  });
  const gap = { hop: 'stored', count: 1, event_ids: ['7d1f'], why: '' };
  const rows = [row('gap', { stored: 2, why: '1 in the log and not stored', gaps: [gap] }), row('balanced', { source: 'rekor/west' })];
  const { server, page } = await open(t);
  await page.getByRole('link', { name: 'Ledger' }).click();
  await page.getByText('has not been judged yet').waitFor(PATIENCE);
  server.ledger = { ...server.ledger, judged_at: iso(Date.now()), states: { gap: 1, balanced: 1 }, rows };
  await page.getByRole('button', { name: 'Refresh' }).click();
  await page.getByText('1 event is missing').waitFor(PATIENCE);
  const line = page.getByRole('row', { name: /Gap .* rekor\/east plate read 3 3 2/ });
  assert.match(await line.innerText(), /not stored: 7d1f/);
  await check(page);
  server.ledger = null;
  await page.getByRole('button', { name: 'Refresh' }).click();
  await page.getByRole('alert').getByText('The ledger cannot be shown').waitFor(PATIENCE);
  assert.equal(await line.count(), 1);
});

test('dead letters are listed and given back', async (t) => {
  const letter = {
    event_id: uuid(), occurred_at: iso(Date.now()), reason: 'invalid_field', step: 'decode', source: 'processor/sightings',
    error: 'Expected `float` <= 1.0 - at `$.confidence`', topic: 'rtcc.lpr.plate-read.v1', partition: 2, offset: 1041, index: 3, size: 18, code_version: '0.1.0',
  };
  const { server, page } = await open(t, {}, { server: { deadLetters: [letter] } });
  await page.getByRole('link', { name: 'Dead letters' }).click();
  await page.getByRole('cell', { name: 'rtcc.lpr.plate-read.v1 [2] 1041' }).waitFor(PATIENCE);
  await page.getByRole('button', { name: /Replay/ }).click();
  await page.getByText('given back').waitFor(PATIENCE);
  assert.deepEqual(server.replayed, [letter.event_id]);
});

for (const [name, viewport] of [['a desk', { width: 1280, height: 720 }], ['a window of 320 pixels', { width: 320, height: 640 }], ['a desk at 200 %', { width: 640, height: 360 }]]) {
  test(`${name}: no serious fault of accessibility, nothing cut off sideways`, async (t) => {
    const { page } = await open(t, busyCity(), { page: { viewport } });
    await page.getByRole('option').first().click(PATIENCE);
    await page.getByRole('region', { name: 'Why' }).waitFor(PATIENCE);
    await check(page);
    for (const tab of ['Calls', 'Reads', 'Cameras', 'Zones']) {
      await page.getByRole('tab', { name: tab }).click();
      await check(page);
    }
    await page.getByRole('button', { name: 'Help and keys' }).click();
    await check(page);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: /newest data/ }).click();
    await check(page);
    await page.getByRole('link', { name: 'Dead letters' }).click();
    await page.getByText('No dead letters.').waitFor(PATIENCE);
    await check(page);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(wide, 0);
    if (viewport.width < 860) {
      await page.getByRole('link', { name: 'Map' }).click();
      const small = await page.locator('button:visible').evaluateAll((buttons) =>
        buttons.filter((b) => b.getBoundingClientRect().height < 43.5).map((b) => b.innerText));
      assert.deepEqual(small, []);
    }
  });
}

const axe = await readFile(AXE, 'utf8');
async function check(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  const grave = found.violations.filter((v) => ['serious', 'critical'].includes(v.impact));
  assert.deepEqual(grave.map((v) => [v.id, v.nodes.map((n) => n.html.slice(0, 160))]), []);
}
