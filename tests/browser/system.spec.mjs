/** The administrators' page, by keys. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { check } from './axe.mjs';
import { launch, openPage } from './browser.mjs';
import { iso } from './city.mjs';
import { FakeServer } from './fake_server.mjs';

const PATIENCE = { timeout: 60_000 };
let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const account = (name, over = {}) => ({
  account: name, name, roles: ['monitor'], audiences: [], agencies: null, areas: null, secured: false, disabled: '', made_at: 0,
  used_at: Date.now() / 1000, ends_at: null, sessions: 1, issuer: '', ...over,
});
const row = (source, minutesAgo) => ({
  event_type: 'plate_read', source, minute: iso(Date.now() - minutesAgo * 60_000), accepted: 60, logged: 60, stored: 60, processed: 60,
  alerts_due: null, alerts_raised: null, state: 'balanced', why: '', gaps: [],
});

test('accounts are found and locked by keys with a reason, silent sources stand first, and nothing is hard to read', async (t) => {
  const server = new FakeServer({});
  server.accounts = [account('j.doe'), account('r.diaz', { disabled: 'left', sessions: 0 })];
  server.ledger = { begin: iso(0), end: iso(Date.now()), judged_at: iso(Date.now()), exact: false, states: { balanced: 2 }, rows: [row('lpr/north', 0), row('lpr/south', 60)], left_out: 0, holes: [] };
  await server.start();
  t.after(() => server.stop());
  const { page, close } = await openPage(browser, server.url, { viewport: { width: 1280, height: 800 } });
  t.after(() => close());
  await page.waitForFunction(() => window.__watchfloor?.stats().feed.phase === 'open', null, PATIENCE);
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  const sources = page.getByRole('region', { name: 'Sources, silent ones first' });
  await sources.waitFor(PATIENCE);
  assert.deepEqual(await sources.locator('tbody th').allInnerTexts(), ['lpr/south', 'lpr/north']);
  await page.getByText('locked: left').waitFor(PATIENCE);
  await check(page);
  await page.keyboard.press('/');
  await page.keyboard.type('doe');
  assert.equal(await page.getByRole('region', { name: 'Accounts by name' }).locator('tbody tr').count(), 1);
  await page.locator('h1').click();
  await page.keyboard.press('j');
  await page.getByRole('button', { name: 'Lock', exact: true }).click(PATIENCE);
  await check(page);
  await page.getByRole('dialog').getByRole('button', { name: 'Lock' }).click();
  assert.deepEqual(server.administered, [], 'nothing is asked for without a reason');
  await page.getByLabel(/^Why/).fill('left the unit');
  await page.keyboard.press('Enter');
  await page.getByText('Done, and recorded.').waitFor(PATIENCE);
  assert.deepEqual(server.administered, [['/api/accounts/j.doe/disable', { why: 'left the unit' }]]);
  await page.getByRole('button', { name: 'Add an account' }).click();
  await page.getByRole('textbox', { name: /^Account/ }).fill('j.doe');
  await page.getByLabel('monitor').check();
  await page.getByLabel(/^Why/).fill('new at the desk');
  await page.keyboard.press('Enter');
  await page.getByText('shown-once').waitFor(PATIENCE);
  await check(page);
  server.accounts = null;
  await page.getByRole('button', { name: 'Refresh' }).click();
  await page.getByRole('alert').getByText('Accounts cannot be shown').waitFor(PATIENCE);
});
