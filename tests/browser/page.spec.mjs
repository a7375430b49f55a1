/** The built page in a real browser, against a stand-in server: `npm run test:browser` in dashboards/web. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { check } from './axe.mjs';
import { launch, openPage } from './browser.mjs';
import { alert, busyCity, cameras, health, incident, iso, mapLayer, sighting, uuid } from './city.mjs';
import { FakeServer, NOBODY } from './fake_server.mjs';

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
/** A page that is looked at now and then. */
async function more(page, name) {
  await page.getByRole('navigation', { name: 'Pages' }).locator('.opener').click();
  await page.getByRole('link', { name, exact: true }).click();
}
const named = (page) => page.evaluate(() => localStorage.setItem('watchfloor.actor', 'r.diaz'));

test('the map draws basemap, labels, cameras and sightings, and asks no other origin for anything', async (t) => {
  const { server, page, seen, stats } = await open(t, {}, { page: { viewport: { width: 900, height: 500 } } });
  const [camera] = cameras(1);
  await until(page, () => window.__watchfloor.stats().map?.basemap === 'shown');
  await until(page, () => window.__watchfloor.stats().map.inView.cameras > 5);
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
  await until(page, () => window.__watchfloor.stats().map.inView.cameras > 5);
});

test('the whole estate stays in sight while it comes in pieces, until somebody moves the map', async (t) => {
  const place = (from, count, lon) => cameras(from + count).slice(from).map((camera, i) => ({ ...camera, lat: 29.96, lon: lon + 0.002 * i }));
  const { server, page, stats } = await open(t, { cameras: place(0, 5, -90.1) });
  const inView = (count) => until(page, (n) => window.__watchfloor.stats().map?.inView.cameras === n, count);
  await inView(5);
  server.push('cameras', place(5, 5, -89.9));
  await inView(10);

  await page.getByRole('region', { name: 'Map' }).last().focus();
  const before = (await stats()).map.place;
  await page.keyboard.press('ArrowUp');
  await until(page, (lat) => window.__watchfloor.stats().map.place.lat !== lat, before.lat);
  server.push('cameras', place(10, 5, -89.5));
  await until(page, () => window.__watchfloor.stats().map.cameras === 15);
  assert.equal((await stats()).map.place.zoom, before.zoom);
});

test('check 16: an added layer comes without reload, has its switch by keyboard, and goes as it came', async (t) => {
  const { server, page, seen } = await open(t, {}, { server: { layerFiles: { 'routes-0123456789ab.pmtiles': '/maps/demo-nola.pmtiles' } } });
  await until(page, () => window.__watchfloor.stats().map?.ready);
  const loads = server.requests.filter((path) => path === '/').length;
  const drawn = () => Object.entries(window.__watchfloor.stats().map.rendered).some(([id, n]) => id.startsWith('added-routes') && n > 0);
  const added = mapLayer(Date.now(), 'routes', { title: 'Patrol <b>routes</b>', attribution: 'City GIS' });
  server.push('layers', [added]);
  await until(page, drawn);
  await until(page, () => window.__watchfloor.stats().map.layers.routes === 'shown');
  assert.match(await page.locator('.attribution').innerText(), /DEMO BASEMAP.*City GIS/);

  await page.getByText('Layers (1)').focus();
  await page.keyboard.press('Enter');
  const control = page.getByRole('checkbox', { name: 'Patrol <b>routes</b>' });
  await page.keyboard.press('Tab');
  assert.ok(await control.evaluate((box) => box === document.activeElement));
  await page.keyboard.press('Space');
  await until(page, () => !('routes' in window.__watchfloor.stats().map.layers));
  assert.equal(await page.evaluate(drawn), false);
  await page.keyboard.press('Space');
  await until(page, drawn);
  await check(page);

  server.push('layers', [{ ...added, event_id: uuid(), changed_at: iso(Date.now() + 1000), removed: true }]);
  await until(page, () => !('routes' in window.__watchfloor.stats().map.layers));
  await control.waitFor({ state: 'detached', ...PATIENCE });
  assert.equal(server.requests.filter((path) => path === '/').length, loads, 'the page was not loaded again');
  assert.deepEqual({ foreign: seen.foreign, policy: seen.policy, errors: seen.errors }, { foreign: [], policy: [], errors: [] });
});

test('check 15: a layer whose file is missing is named, and alerts still work', async (t) => {
  const { server, page } = await open(t);
  await until(page, () => window.__watchfloor.stats().map?.ready);
  server.push('layers', [mapLayer(Date.now(), 'city', { title: 'City map', kind: 'basemap', attribution: 'Parish' })]);
  await page.getByText('The file of the map layer City map cannot be read').waitFor(PATIENCE);
  server.push('alerts', [alert(Date.now(), { severity: 'P1', title: 'Wanted plate near a robbery' })]);
  await page.getByRole('option', { name: /Wanted plate near a robbery/ }).waitFor(PATIENCE);
  await until(page, () => window.__watchfloor.stats().map.rendered['alert'] > 0);
  // The made-up streets come back when a person chooses them, and only then.
  assert.equal(await page.getByText('DEMO BASEMAP').count(), 0);
  await page.getByText('Layers (1)').click();
  await page.getByRole('radio', { name: 'Demo city' }).check();
  await page.getByText('DEMO BASEMAP').waitFor(PATIENCE);
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

test('the picture of the read is shown from this server, and a misread can say what the plate is', async (t) => {
  const read = uuid();
  const raised = alert(Date.now(), { triggers: [read] });
  const { server, page, seen } = await open(t, { alerts: [raised] });
  server.images[read] = { state: 'fetched', reason: '', picture: `/api/images/${read}/picture` };
  server.silent = true;
  await named(page);
  await page.reload();
  await page.getByRole('option', { name: /Possible stolen/ }).click(PATIENCE);
  const picture = page.getByRole('img', { name: /as its camera took it/ });
  await picture.waitFor(PATIENCE);
  assert.equal(await picture.evaluate((image) => image.decode().then(() => image.naturalWidth)), 1);
  await page.getByRole('button', { name: 'Misread', exact: true }).click();
  await page.getByLabel(/The plate in the picture/).fill('abc-128');
  await check(page);
  await page.getByRole('button', { name: 'Save as misread' }).click();
  await until(page, () => document.querySelector('.verdicts button')?.disabled);
  assert.deepEqual(server.actions.map(({ name, verdict, true_plate }) => ({ name, verdict, true_plate })), [{ name: 'alert.judge', verdict: 'misread', true_plate: 'abc-128' }]);
  assert.deepEqual(seen.foreign, []);
});

test('an action that was not saved says so, and the retry is the same action', async (t) => {
  const { server, page } = await open(t, { alerts: [alert(Date.now())] }, { server: { actionStatus: 503 } });
  await named(page);
  await page.reload();
  await page.getByRole('option', { name: /Possible stolen/ }).click(PATIENCE);
  await page.keyboard.press('c');
  await page.getByLabel('Note').fill('A false read');
  await page.getByRole('button', { name: 'Close alert' }).click();
  await page.getByRole('option').getByText('not saved - retry').waitFor(PATIENCE);
  server.actionStatus = 200;
  await page.getByRole('button', { name: 'Retry' }).click();
  await page.getByText('Closed by r.diaz').waitFor(PATIENCE);
  assert.deepEqual(server.actions[1], server.actions[0]);
  assert.equal(server.actions[0].note, 'A false read');
});

test('what came of an alert is said by one digit while it is closed, and stands beside it', async (t) => {
  const { server, page } = await open(t, { alerts: [alert(Date.now())] });
  await named(page);
  await page.reload();
  await page.getByRole('option', { name: /Possible stolen/ }).click(PATIENCE);
  await page.keyboard.press('c');
  await page.getByRole('radio', { name: 'Useful' }).and(page.locator(':focus')).waitFor(PATIENCE);
  await check(page);
  await page.keyboard.press('1');
  await page.keyboard.press('2');
  assert.equal(await page.getByRole('radio', { name: 'False' }).isChecked(), true);
  await page.keyboard.press('Enter');
  await page.getByText(/Closed by r\.diaz[^]*ago, false/).waitFor(PATIENCE);
  assert.deepEqual(server.actions.map(({ name, note, details }) => ({ name, note, details })), [{ name: 'alert.close', note: '', details: { outcome: 'false' } }]);
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
  await page.getByRole('button', { name: 'Show each alert' }).click(PATIENCE);
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

test('a6 two incidents are joined by keys with a reason, who was too late is told, and it is undone', async (t) => {
  const now = Date.now();
  const here = incident(now - 60_000, { call_ids: ['b'] });
  const first = incident(now - 120_000, { kind: 'SHOTS FIRED', lat: 29.9631, call_ids: ['a'], priority: 5 });
  const { server, page } = await open(t, { incidents: [here, first] }, { page: { viewport: { width: 1280, height: 720 } } });
  server.silent = true;
  await named(page);
  await page.reload();
  await page.getByRole('tab', { name: /Calls/ }).click();
  await page.getByRole('option', { name: /ARMED ROBBERY/ }).click(PATIENCE);
  const join = async () => {
    await page.keyboard.press('i');
    await page.keyboard.press('Space');
    await page.getByLabel('Why they are one').fill('same car, same street');
    await page.keyboard.press('Enter');
  };
  await page.keyboard.press('i');
  await page.getByRole('radio', { name: /SHOTS FIRED, 120 m, opened 2 min ago, priority 5, 1 call/ }).waitFor(PATIENCE);
  await check(page);
  await page.keyboard.press('Escape');
  const opener = page.getByRole('button', { name: /Join with/ });
  assert.ok(await opener.evaluate((button) => button === document.activeElement));

  await join();
  await page.getByText('Saving…').waitFor(PATIENCE);
  assert.ok(await opener.evaluate((button) => button === document.activeElement));
  const { key, ...action } = server.actions[0];
  const details = { into: first.incident_id, expected_rev: '1' };
  assert.deepEqual(action, { name: 'incident.merge', subject_id: here.incident_id, actor: 'r.diaz', note: 'same car, same street', details });
  const refused = [{ action_id: key, name: 'incident.merge', actor: 'r.diaz', why: 'changed_meanwhile', first_by: 'c.kim', at: iso(now) }];
  server.push('incidents', [{ ...here, rev: 2, actions: [key], refused }]);
  await page.getByText('Not done: it was changed meanwhile by c.kim. Look at it as it is now').waitFor(PATIENCE);

  await join();
  await until(page, () => document.body.innerText.includes('Saving…'));
  const caller = (call_id, kind, gives_kind) => ({ call_id, kind, gives_kind, received_at: iso(now), why: '', told: [] });
  server.callers = [caller('a', 'SHOTS FIRED', true), caller('b', 'ARMED ROBBERY WITH GUN', false)];
  const told = { changed_by: 'r.diaz', changed_at: iso(now), note: 'same car, same street' };
  const part = { ...here, ...told, rev: 3, stage: 'merged', status: 'closed', merged_into: first.incident_id, actions: [key, server.actions[1].key] };
  server.push('incidents', [part, { ...first, rev: 2, call_ids: ['a', 'b'] }]);
  await page.getByText('Joined. If it was wrong').waitFor(PATIENCE);
  await page.getByText('Kind from call a; others said ARMED ROBBERY WITH GUN (b)').waitFor(PATIENCE);
  await page.getByText(/joined by r.diaz .*same car, same street/).waitFor(PATIENCE);

  await page.getByRole('button', { name: 'Undo: take ARMED ROBBERY WITH GUN out again' }).press('Enter');
  await page.getByLabel('Why they are not one').fill('another car');
  await check(page);
  server.actionStatus = 503;
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText('the broker did not confirm').waitFor(PATIENCE);
  server.actionStatus = 200;
  await page.keyboard.press('Enter');
  await until(page, () => document.activeElement?.id === 'detail-title');
  const undone = server.actions.at(-1);
  assert.deepEqual([undone.name, undone.subject_id, undone.note, undone.details], ['incident.unmerge', here.incident_id, 'another car', { expected_rev: '3' }]);
  server.push('incidents', [{ ...part, rev: 4, stage: 'opened', status: 'open', merged_into: null, actions: [undone.key] }, { ...first, rev: 3 }]);
  await page.getByText('Taken out again, with its calls.').waitFor(PATIENCE);
});

test('the ledger names a gap by source and minute, in words, and passes axe', async (t) => {
  const row = (state, more) => ({
    event_type: 'plate_read', source: 'rekor/east', minute: iso(Date.now() - 60_000), accepted: 3, logged: 3, stored: 3, processed: 3,
    alerts_due: 2, alerts_raised: 2, state, why: 'all hops agree', gaps: [], ...more,
  });
  const gap = { hop: 'stored', count: 1, event_ids: ['7d1f'], why: '' };
  const rows = [row('gap', { stored: 2, why: '1 in the log and not stored', gaps: [gap] }), row('balanced', { source: 'rekor/west' })];
  const { server, page } = await open(t);
  await more(page, 'Ledger');
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

test('noise is shown with its evidence, taken back by a person, and passes axe', async (t) => {
  const row = {
    noise_id: 'C1/EXIT', camera_id: 'C1', plate: 'EXIT', is_noise: true, is_learnt: true, changed_at: iso(Date.now()), changed_by: '',
    reason: 'Read here in 24 of 72 hours, 1,440 times.', hours: 24, reads: 1440, fewest_in_an_hour: 58, most_in_an_hour: 61,
    doubts: ['a word of signs'], synthetic: false,
  };
  const { server, page } = await open(t, {}, { server: { noise: [row] } });
  await more(page, 'Noise');
  await page.getByText('read 1,440 times in 24 of 72 hours, 58 to 61 an hour').waitFor(PATIENCE);
  await check(page);
  await page.getByRole('button', { name: 'EXIT at C1 is not noise' }).click();
  const name = page.getByLabel('Name');
  await name.waitFor(PATIENCE);
  await name.fill('r.diaz');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('a plate from now on').waitFor(PATIENCE);
  assert.equal(server.noiseSaid.length, 1);
  const { camera_id, plate, is_noise, actor } = server.noiseSaid[0];
  assert.deepEqual({ camera_id, plate, is_noise, actor }, { camera_id: 'C1', plate: 'EXIT', is_noise: false, actor: 'r.diaz' });
});

test('precision tells shares with their intervals, is asked anew by keyboard, and passes axe', async (t) => {
  const row = {
    name: 'C1', alerts: 15, judged: 10, correct: 9, wrong_state: 0, misread: 1, list_wrong: 0, other: 2, published: 4,
    precision: 0.9, low: 0.6, high: 0.98,
  };
  const unjudged = { ...row, name: 'C9', judged: 0, correct: 0, misread: 0, other: 0, published: 0, precision: null, low: 0, high: 1 };
  const { server, page } = await open(t);
  await more(page, 'Precision');
  await page.getByText('No alert about a plate was raised or judged in 90 days. Simulated ones are left out.').waitFor(PATIENCE);
  const rule = { rule: 'camera_stopped', raised: 20, waiting: 2, escalated: 5, taken_p50_s: 45, taken_p95_s: 190, closed: 9, useful: 3, false: 4, duplicate: 1, test: 0, unsaid: 1, share_useful: 0.43, low: 0.16, high: 0.75 };
  server.precision = { ...server.precision, rows: [row, unjudged], rules: [rule] };
  await page.getByLabel('simulated alerts, too').focus();
  await page.keyboard.press('Space');
  await page.getByRole('row', { name: /C1 15 10 9 1 2 90 % 60 % to 98 % with 4 of 10 1 misread/ }).waitFor(PATIENCE);
  await page.getByRole('row', { name: /C9 15 0 0 0 0 – nobody judged no/ }).waitFor(PATIENCE);
  await page.getByRole('row', { name: 'camera stopped 20 2 5 45 s 3 min 9 3 4 1 0 1 43 % (16 % to 75 %)' }).waitFor(PATIENCE);
  await check(page);
  server.precision = null;
  await page.getByRole('button', { name: 'Refresh' }).click();
  await page.getByRole('alert').getByText('The store cannot be reached now').waitFor(PATIENCE);
  assert.equal(await page.getByRole('row', { name: /C1 15 10/ }).count(), 1);
  await page.getByLabel('By', { exact: false }).and(page.locator('select')).selectOption('rule');
  await page.getByRole('row').first().waitFor({ ...PATIENCE, state: 'detached' });
  assert.deepEqual(server.precisionAsked.at(-1), '?by=rule&days=90&simulated=true');
});

test('check 28: a plate search asks what for first, is walked through by keys, and its file is asked of the server', async (t) => {
  const now = Date.now();
  const [first, second] = cameras(2);
  const found = (camera, minutes, over = {}) => ({
    event_id: uuid(), occurred_at: iso(now - minutes * 60_000), plate: 'ABC123', plate_region: 'us-la', confidence: 0.94,
    camera_id: camera.camera_id, camera: camera.name, lat: camera.lat, lon: camera.lon, heading_deg: null, make: 'toyota', model: '',
    colour: 'white', body: '', image_ref: '', source: 'rekor/east', synthetic: false, hits: [], ...over,
  });
  const hits = [{ list_id: 'stolen', entry_id: 'S-1', kind: 'stolen_vehicle', match: 'exact', severity: 'P2' }];
  const reads = [found(first, 5), found(second, 10, { hits }), found(first, 15, { plate: 'A8C123' })];
  const { server, page, seen } = await open(t, {}, { page: { viewport: { width: 1280, height: 800 } } });
  server.plates = { search: uuid(), begin: iso(now - 86_400_000), end: iso(now), reads, is_cut: false, unsaid: 0, oldest: iso(now - 9 * 86_400_000), kept_days: null };
  await named(page);
  await page.reload();
  await until(page, () => window.__watchfloor?.stats().feed.phase === 'open');
  await page.keyboard.press('g');
  await page.keyboard.press('p');
  await page.getByRole('heading', { name: 'Plate search' }).waitFor(PATIENCE);
  const plate = page.getByLabel('Plate', { exact: true });
  const button = page.getByRole('button', { name: 'Search', exact: true });
  assert.ok(await plate.isDisabled());
  assert.ok(await button.isDisabled());
  await page.keyboard.press('/');
  await page.getByLabel('What for').selectOption('stolen_vehicle');
  await page.getByLabel('Case or incident').fill('26-0112');
  assert.ok(await plate.isDisabled());
  await page.getByLabel('Why, in words').fill('taken from Canal Street');
  await page.getByLabel('Why, in words').blur();
  await page.keyboard.press('/');
  assert.ok(await plate.evaluate((input) => input === document.activeElement));
  await plate.fill('a?c123');
  await page.keyboard.press('Enter');
  await page.getByText('3 reads in 24 h').waitFor(PATIENCE);
  assert.equal(server.searched.length, 1);
  const { actor, purpose_code, reference, purpose, plate: pattern, look_alikes } = server.searched[0];
  assert.deepEqual(
    { actor, purpose_code, reference, purpose, pattern, look_alikes },
    { actor: 'r.diaz', purpose_code: 'stolen_vehicle', reference: '26-0112', purpose: 'taken from Canal Street', pattern: 'a?c123', look_alikes: false },
  );
  await until(page, () => window.__watchfloor.stats().map?.rendered['trail-point'] === 2 && window.__watchfloor.stats().map.rendered['trail-line'] > 0);
  await page.locator('h1').click();
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  const row = page.locator('tr.selected');
  assert.match(await row.innerText(), /stolen \(stolen vehicle, exact\)/);
  assert.ok(await row.getByRole('button', { name: 'ABC123', exact: true }).evaluate((one) => one === document.activeElement));
  await until(page, () => window.__watchfloor.stats().map?.rendered['selection'] === 1);
  await page.keyboard.press('x');
  await page.getByText('1 left out.').waitFor(PATIENCE);
  await check(page);
  const [download] = await Promise.all([page.waitForEvent('download', PATIENCE), page.keyboard.press('Control+e')]);
  assert.equal(download.suggestedFilename(), 'plate-reads-1.csv');
  assert.deepEqual(server.exported, [{ search: server.plates.search, actor: 'r.diaz', excluded: [reads[1].event_id] }]);
  await page.getByText('2 reads are in plate-reads-1.csv').waitFor(PATIENCE);

  server.plates = null;
  await button.click();
  await page.getByRole('alert').getByText('Not searched: The log did not confirm').waitFor(PATIENCE);
  assert.deepEqual(seen, { foreign: [], errors: [], policy: [] });
});

test('whoever makes a file is asked for the password again when it was shown long ago, and the file is made', { timeout: 120_000 }, async (t) => {
  const now = Date.now();
  const { server, page } = await open(t);
  const rights = ['act', 'calls', 'search_plates', 'see'];
  server.session = { ...NOBODY, account: 'r.diaz', name: 'R. Diaz', roles: ['monitor'], rights, areas: ['district-8'], ends_at: now / 1000 + 3600 };
  const read = {
    event_id: uuid(), occurred_at: iso(now), plate: 'ABC123', plate_region: '', confidence: 0.9, camera_id: 'c', camera: 'c', lat: null, lon: null,
    heading_deg: null, make: '', model: '', colour: '', body: '', image_ref: '', source: 'rekor/east', synthetic: false, hits: [],
  };
  server.plates = { search: uuid(), begin: iso(now - 86_400_000), end: iso(now), reads: [read], is_cut: false, unsaid: 0, oldest: null, kept_days: null };
  server.isProofOld = true;
  await page.evaluate(() => (location.hash = '#/plates'));
  await page.reload();
  await page.getByText('only district-8').waitFor(PATIENCE);
  await page.getByLabel('What for').selectOption('stolen_vehicle');
  await page.getByLabel('Case or incident').fill('26-0112');
  await page.getByLabel('Why, in words').fill('taken from Canal Street');
  await page.getByLabel('Plate', { exact: true }).fill('ABC123');
  await page.keyboard.press('Enter');
  await page.getByText('1 read in 24 h').waitFor(PATIENCE);
  await page.keyboard.press('Control+e');
  const password = page.getByLabel('Password of r.diaz');
  await password.waitFor(PATIENCE);
  await check(page);
  assert.ok(await password.evaluate((one) => one === document.activeElement));
  await page.keyboard.press('Escape');
  await page.getByRole('alert').getByText('No file was made').waitFor(PATIENCE);
  await page.keyboard.press('Control+e');
  await password.fill('wrong');
  await page.keyboard.press('Enter');
  await page.getByText('code is not right').waitFor(PATIENCE);
  assert.ok(await password.evaluate((one) => one === document.activeElement), 'to be typed again');
  assert.equal(server.exported.length, 0);
  await password.fill('right');
  const [download] = await Promise.all([page.waitForEvent('download', PATIENCE), page.keyboard.press('Enter')]);
  assert.equal(download.suggestedFilename(), 'plate-reads-1.csv');
  await page.getByText('1 reads are in plate-reads-1.csv').waitFor(PATIENCE);
  assert.equal(server.exported.length, 1);
});

test('the audit is filtered and walked through by keys, and says that looking is recorded', async (t) => {
  const deed = (what, over = {}) => ({
    event_id: uuid(), at: iso(Date.now()), who: 'r.diaz', what, subject: 'search:1', why: 'taken from Canal Street',
    details: { plate: 'AB?123', purpose_code: 'stolen_vehicle', reference: '26-0112' }, source: 'server/web', synthetic: false, seal: 7, ...over,
  });
  const { server, page } = await open(t, {}, { page: { viewport: { width: 1280, height: 720 } } });
  server.audit = [deed('search.plate'), deed('hotlist.load', { who: '', why: '', details: { entries: '3' }, source: 'hotlist/csv', subject: 'stolen' })];
  await named(page);
  await page.reload();
  await until(page, () => window.__watchfloor?.stats().feed.phase === 'open');
  await page.keyboard.press('g');
  await page.keyboard.press('u');
  await page.getByText('That you looked is recorded.').waitFor(PATIENCE);
  await page.getByRole('cell', { name: 'stolen vehicle, 26-0112' }).waitFor(PATIENCE);
  await page.getByRole('cell', { name: 'by hotlist/csv' }).waitFor(PATIENCE);
  await page.locator('h1').click();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.getByText('plate AB?123', { exact: true }).waitFor(PATIENCE);
  await check(page);
  await page.keyboard.press('/');
  await page.keyboard.type('diaz');
  await page.keyboard.press('Enter');
  await until(page, (count) => document.querySelector('main [role=status]')?.textContent?.trim() === '' && count > 0, server.audited.length);
  assert.equal(server.audited.at(-1).get('who'), 'diaz');
  assert.equal(server.audited.at(-1).get('actor'), 'r.diaz');
  server.audit = null;
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await page.getByRole('alert').getByText('The audit cannot be shown').waitFor(PATIENCE);
});

test('nothing is shown or asked for before somebody signs in, nor while the session is locked; the place is kept', async (t) => {
  const server = new FakeServer({ cameras: cameras(12), alerts: [alert(Date.now(), { title: 'Stolen vehicle' })] });
  server.session = { ...NOBODY, notice: 'Authorised use only.' };
  await server.start();
  t.after(() => server.stop());
  const opened = await openPage(browser, server.url, { viewport: { width: 1280, height: 720 } });
  t.after(() => opened.close());
  const { page } = opened;
  const box = (name) => page.getByLabel(name, { exact: true });
  await page.getByText('Authorised use only.').waitFor(PATIENCE);
  assert.equal(await page.getByRole('link', { name: /Sign in with/ }).count(), 0);
  server.session = { ...server.session, provider: 'the City' };
  await page.reload();
  const provider = page.getByRole('link', { name: 'Sign in with the City' });
  await provider.waitFor(PATIENCE);
  assert.equal(await provider.getAttribute('href'), '/api/session/oidc');
  await check(page);
  assert.deepEqual(server.hellos, []);
  assert.equal(await page.locator('header').count(), 0);

  await box('Account').fill('r.diaz');
  await box('Password').fill('wrong');
  await box('Code of your authenticator').fill('123456');
  await page.keyboard.press('Enter');
  await page.getByText('Name, password or code is not right.').waitFor(PATIENCE);
  assert.equal(await page.locator('header').count(), 0);
  await box('Password').fill('right');
  await box('Code of your authenticator').fill('123456');
  await page.keyboard.press('Enter');
  await page.getByRole('option').first().click(PATIENCE);
  await page.getByRole('region', { name: 'Why' }).waitFor(PATIENCE);
  assert.match(server.hellos.at(-1).ticket, /^ticket-/);
  await page.getByTitle('Signed in as r.diaz: monitor').waitFor(PATIENCE);
  await check(page);

  await page.getByRole('button', { name: 'Lock' }).click();
  await page.getByRole('heading', { name: 'This session is locked' }).waitFor(PATIENCE);
  assert.equal(await page.getByRole('navigation', { name: 'Pages' }).isVisible(), false);
  assert.equal(await page.getByText('Stolen vehicle').first().isVisible(), false);
  assert.equal(await box('Account').inputValue(), 'r.diaz');
  await check(page);
  await box('Password').fill('right');
  await box('Code of your authenticator').fill('234567');
  await page.keyboard.press('Enter');
  await page.getByRole('region', { name: 'Why' }).waitFor(PATIENCE);
});

test('dead letters are listed and given back', async (t) => {
  const letter = {
    event_id: uuid(), occurred_at: iso(Date.now()), reason: 'invalid_field', step: 'decode', source: 'processor/sightings',
    error: 'Expected `float` <= 1.0 - at `$.confidence`', topic: 'rtcc.lpr.plate-read.v1', partition: 2, offset: 1041, index: 3, size: 18, code_version: '0.1.0',
  };
  const { server, page } = await open(t, {}, { server: { deadLetters: [letter] } });
  await more(page, 'Dead letters');
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
    await more(page, 'Dead letters');
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
