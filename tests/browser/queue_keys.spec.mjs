/** Several alerts done with at once, keys of one's own, and the command box: by keys alone, against a stand-in server. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { check } from './axe.mjs';
import { launch, openPage } from './browser.mjs';
import { alert, cameras } from './city.mjs';
import { FakeServer } from './fake_server.mjs';

const PATIENCE = { timeout: 60_000 };

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

async function open(t, rows) {
  const server = new FakeServer({ cameras: cameras(3), alerts: rows });
  await server.start();
  t.after(() => server.stop());
  const opened = await openPage(browser, server.url, { viewport: { width: 1280, height: 900 } });
  t.after(() => opened.close());
  const { page } = opened;
  await page.evaluate(() => localStorage.setItem('watchfloor.actor', 'r.diaz'));
  await ready(page);
  return { server, page };
}
async function ready(page) {
  await page.reload();
  await page.waitForFunction(() => window.__watchfloor?.stats().feed.phase === 'open', undefined, PATIENCE);
  await page.getByRole('option').first().waitFor(PATIENCE);
}

test('several alerts are chosen by keys and acknowledged each by itself, a P1 is left out and said, and z takes all back', async (t) => {
  const now = Date.now();
  const { server, page } = await open(t, [
    alert(now, { severity: 'P1', title: 'Grave' }), ...[1, 2, 3].map((n) => alert(now - n * 1000, { severity: 'P3', title: `Small ${n}` })),
  ]);
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  for (let n = 0; n < 3; n += 1) await page.keyboard.press('Shift+J');
  await page.getByText('4 chosen').waitFor(PATIENCE);
  assert.equal(await page.locator('[role=option][aria-selected=true]').count(), 4);
  await check(page);
  if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/chosen.png` });
  await page.keyboard.press('Escape');
  await page.getByText('4 chosen').waitFor({ state: 'detached', ...PATIENCE });
  await page.keyboard.press('x');
  for (let n = 0; n < 3; n += 1) await page.keyboard.press('Shift+K');
  await page.keyboard.press('Shift+A');
  await page.getByText('3 acknowledged, 1 left out: P1 and P2 one at a time.').waitFor(PATIENCE);
  assert.deepEqual(server.actions.map(({ name }) => name), Array(3).fill('alert.acknowledge'));
  assert.equal(new Set(server.actions.map(({ key }) => key)).size, 3);
  await page.keyboard.press('z');
  await page.waitForFunction(() => !document.body.innerText.includes('taken by r.diaz'), undefined, PATIENCE);
  assert.equal(server.actions.filter(({ name }) => name === 'alert.undo').length, 3);
});

test('what was not saved of several is told and tried again under the same keys', async (t) => {
  const { server, page } = await open(t, [1, 2].map((n) => alert(Date.now() - n * 1000, { severity: 'P3', title: `Small ${n}` })));
  server.actionStatus = 503;
  await page.keyboard.press('j');
  await page.keyboard.press('Shift+J');
  await page.keyboard.press('Shift+A');
  const retry = page.getByRole('button', { name: 'Retry 2' });
  await retry.waitFor(PATIENCE);
  server.actionStatus = 200;
  await retry.press('Enter');
  await page.getByText('2 acknowledged.').waitFor(PATIENCE);
  assert.deepEqual(server.actions.slice(2).map(({ key }) => key).sort(), server.actions.slice(0, 2).map(({ key }) => key).sort());
});

test('a changed key works after the page was loaded again, the old one does not, and a clash is refused', async (t) => {
  const { server, page } = await open(t, [alert(Date.now(), { title: 'Stolen car' })]);
  await page.keyboard.press('?');
  const key = page.getByRole('button', { name: /change the key for acknowledge the selected alert/ });
  await key.press('Enter');
  await page.keyboard.press('j');
  await page.getByText('j is the key of: next row.').waitFor(PATIENCE);
  await check(page);
  if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/help.png` });
  await key.press('Enter');
  await page.keyboard.press('y');
  await page.getByText(/^y: acknowledge the selected alert/).waitFor(PATIENCE);
  await ready(page);
  await page.keyboard.press('j');
  const button = page.getByRole('button', { name: 'Acknowledge', exact: true });
  await button.waitFor(PATIENCE);
  assert.equal(await button.getAttribute('aria-keyshortcuts'), 'Y');
  await page.keyboard.press('a');
  await page.waitForTimeout(500);
  assert.equal(server.actions.length, 0);
  await page.keyboard.press('y');
  await page.getByRole('option', { name: /taken by r\.diaz/ }).waitFor(PATIENCE);
});

test('Ctrl-K finds pages and acts by words', async (t) => {
  const { page } = await open(t, [alert(Date.now(), { title: 'Stolen car' })]);
  await page.keyboard.press('j');
  await page.keyboard.press('Control+k');
  const box = page.getByRole('combobox', { name: 'What to go to or do' });
  await box.waitFor(PATIENCE);
  await check(page);
  if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/commands.png` });
  await box.fill('escalate');
  await page.keyboard.press('Enter');
  await page.getByLabel('Escalate to supervisors now.', { exact: false }).waitFor(PATIENCE);
  await page.keyboard.press('Control+k');
  await box.fill('page audit');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Audit', level: 1 }).waitFor(PATIENCE);
});
