/** An alert taken, given, escalated, noted and taken back, by keys alone, against a stand-in server. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { check } from './axe.mjs';
import { launch, openPage } from './browser.mjs';
import { alert, cameras, iso, uuid } from './city.mjs';
import { FakeServer } from './fake_server.mjs';

const PATIENCE = { timeout: 60_000 };

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

async function open(t, rows, options = {}) {
  const server = new FakeServer({ cameras: cameras(3), alerts: rows });
  Object.assign(server, options);
  await server.start();
  t.after(() => server.stop());
  const opened = await openPage(browser, server.url, { viewport: { width: 1280, height: 900 } });
  t.after(() => opened.close());
  const { page } = opened;
  await page.evaluate(() => localStorage.setItem('watchfloor.actor', 'r.diaz'));
  await page.reload();
  await page.waitForFunction(() => window.__watchfloor?.stats().feed.phase === 'open', undefined, PATIENCE);
  await page.getByRole('option').first().waitFor(PATIENCE);
  await page.keyboard.press('j');
  return { server, page, seen: opened.seen };
}
const row = (page, text) => page.getByRole('option', { name: text }).waitFor(PATIENCE);
const told = ({ name, note, details }) => ({ name, note, ...(details && { details }) });

test('an alert is taken by o and Enter, is taken back by z, is under Mine, and is given to somebody who is here', async (t) => {
  const { server, page } = await open(t, [alert(Date.now(), { title: 'Stolen car' })], { people: ['b.lee', 'c.kim', 'r.diaz'] });
  await page.keyboard.press('o');
  await page.getByRole('radio', { name: 'c.kim' }).waitFor(PATIENCE);
  assert.ok(await page.getByRole('radio', { name: 'Mine (r.diaz)' }).evaluate((radio) => radio === document.activeElement));
  await check(page);
  // Ten seconds are short for a machine that draws by software: nothing else is done before the undo.
  await page.keyboard.press('Enter');
  await page.getByRole('status').filter({ hasText: 'Taken: Stolen car.' }).waitFor(PATIENCE);
  await page.keyboard.press('z');
  await page.getByText('undone by r.diaz').waitFor(PATIENCE);
  await page.getByText('nobody has taken it').waitFor(PATIENCE);

  await page.keyboard.press('o');
  await page.keyboard.press('Enter');
  await row(page, /Stolen car[\s\S]*taken by r\.diaz/);
  assert.ok(await page.locator('#detail-title').evaluate((title) => title === document.activeElement), 'the bar takes no focus');
  await check(page);
  await page.keyboard.press('[');
  assert.equal(await page.getByRole('button', { name: 'Mine 1' }).getAttribute('aria-pressed'), 'true');
  await row(page, /Stolen car/);

  await page.keyboard.press(']');
  await page.keyboard.press('o');
  await page.getByRole('radio', { name: 'c.kim' }).waitFor(PATIENCE);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await row(page, /Stolen car[\s\S]*taken by c\.kim/);
  await page.getByText('In hand of c.kim.').waitFor(PATIENCE);
  await page.getByRole('button', { name: 'Mine 0' }).waitFor(PATIENCE);
  assert.deepEqual(server.actions.map(told), [
    { name: 'alert.assign', note: '', details: { owner: '', expected_rev: '1' } },
    { name: 'alert.undo', note: '', details: { of: server.actions[0].key } },
    { name: 'alert.assign', note: '', details: { owner: '', expected_rev: '3' } },
    { name: 'alert.assign', note: '', details: { owner: 'c.kim', expected_rev: '4' } },
  ]);
});

test('an alert is escalated with a word why and noted, and what is written is text', async (t) => {
  const { server, page, seen } = await open(t, [alert(Date.now(), { title: 'Stolen car' })]);
  await page.keyboard.press('a');
  await row(page, /taken by r\.diaz/);
  await page.keyboard.press('e');
  await page.getByLabel(/Escalate to supervisors now/).fill('needs a chief');
  await check(page);
  await page.keyboard.press('Enter');
  await row(page, /Stolen car[\s\S]*ESCALATED/);
  await page.getByText(/Escalated by r\.diaz.*“needs a chief”\. Whoever takes it answers/).waitFor(PATIENCE);
  assert.match(await page.locator('[aria-live=assertive]').innerText(), /Escalated by r\.diaz: P2, Stolen car/);
  assert.ok(await page.getByRole('button', { name: 'Escalate…' }).isDisabled());

  const script = '<img src=x onerror="window.hacked = true"> a red car';
  await page.keyboard.press('n');
  await page.getByLabel(/^Note: it stays/).fill(script);
  await check(page);
  await page.keyboard.press('Control+Enter');
  await page.getByRole('region', { name: 'What was done' }).getByText(`“${script}”`).waitFor(PATIENCE);
  await row(page, /taken by r\.diaz/);
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  assert.deepEqual(server.actions.map(told), [
    { name: 'alert.acknowledge', note: '' }, { name: 'alert.escalate', note: 'needs a chief' }, { name: 'alert.note', note: script },
  ]);
  assert.deepEqual(seen.errors, []);
});

test('a note that finds no server is kept in the form of a retry and saved once', async (t) => {
  const { server, page } = await open(t, [alert(Date.now())], { actionStatus: 503 });
  await page.keyboard.press('n');
  await page.getByLabel(/^Note: it stays/).fill('it turned left');
  await page.keyboard.press('Control+Enter');
  await page.getByText('Not saved: the broker did not confirm').waitFor(PATIENCE);
  server.actionStatus = 200;
  await page.getByRole('button', { name: 'Retry' }).press('Enter');
  await page.getByRole('region', { name: 'What was done' }).getByText('“it turned left”').waitFor(PATIENCE);
  assert.deepEqual(server.actions[1], server.actions[0]);
});

test('an undo that comes too late or after somebody else says why, and after ten seconds none is offered', async (t) => {
  const raised = alert(Date.now(), { title: 'Stolen car' });
  const { server, page } = await open(t, [raised]);
  await page.keyboard.press('a');
  const undo = page.getByRole('button', { name: 'Undo', exact: true });
  await undo.waitFor(PATIENCE);
  server.silent = true;
  await page.keyboard.press('z');
  await row(page, /saving…/);
  const at = iso(Date.now());
  const mine = { action_id: server.actions[0].key, name: 'alert.acknowledge', actor: 'r.diaz', at, note: '', about: '' };
  const kims = { ...mine, action_id: uuid(), name: 'alert.assign', actor: 'c.kim', about: 'c.kim' };
  server.push('alerts', [{ ...raised, event_id: uuid(), rev: 3, status: 'acknowledged', owner: 'c.kim', changed_by: 'c.kim', changed_at: at, history: [mine, kims], standing_before: [{ status: 'acknowledged' }] }]);
  await page.getByRole('status').getByText('Not undone: c.kim has done something to it since.').waitFor(PATIENCE);
  await row(page, /taken by c\.kim/);
  assert.equal(await undo.count(), 0);
  await check(page);

  server.silent = false;
  await page.keyboard.press('c');
  await page.keyboard.press('2');
  await page.keyboard.press('Enter');
  await undo.waitFor(PATIENCE);
  await undo.waitFor({ state: 'detached', ...PATIENCE });
  await page.keyboard.press('z');
  await page.waitForFunction(() => document.body.innerText.includes('Nothing to undo'), undefined, PATIENCE);
  assert.deepEqual(server.actions.map(({ name }) => name), ['alert.acknowledge', 'alert.undo', 'alert.close']);
});

test('the keys do nothing when letters are off, and the buttons do the same', async (t) => {
  const { server, page } = await open(t, [alert(Date.now())]);
  await page.evaluate(() => localStorage.setItem('watchfloor.letter-keys', 'off'));
  await page.reload();
  await page.getByRole('option').first().click(PATIENCE);
  for (const key of ['o', 'e', 'n', 'z']) await page.keyboard.press(key);
  assert.equal(await page.locator('form.choosing').count(), 0);
  await page.getByRole('button', { name: 'Take or give…' }).click();
  await page.getByRole('radio', { name: 'Somebody else’s' }).check(PATIENCE);
  await page.getByLabel('Name', { exact: true }).fill('c.kim');
  await page.getByRole('button', { name: 'Give alert' }).click();
  await row(page, /for c\.kim/);
  await page.getByRole('button', { name: 'Undo', exact: true }).click();
  await page.getByText('undone by r.diaz').waitFor(PATIENCE);
  assert.deepEqual(server.actions.map(({ name }) => name), ['alert.assign', 'alert.undo']);
});
