/** Time travel in a real browser: the past is shown as the past, nothing can be done to it, and the present is not lost. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { check } from './axe.mjs';
import { launch, openPage } from './browser.mjs';
import { alert, cameras, incident, iso } from './city.mjs';
import { FakeServer } from './fake_server.mjs';

const PATIENCE = { timeout: 60_000 };
const HOUR = 3_600_000;

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

async function open(t, city = {}, viewport = { width: 1280, height: 720 }) {
  const server = new FakeServer({ cameras: cameras(12), ...city });
  await server.start();
  t.after(() => server.stop());
  const opened = await openPage(browser, server.url, { viewport });
  t.after(() => opened.close());
  await opened.page.evaluate(() => localStorage.setItem('watchfloor.actor', 'r.diaz'));
  await opened.page.reload();
  await opened.page.waitForFunction(() => window.__watchfloor?.stats().feed.phase === 'open', null, PATIENCE);
  return { server, ...opened };
}

/** An hour of yesterday with one alert in it, and what else the test wants. */
function yesterday(server, ...others) {
  const from = Math.floor((Date.now() - 24 * HOUR) / 1000) * 1000;
  const then = alert(from + 1_800_000, { title: 'Stolen car of yesterday', severity: 'P1', synthetic: false });
  server.past = { alerts: [], cameras: cameras(3), ...Object.assign({}, ...others) };
  server.timeLine = { ...server.timeLine, marks: [{ at: iso(from + 1_800_000), alert_id: then.alert_id, severity: 'P1', title: then.title }], oldest: iso(from - HOUR) };
  return { from, then };
}

const field = (ms) => {
  const d = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return d.toISOString().slice(0, 19);
};

async function lookBack(page, from) {
  await page.keyboard.press('t');
  await page.getByLabel('From').fill(field(from));
  await page.getByLabel('Speed').selectOption('10');
  await page.getByRole('button', { name: 'Replay', exact: true }).click();
}

const stats = (page) => page.evaluate(() => window.__watchfloor.stats());
const framed = (page) => page.evaluate(() => {
  const frame = document.querySelector('.replay-frame');
  return frame ? getComputedStyle(frame).borderTopColor : null;
});

test('a period is replayed: its alert comes at its time, all of it is marked, nothing can be done, a live P1 is told, L is live again', async (t) => {
  const now = alert(Date.now(), { title: 'Open now' });
  const { server, page, requests } = await open(t, { alerts: [now] });
  const { from, then } = yesterday(server);
  await page.getByRole('option', { name: /Open now/ }).waitFor(PATIENCE);
  await page.keyboard.press('S');
  const greeted = server.hellos.length;
  await page.waitForFunction(() => window.__watchfloor.stats().sound.state === 'on', null, PATIENCE);
  await lookBack(page, from);
  await page.waitForFunction(() => window.__watchfloor.stats().replay?.state === 'playing', null, PATIENCE);
  const [tape] = server.replays;
  assert.deepEqual({ ...tape.hello.replay, to: 0 }, { from, to: 0, at: from, speed: 10, paused: false, actor: 'r.diaz' });
  assert.equal(tape.hello.replay.to, from + HOUR);
  assert.ok(!tape.hello.sub.includes('layers'));

  // What is live is not on the screen, and the screen says so everywhere.
  await page.getByText('No open alerts.').waitFor(PATIENCE);
  assert.equal(await framed(page), 'rgb(168, 85, 247)');
  assert.match(await page.locator('.badge').innerText(), /^REPLAY .* ×10/);
  assert.match(await page.title(), /REPLAY/);
  assert.equal(await page.getByText(/\bLIVE\b/).count(), 0);
  assert.equal(await page.getByRole('link', { name: 'Plates' }).count(), 0);
  await check(page);

  // Its alert comes when it came then, and ages are counted from the replayed time.
  tape.now = from + 1_930_000;
  tape.send({ t: 'replay', now: tape.now, state: 'paused', speed: 10 });
  tape.send({ t: 'd', now: tape.now, ch: { alerts: { from: 1, to: 1, rows: [then] } } });
  await page.getByRole('option', { name: /Stolen car of yesterday[\s\S]*2 min/ }).click(PATIENCE);
  await page.getByText('This is a replay: nothing can be done to what is past.').first().waitFor(PATIENCE);
  assert.ok(await page.getByRole('button', { name: 'Acknowledge' }).isDisabled());
  assert.ok(await page.getByRole('button', { name: 'Close…' }).isDisabled());
  assert.ok(await page.getByRole('button', { name: 'Take or give…' }).isDisabled());
  assert.ok(await page.getByRole('button', { name: 'Note…' }).isDisabled());
  for (const key of ['a', 'c', 'o', 'e', 'n', 'z']) await page.keyboard.press(key);
  assert.equal(await page.locator('form.choosing').count(), 0);
  assert.match(await page.locator('[aria-live=polite]').first().innerText(), /nothing can be done/);
  assert.deepEqual(server.actions, []);
  assert.equal((await stats(page)).sound.P1, 0);
  await check(page);

  // A live P1 is told, with a way back; the page's own sounds stay off.
  server.push('alerts', [alert(Date.now(), { title: 'Shots now', severity: 'P1', synthetic: false })]);
  await page.getByRole('alert').filter({ hasText: 'LIVE P1' }).getByText(/Shots now/).waitFor(PATIENCE);
  assert.equal(await page.getByRole('option', { name: /Shots now/ }).count(), 0);
  await check(page);
  await page.getByRole('button', { name: 'Stay in the replay' }).click();
  assert.equal(await page.getByText('LIVE P1').count(), 0);

  await page.keyboard.press('L');
  await page.getByRole('option', { name: /Shots now/ }).waitFor(PATIENCE);
  await page.getByRole('option', { name: /Open now/ }).waitFor(PATIENCE);
  assert.equal(await page.getByRole('option', { name: /Stolen car of yesterday/ }).count(), 0);
  assert.equal(await framed(page), null);
  assert.equal(server.hellos.length, greeted, 'the live connection was there all the time');
  await page.waitForFunction(() => window.__watchfloor.stats().sound.P1 > 0, null, PATIENCE);
  await page.getByRole('option', { name: /Open now/ }).click();
  await page.getByRole('button', { name: 'Acknowledge' }).click();
  await page.waitForFunction(() => document.body.innerText.includes('Acknowledged by r.diaz'), null, PATIENCE);
  assert.equal(server.actions.length, 1);
  void requests;
});

test('by keys alone a replay is paused, stepped, made faster, and a live P1 is gone to', async (t) => {
  const { server, page } = await open(t);
  const { from } = yesterday(server);
  await lookBack(page, from);
  await page.waitForFunction(() => window.__watchfloor.stats().replay?.state === 'playing', null, PATIENCE);
  await page.locator('h1').first().evaluate(() => document.activeElement.blur());
  await page.keyboard.press('Space');
  await page.waitForFunction(() => window.__watchfloor.stats().replay.state === 'paused', null, PATIENCE);
  const { now } = await stats(page);
  await page.keyboard.press('ArrowRight');
  await page.waitForFunction((at) => window.__watchfloor.stats().now >= at + 9_000, now, PATIENCE);
  const step = server.commands.find((one) => one.t === 'seek');
  assert.ok(Math.abs(step.at - now - 10_000) < 1_000, `${step.at - now}`);
  await page.keyboard.press('+');
  await page.keyboard.press('Space');
  await page.waitForFunction(() => window.__watchfloor.stats().replay.state === 'playing' && window.__watchfloor.stats().replay.speed === 30, null, PATIENCE);
  assert.equal(server.commands.filter((one) => one.t === 'play').at(-1).speed, 30);
  await page.locator('section.time select').last().selectOption({ index: 1 });
  await page.waitForFunction((at) => Math.abs(window.__watchfloor.stats().now - at) < 2_000, from + 1_795_000, PATIENCE);
  server.push('alerts', [alert(Date.now(), { title: 'Shots now', severity: 'P1' })]);
  await page.getByRole('button', { name: 'Show it live' }).press('Enter');
  await page.locator('#detail-title').filter({ hasText: 'Shots now' }).waitFor(PATIENCE);
  assert.equal(await framed(page), null);
  await page.keyboard.press('?');
  await page.getByText('look back: replay a past period').waitFor(PATIENCE);
});

test('help that is asked for in the field is told over a replay, too, and leads back to what is live', async (t) => {
  const now = incident(Date.now(), { kind: 'FIGHT', synthetic: false });
  const { server, page } = await open(t, { incidents: [now] });
  const { from } = yesterday(server);
  await lookBack(page, from);
  await page.waitForFunction(() => window.__watchfloor.stats().replay?.state === 'playing', null, PATIENCE);
  server.push('incidents', [{ ...now, rev: now.rev + 1, note: 'NEED HELP: Two more cars', changed_by: 'r.diaz', changed_at: iso(Date.now()) }]);
  await page.getByText('NEED HELP: Two more cars').waitFor(PATIENCE);
  assert.ok(await framed(page));
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await page.waitForFunction(() => document.querySelector('.replay-frame') === null, null, PATIENCE);
  await page.getByRole('heading', { name: /FIGHT/ }).first().waitFor(PATIENCE);
});

test('what stands in the way of a replay is said: nothing stored, no store, too many, no right', async (t) => {
  const { server, page } = await open(t);
  const { from } = yesterday(server);
  server.timeLine = { ...server.timeLine, oldest: iso(Date.now() - HOUR) };
  await lookBack(page, from);
  await page.getByText(/^Nothing is stored before /).waitFor(PATIENCE);
  await check(page);
  server.timeLine = null;
  await page.getByRole('button', { name: 'Replay', exact: true }).click();
  await page.getByText('There is no replay: The store cannot be reached now.').waitFor(PATIENCE);
  await page.getByLabel('From').fill(field(Date.now() + HOUR));
  await page.getByLabel('From').evaluate((input) => input.removeAttribute('max'));
  await page.getByRole('button', { name: 'Replay', exact: true }).click();
  await page.getByText('A replay begins in the past.').waitFor(PATIENCE);
  yesterday(server);
  for (const [code, reason, said] of [
    [4429, '4 replays run here, which is as many as may: try again later', '4 replays run here'],
    [4403, 'this account may see none of these channels', 'This account may not see the live map.'],
  ]) {
    server.refuse = { code, reason };
    await page.getByLabel('From').fill(field(from));
    await page.getByRole('button', { name: 'Replay', exact: true }).click();
    await page.locator('section.time').getByText(said).waitFor(PATIENCE);
    assert.equal(await framed(page), 'rgb(168, 85, 247)');
    await check(page);
    await page.keyboard.press('L');
    assert.equal(await framed(page), null);
    await page.keyboard.press('t');
  }
  assert.equal(server.replays.length, 0);
});

test('check 23: in a window of 320 pixels a replay can be begun, commanded and left', async (t) => {
  const { server, page } = await open(t, {}, { width: 320, height: 640 });
  const { from } = yesterday(server);
  await page.getByRole('button', { name: 'Look back' }).click(PATIENCE);
  await page.getByLabel('From').fill(field(from));
  await page.getByRole('button', { name: 'Replay', exact: true }).click();
  await page.waitForFunction(() => window.__watchfloor.stats().replay?.state === 'playing', null, PATIENCE);
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.waitForFunction(() => window.__watchfloor.stats().replay.state === 'paused', null, PATIENCE);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0);
  const small = await page.locator('button:visible').evaluateAll((buttons) =>
    buttons.filter((b) => b.getBoundingClientRect().height < 43.5).map((b) => b.innerText));
  assert.deepEqual(small, []);
  await check(page);
  await page.getByRole('button', { name: 'Back to live' }).click();
  assert.equal(await framed(page), null);
});
