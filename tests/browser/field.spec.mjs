/** The field page on a phone, against a stand-in server: check 30, 320 px, no line, sign-in, and axe in both themes. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { checkAll } from './axe.mjs';
import { launch, openPage } from './browser.mjs';
import { alert, incident, iso, namedUnit, uuid } from './city.mjs';
import { FakeServer, NOBODY } from './fake_server.mjs';

/** Waits are for a state, never for a time; this is when to give up. */
const PATIENCE = { timeout: 60_000 };
const PHONE = { viewport: { width: 412, height: 915 }, hasTouch: true, isMobile: true };
const ACTOR = 'watchfloor.actor';

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const until = (page, check, argument) => page.waitForFunction(check, argument, PATIENCE);
const live = (page) => until(page, () => window.__watchfloor?.stats().live);
const tab = (page, name) => page.getByRole('navigation').getByRole('button', { name: new RegExp(`^${name}`) }).click(PATIENCE);

function city(now = Date.now()) {
  return {
    alerts: [
      alert(now - 9_000, { severity: 'P1', title: 'Wanted plate KLM404 near a robbery' }),
      alert(now - 60_000, { title: 'Possible stolen vehicle TRX118', subject: 'TRX118' }),
      alert(now - 90_000, { title: 'Possible stolen vehicle QWE321', subject: 'QWE321' }),
    ],
    incidents: [incident(now - 100_000, { units: ['801A'] }), incident(now - 200_000, { kind: 'MEDICAL', priority: 5, address: '01XX Elm St', lat: 29.94 })],
    units: [namedUnit(now, '801A')],
  };
}

async function open(t, { given = city(), server: settings = {}, page: how = {} } = {}) {
  const server = new FakeServer(given);
  Object.assign(server, settings);
  await server.start();
  t.after(() => server.stop());
  const opened = await openPage(browser, `${server.url}field`, { ...PHONE, ...how });
  t.after(() => opened.close());
  return { server, given, ...opened };
}

/** A phone whose person has said who they are, with the copy of the page whole. */
async function ready(t, options) {
  const opened = await open(t, options);
  const { page } = opened;
  await live(page);
  await until(page, () => window.__watchfloor.stats().copy === 'ready');
  await page.evaluate((name) => localStorage.setItem(name, 'r.diaz'), ACTOR);
  await page.reload();
  await live(page);
  return opened;
}

/** Everything that a finger is to hit and that is smaller than 44 px. */
const tooSmall = (page) => page.evaluate(() =>
  [...document.querySelectorAll('.field button, .field a, .field input:not([type=checkbox]), .field textarea, .field label.check')]
    .filter((one) => one.checkVisibility())
    .map((one) => ({ what: one.ariaLabel ?? one.textContent.trim(), ...one.getBoundingClientRect().toJSON() }))
    .filter(({ width, height }) => width < 44 || height < 44));

test('check 30: on a slow phone an alert is taken with one tap, and every target is 44 px', async (t) => {
  const { server, page, seen } = await ready(t);
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  const bar = page.getByRole('group', { name: 'Do' });
  await bar.getByRole('button', { name: 'Ack: Wanted plate KLM404 near a robbery' }).tap(PATIENCE);
  await until(page, () => window.__watchfloor.stats().outbox.done === 1);
  assert.deepEqual(server.actions.map(({ name, actor }) => [name, actor]), [['alert.acknowledge', 'r.diaz']]);
  for (const name of ['Alerts', 'Incident', 'Me', 'Map']) {
    await tab(page, name);
    assert.deepEqual(await tooSmall(page), [], name);
  }
  assert.deepEqual(seen, { foreign: [], errors: [], policy: [] });
});

test('the phone asks for little: alerts, incidents, layers and the units it looks at, once a second', async (t) => {
  const { server, page } = await open(t);
  await live(page);
  const [hello] = server.hellos;
  assert.deepEqual(hello.sub, ['alerts', 'incidents', 'drawings', 'units', 'layers']);
  assert.equal(hello.view.every_s, 1);
  await until(page, () => window.__watchfloor.stats().map?.ready);
  for (let i = 0; i < 200 && !server.views.some(({ bbox }) => bbox[0] < bbox[2]); i += 1) await page.waitForTimeout(100);
  const { bbox } = server.views.at(-1);
  assert.ok(bbox[0] < -90.0767 && -90.0767 < bbox[2] && bbox[1] < 29.9573 && 29.9573 < bbox[3], `${bbox}`);
});

test('my incident is chosen by hand or by the unit, and kept over a reload', async (t) => {
  const { page, server } = await ready(t);
  await page.getByText('No incident is yours').waitFor(PATIENCE);
  await tab(page, 'Me');
  await page.getByLabel(/^Your unit/).fill('801A');
  await page.getByLabel(/^Your unit/).blur();
  await tab(page, 'Incident');
  await page.getByRole('heading', { name: 'My incident' }).waitFor(PATIENCE);
  await page.getByText('005XX Cedar St').waitFor(PATIENCE);
  await page.getByRole('button', { name: 'Mine: MEDICAL, 01XX Elm St' }).click();
  await page.reload();
  await page.getByRole('heading', { name: 'My incident' }).waitFor(PATIENCE);
  assert.match(await page.locator('.card').first().innerText(), /MEDICAL/);
  await page.getByRole('button', { name: 'On scene' }).click();
  await page.locator('dd', { hasText: 'on scene' }).waitFor(PATIENCE);
  assert.deepEqual(server.actions.at(-1).details, { stage: 'on_scene' });
});

test('check 30: what is done without a line is kept over a reload, delivered once each and in order, and nothing old looks live', async (t) => {
  const { server, page, seen } = await ready(t);
  await tab(page, 'Incident');
  await page.getByRole('button', { name: /^Mine: MEDICAL/ }).click(PATIENCE);
  await until(page, () => window.__watchfloor.stats().map?.basemap === 'shown');
  // What was seen is written down when the page goes out of sight.
  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => true });
    document.dispatchEvent(new Event('visibilitychange'));
    delete document.hidden;
  });
  await until(page, () => new Promise((done) => {
    const asked = indexedDB.open('watchfloor-field');
    asked.onsuccess = () => {
      const got = asked.result.transaction('last_seen').objectStore('last_seen').count();
      got.onsuccess = () => (asked.result.close(), done(got.result === 4));
    };
  }));
  await server.stop();
  await page.getByText(/^OFFLINE since/).waitFor(PATIENCE);
  const bar = page.getByRole('group', { name: 'Do' });
  await tab(page, 'Alerts');
  for (const title of ['Wanted plate KLM404 near a robbery', 'Possible stolen vehicle TRX118']) {
    await page.getByRole('region', { name: 'Sheet' }).getByRole('button', { name: `Ack: ${title}` }).click(PATIENCE);
  }
  await bar.getByRole('button', { name: 'On scene' }).click();
  await bar.getByRole('button', { name: 'Note' }).click();
  await page.getByRole('textbox', { name: /^Note on/ }).fill('Back door is open');
  await page.getByRole('button', { name: 'Save note' }).click();
  await until(page, () => window.__watchfloor.stats().outbox.waiting === 4);

  await page.reload();
  await page.getByText(/^OFFLINE since/).waitFor(PATIENCE);
  await page.getByText('What you see is from then. It is not live.').waitFor(PATIENCE);
  assert.equal(await page.evaluate(() => window.__watchfloor.stats().live), false);
  assert.equal((await page.evaluate(() => window.__watchfloor.stats().counts)).alerts, 3);
  await until(page, () => window.__watchfloor.stats().map?.basemap === 'shown' && window.__watchfloor.stats().map.rendered.call > 0);
  await bar.getByRole('button', { name: 'Need help' }).click(PATIENCE);
  await page.getByRole('button', { name: 'Ask for help' }).click();
  await tab(page, 'Me');
  await page.getByText('5 waiting, 0 sent, 0 failed.').waitFor(PATIENCE);
  await page.getByText('Searching plates and people is off:').waitFor(PATIENCE);
  assert.equal(await page.getByText('Search plates').count(), 0);
  await checkAll(page);
  assert.deepEqual(server.actions, []);

  await server.start();
  await live(page);
  await page.getByText('0 waiting, 5 sent, 0 failed.').waitFor(PATIENCE);
  assert.deepEqual(server.actions.map(({ name }) => name), ['alert.acknowledge', 'alert.acknowledge', 'incident.stage', 'incident.note', 'incident.note']);
  assert.equal(new Set(server.actions.map(({ key }) => key)).size, 5);
  assert.match(server.actions[3].note, /^Back door is open \(done \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ without connection\)$/);
  assert.match(server.actions[4].note, /^NEED HELP: /);
  assert.equal(await page.getByText(/^OFFLINE/).count(), 0);
  await page.reload();
  await live(page);
  assert.equal(server.actions.length, 5, 'a reload sends nothing again');
  assert.deepEqual(seen.foreign, []);
});

test('one that came too late says who was first, and stays until it is put away', async (t) => {
  const { server, page, given } = await ready(t);
  await server.stop();
  await page.getByText(/^OFFLINE since/).waitFor(PATIENCE);
  const bar = page.getByRole('group', { name: 'Do' });
  await bar.getByRole('button', { name: /^Ack: Wanted plate/ }).click(PATIENCE);
  // Somebody else takes it meanwhile; our ack changes nothing then, as at the real server.
  server.silent = true;
  await server.start();
  server.push('alerts', [{ ...given.alerts[0], event_id: uuid(), rev: 2, status: 'acknowledged', changed_by: 'b.okafor', changed_at: iso(Date.now()) }]);
  await tab(page, 'Me');
  await page.getByText('Not done: taken by b.okafor, who was first.').waitFor(PATIENCE);
  await page.reload();
  await page.getByText('Not done: taken by b.okafor, who was first.').waitFor(PATIENCE);
  await page.getByRole('button', { name: 'Put away: Ack: Wanted plate KLM404 near a robbery' }).click();
  await page.getByText('0 waiting, 0 sent, 0 failed.').waitFor(PATIENCE);
});

test('a session that has ended keeps the outbox, and only the same person delivers it', async (t) => {
  const session = { ...NOBODY, account: 'r.diaz', roles: ['commander'], rights: ['act', 'calls', 'see'], locks_at: Date.now() / 1000 + 900, ends_at: Date.now() / 1000 + 3600 };
  const { server, page } = await ready(t, { server: { session } });
  await server.stop();
  await page.getByText(/^OFFLINE since/).waitFor(PATIENCE);
  await page.getByRole('group', { name: 'Do' }).getByRole('button', { name: /^Ack: Wanted plate/ }).click(PATIENCE);
  await until(page, () => window.__watchfloor.stats().outbox.waiting === 1);
  server.session = { ...NOBODY };
  await server.start();
  const signIn = async (account) => {
    await page.getByLabel('Account').fill(account);
    await page.getByLabel('Password').fill('right');
    await page.getByLabel(/^Code/).fill('123456');
    await page.getByRole('button', { name: 'Sign in' }).click();
  };
  await page.getByText('1 waiting to be sent: sign in as the same person').waitFor(PATIENCE);
  assert.equal(await page.locator('.field').isVisible(), false);
  await signIn('b.okafor');
  await live(page);
  await tab(page, 'Me');
  await page.getByText('Held: r.diaz must sign in to send it.').waitFor(PATIENCE);
  assert.deepEqual(server.actions, []);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Account').waitFor(PATIENCE);
  await signIn('r.diaz');
  await until(page, () => window.__watchfloor?.stats().outbox.done === 1);
  assert.deepEqual(server.actions.map(({ name, account }) => [name, account]), [['alert.acknowledge', 'r.diaz']]);
});

test('a lock keeps the place', async (t) => {
  const session = { ...NOBODY, account: 'r.diaz', roles: ['commander'], rights: ['act', 'calls', 'see'], locks_at: Date.now() / 1000 + 120, ends_at: Date.now() / 1000 + 3600 };
  const { page } = await ready(t, { server: { session } });
  await tab(page, 'Incident');
  await page.getByRole('button', { name: /^Mine: MEDICAL/ }).click(PATIENCE);
  await tab(page, 'Me');
  await page.getByRole('button', { name: 'Lock' }).click();
  await page.getByText('This session is locked').waitFor(PATIENCE);
  assert.equal(await page.locator('.field').isVisible(), false);
  await page.getByLabel('Password').fill('right');
  await page.getByLabel(/^Code/).fill('123456');
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByRole('heading', { name: 'What you did' }).waitFor(PATIENCE);
  await tab(page, 'Incident');
  assert.match(await page.locator('.card').first().innerText(), /MEDICAL/);
});

test('the worker stands before the field page only: a desk has none, and no answer of the API is ever a copy', async (t) => {
  const { server, page } = await ready(t);
  const kept = await page.evaluate(async () => {
    const paths = [];
    for (const name of await caches.keys()) for (const one of await (await caches.open(name)).keys()) paths.push(new URL(one.url).pathname);
    return paths;
  });
  assert.ok(kept.includes('/field') && kept.length > 10);
  assert.deepEqual(kept.filter((path) => path.startsWith('/api') || path.startsWith('/maps') || path === '/'), []);
  const before = server.requests.filter((path) => path === '/api/status').length;
  for (let i = 0; i < 2; i += 1) await page.evaluate(() => fetch('/api/status').then((answer) => answer.json()));
  assert.equal(server.requests.filter((path) => path === '/api/status').length, before + 2);
  const desk = await page.context().newPage();
  await desk.goto(server.url);
  await until(desk, () => window.__watchfloor?.stats().feed.phase === 'open');
  assert.equal(await desk.evaluate(() => navigator.serviceWorker.controller), null);
  // It tells of help that is asked for in the field, until somebody does something there.
  await tab(page, 'Incident');
  await page.getByRole('button', { name: /^Mine: MEDICAL/ }).click(PATIENCE);
  await page.getByRole('button', { name: 'Need help' }).click();
  await page.getByRole('textbox', { name: /^Need help/ }).fill('Two more cars');
  await page.getByRole('button', { name: 'Ask for help' }).click();
  await desk.getByText('NEED HELP: Two more cars').waitFor(PATIENCE);
  await page.getByRole('button', { name: 'Note' }).click();
  await page.getByRole('textbox', { name: /^Note on/ }).fill('They are here');
  await page.getByRole('button', { name: 'Save note' }).click();
  await desk.getByText('NEED HELP: Two more cars').waitFor({ state: 'detached', ...PATIENCE });
});

test('check 23: at 320 px, and on its side at 200 %, nothing is cut off', async (t) => {
  const { page } = await open(t, { page: { viewport: { width: 320, height: 640 } } });
  await live(page);
  for (const viewport of [{ width: 320, height: 640 }, { width: 457, height: 206 }]) {
    await page.setViewportSize(viewport);
    for (const name of ['Map', 'Alerts', 'Incident', 'Me']) {
      await tab(page, name);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(wide, 0, `${name} at ${viewport.width}`);
      const cut = await page.evaluate(() =>
        [...document.querySelectorAll('.field button, .field p:not(.target, .attribution), .field .line, .field input')]
          .filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1 && !one.closest('.canvas'))
          .map((one) => one.textContent.trim()));
      assert.deepEqual(cut, [], `${name} at ${viewport.width}`);
    }
  }
});

test('check 18: axe finds nothing, dark or in the sun, in lists and in forms', async (t) => {
  const { page } = await ready(t);
  await tab(page, 'Incident');
  await page.getByRole('button', { name: /^Mine: MEDICAL/ }).click(PATIENCE);
  for (const sun of [false, true]) {
    await tab(page, 'Me');
    await page.getByRole('checkbox', { name: /Sun/ }).setChecked(sun);
    for (const name of ['Map', 'Alerts', 'Incident', 'Me']) {
      await tab(page, name);
      if (name === 'Alerts') await page.locator('.sheet .row .line').first().click();
      await checkAll(page);
    }
    await page.getByRole('button', { name: 'Need help' }).click();
    await checkAll(page);
    await page.getByRole('button', { name: 'Back' }).click();
  }
  await page.reload();
  await until(page, () => document.documentElement.dataset.theme === 'sun');
});

test('a task of my incident is ticked without a line, and done when the server has it', async (t) => {
  const given = city();
  const [first] = given.incidents;
  const at = iso(Date.now());
  first.tasks = [{ task_id: 'robbery/weapons', text: 'Weapons to the units', source: 'x', added_by: 'b.lee', added_at: at, assignee: '', state: 'open', note: '', changed_by: 'b.lee', changed_at: at, rev: 1 }];
  const { server, page, seen } = await ready(t, { given });
  await tab(page, 'Incident');
  await page.getByRole('button', { name: /^Mine: ARMED ROBBERY/ }).click(PATIENCE);
  const task = page.getByRole('checkbox', { name: /^Weapons to the units/ });
  await task.waitFor(PATIENCE);
  assert.deepEqual(await tooSmall(page), []);
  await server.stop();
  await page.getByText(/^OFFLINE since/).waitFor(PATIENCE);
  await task.click();
  await page.getByText('kept here').waitFor(PATIENCE);
  assert.equal(await task.getAttribute('aria-checked'), 'false');
  await checkAll(page);
  await server.start();
  await page.getByRole('heading', { name: 'Tasks (1 of 1)' }).waitFor(PATIENCE);
  assert.equal(await task.getAttribute('aria-checked'), 'true');
  assert.deepEqual(server.actions.map(({ name, details }) => [name, details]), [['incident.task_state', { task: 'robbery/weapons', state: 'done', expected_rev: '1' }]]);
  assert.deepEqual(seen.errors, []);
});

test('an alert is noted without a line and taken, and both are done once when the server has them', async (t) => {
  const { server, page } = await ready(t);
  await tab(page, 'Alerts');
  await page.getByRole('button', { name: /TRX118/, expanded: false }).tap(PATIENCE);
  await server.stop();
  await page.getByText(/^OFFLINE since/).waitFor(PATIENCE);
  await page.getByRole('list').getByRole('button', { name: 'Note', exact: true }).tap(PATIENCE);
  await page.getByLabel('Note', { exact: true }).fill('<b>a red car</b>');
  assert.deepEqual(await tooSmall(page), []);
  await page.getByRole('button', { name: 'Save note' }).tap();
  await page.getByRole('list').getByRole('button', { name: 'Take', exact: true }).tap(PATIENCE);
  await page.getByText('Take waiting to be sent').waitFor(PATIENCE);
  await checkAll(page);
  await server.start();
  await until(page, () => window.__watchfloor.stats().outbox.done === 2);
  await page.getByText(/taken by r\.diaz/).first().waitFor(PATIENCE);
  await page.getByText(/“<b>a red car<\/b>/).waitFor(PATIENCE);
  assert.deepEqual(server.actions.map(({ name, actor }) => [name, actor]), [['alert.note', 'r.diaz'], ['alert.assign', 'r.diaz']]);
});
