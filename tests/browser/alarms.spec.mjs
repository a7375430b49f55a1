/** Alarm discipline in a real browser: shelving, escalation, sounds, and a flood. Part of `npm run test:browser`. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { check } from './axe.mjs';
import { launch, openPage } from './browser.mjs';
import { alert, cameras, iso, uuid } from './city.mjs';
import { FakeServer } from './fake_server.mjs';

const PATIENCE = { timeout: 60_000 };
const MINUTE = 60_000;

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

/** A page at which r.diaz sits, over a small city. The server confirms what is done; the test says what comes of it. */
async function open(t, city = {}, viewport = { width: 1280, height: 720 }) {
  const server = new FakeServer({ cameras: cameras(12), ...city });
  server.silent = true;
  await server.start();
  t.after(() => server.stop());
  const opened = await openPage(browser, server.url, { viewport });
  t.after(() => opened.close());
  await opened.page.evaluate(() => localStorage.setItem('watchfloor.actor', 'r.diaz'));
  await opened.page.reload();
  await opened.page.waitForFunction(() => window.__watchfloor?.stats().feed.phase === 'open', null, PATIENCE);
  return { server, ...opened };
}

const until = (page, check, argument) => page.waitForFunction(check, argument, PATIENCE);
const next = (row, over) => ({ ...row, event_id: uuid(), rev: row.rev + 1, changed_by: 'r.diaz', changed_at: iso(Date.now()), ...over });

test('check 19: an alert is shelved by keys with a reason, stays counted, and comes back by the clock alone', async (t) => {
  const raised = alert(Date.now(), { title: 'Stolen car' });
  const { server, page } = await open(t, { alerts: [raised] });
  await page.getByRole('option', { name: /Stolen car/ }).waitFor(PATIENCE);
  await page.keyboard.press('j');
  await page.keyboard.press('h');
  await page.getByLabel('Why is it put aside?').fill('a test car');
  await check(page);
  await page.keyboard.press('Enter');
  await page.getByRole('option').getByText('saving…').waitFor(PATIENCE);
  const [{ key, ...action }] = server.actions;
  const { until: end, ...told } = action.details;
  assert.deepEqual([{ ...action, details: told }, typeof key], [
    { name: 'alert.shelve', subject_id: raised.alert_id, actor: 'r.diaz', note: '', details: { reason: 'a test car' } }, 'string',
  ]);
  const minutes = (Date.parse(end) - Date.now()) / MINUTE;
  assert.ok(minutes > 28 && minutes < 31, `${minutes} minutes`);

  const shelf = { shelved_by: 'r.diaz', shelved_reason: 'a test car' };
  const aside = next(raised, { ...shelf, shelved_until: end });
  server.push('alerts', [aside]);
  await page.getByText('No open alerts. 1 shelved: ] shows them.').waitFor(PATIENCE);
  await page.getByRole('link', { name: 'shelved 1' }).waitFor(PATIENCE);
  await page.keyboard.press(']');
  await page.getByRole('option', { name: /Stolen car[\s\S]*shelved by r\.diaz, back in/ }).waitFor(PATIENCE);
  assert.equal(await page.getByRole('button', { name: 'Shelved 1' }).getAttribute('aria-pressed'), 'true');
  await check(page);

  server.push('alerts', [next(aside, { ...shelf, shelved_until: iso(Date.now() + 4_000) })]);
  await page.getByText('No shelved alerts.').waitFor(PATIENCE);
  await page.keyboard.press('[');
  await page.getByRole('option', { name: /Stolen car/ }).waitFor(PATIENCE);
  assert.match(await page.locator('[aria-live=polite]').first().innerText(), /back from the shelf/);
});

test('check 27: who was second is told who was first, and a P1 cannot be shelved', async (t) => {
  const raised = alert(Date.now(), { severity: 'P1', title: 'Wanted person' });
  const { server, page } = await open(t, { alerts: [raised] });
  await page.getByRole('option', { name: /Wanted person/ }).click(PATIENCE);
  assert.ok(await page.getByRole('button', { name: 'Shelve…' }).isDisabled());
  await page.keyboard.press('h');
  await until(page, () => document.body.innerText.includes('A P1 cannot be shelved'));
  await page.keyboard.press('a');
  await page.getByRole('option').getByText('saving…').waitFor(PATIENCE);
  server.push('alerts', [next(raised, { status: 'acknowledged', changed_by: 'c.kim' })]);
  await page.getByText(/c\.kim \(unverified\) was first, at .* What you did changed nothing\./).waitFor(PATIENCE);
});

test('what nobody took in time is marked with its age, said aloud, and stands above its equals', async (t) => {
  const late = alert(Date.now() - 3 * MINUTE, { title: 'The late one' });
  const { server, page } = await open(t, { alerts: [late, alert(Date.now(), { title: 'The new one' })] });
  await page.getByRole('option', { name: /The new one/ }).waitFor(PATIENCE);
  assert.match(await page.getByRole('option').first().innerText(), /The new one/);
  server.push('alerts', [next(late, { escalated_at: iso(Date.now()), changed_by: 'rule:escalation' })]);
  await page.getByRole('option', { name: /The late one[\s\S]*NOT TAKEN 3 min/ }).waitFor(PATIENCE);
  assert.match(await page.getByRole('option').first().innerText(), /The late one/);
  assert.equal(await page.locator('[aria-live=assertive]').innerText(), 'Nobody has taken P2: The late one');
  await page.getByRole('option').first().click();
  await page.getByText('Escalated: nobody has taken it for 3 min').waitFor(PATIENCE);
  await check(page);
});

test('check 3: sound is said to be off until it is armed by a key; then a P1 is heard until somebody takes it', async (t) => {
  const { server, page } = await open(t);
  const heard = () => page.evaluate(() => window.__watchfloor.stats().sound);
  const p1 = alert(Date.now(), { severity: 'P1', synthetic: false });
  server.push('alerts', [p1, alert(Date.now(), { synthetic: false })]);
  await page.getByRole('option').first().waitFor(PATIENCE);
  assert.deepEqual(await heard(), { state: 'off', P1: 0, P2: 0, escalated: 0 });
  await page.getByRole('button', { name: 'Sound off: press S to arm' }).waitFor(PATIENCE);
  await page.keyboard.press('S');
  await page.getByRole('button', { name: 'Sound on' }).waitFor(PATIENCE);
  await until(page, () => window.__watchfloor.stats().sound.P1 >= 2);
  server.push('alerts', [next(p1, { status: 'acknowledged' })]);
  await until(page, () => document.title === 'Watchfloor');
  const { P1 } = await heard();
  server.push('alerts', [alert(Date.now(), { synthetic: false, title: 'the P2' }), alert(Date.now(), { severity: 'P1', title: 'made up' })]);
  await until(page, () => window.__watchfloor.stats().sound.P2 === 1);
  assert.equal((await heard()).P1, P1);
  await page.getByRole('button', { name: 'Sounds and notifications' }).click();
  await page.getByRole('slider', { name: /Volume/ }).fill('30');
  await page.getByRole('button', { name: 'Test P1' }).click();
  await check(page);
  await page.keyboard.press('Escape');
  await page.keyboard.press('s');
  await page.getByRole('button', { name: 'Sound off: press S to arm' }).waitFor(PATIENCE);
});

test('check 12: five thousand alerts are at most fifty groups, none is lost, and one key opens a group', async (t) => {
  const { server, page } = await open(t);
  await page.getByText('No open alerts.').waitFor(PATIENCE);
  const now = Date.now();
  const places = cameras(60);
  const many = Array.from({ length: 5000 }, (_, n) => alert(now - (n % 300) * 1000, {
    severity: n === 4321 ? 'P1' : n % 3 ? 'P3' : 'P4', title: `alert ${n}`, camera_id: places[n % 60].camera_id,
    lat: 29.925 + (n % 60) / 3000, lon: -90.0701,
  }));
  for (let from = 0; from < many.length; from += 100) server.push('alerts', many.slice(from, from + 100));
  await until(page, () => window.__watchfloor.stats().alertIds.length === 5000 && window.__watchfloor.stats().flood);
  await page.getByText('Too many alerts to read one by one.').waitFor(PATIENCE);
  await page.locator('.rate[data-level=flood]').waitFor(PATIENCE);
  const groups = await page.evaluate(() => window.__watchfloor.stats().groups);
  assert.ok(groups > 1 && groups <= 50, `${groups} groups`);
  const first = page.getByRole('option').first();
  assert.match(await first.innerText(), /P1\s+alert 4321[\s\S]*1 P1/);
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: /Back to the groups/ }).waitFor(PATIENCE);
  await page.getByRole('listbox', { name: 'Alerts, most urgent first' }).waitFor(PATIENCE);
  assert.ok(Number(await first.getAttribute('aria-setsize')) > 1);
  assert.match(await first.innerText(), /alert 4321/);
  await page.keyboard.press('Escape');
  await page.getByRole('listbox', { name: 'Groups of alerts, most urgent first' }).waitFor(PATIENCE);
  await check(page);
  await page.getByRole('button', { name: 'Show each alert' }).press('Enter');
  await page.getByRole('option', { name: /alert 4321/ }).first().waitFor(PATIENCE);
  assert.equal(await first.getAttribute('aria-setsize'), '5000');
});

test('check 23: in a window of 320 pixels the sounds, the rate, the flood and the shelf can all be reached', async (t) => {
  const raised = Array.from({ length: 12 }, (_, n) => alert(Date.now(), { camera_id: `cam-${n % 2}` }));
  const { page } = await open(t, { alerts: raised }, { width: 320, height: 640 });
  await page.getByText('Too many alerts to read one by one.').waitFor(PATIENCE);
  await page.getByRole('option').first().click();
  await page.getByRole('button', { name: 'Shelve…' }).click();
  await page.getByLabel('Why is it put aside?').waitFor(PATIENCE);
  await check(page);
  const sticksOut = () => page.evaluate(() => [...document.querySelectorAll('body *')]
    .filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5 && !one.closest('.list, .map, [popover]'))
    .map((one) => one.outerHTML.slice(0, 100)));
  assert.deepEqual(await sticksOut(), []);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0);
  const small = await page.locator('button:visible').evaluateAll((buttons) =>
    buttons.filter((b) => b.getBoundingClientRect().height < 43.5).map((b) => b.innerText));
  assert.deepEqual(small, []);
});
