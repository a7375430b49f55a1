/** The page over the real thing: broker, roles, simulated city, all started here and stopped again. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launch, openPage } from './browser.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const WATCHFLOOR = process.env.WATCHFLOOR ?? join(ROOT, '.venv/bin/watchfloor');
/** Where to write the pictures of the docs; nothing is written without it. */
const { SCREENSHOT } = process.env;
/** Waits are for a state, never for a time; this is when to give up. */
const PATIENCE = { timeout: 80_000 };

/** Ports free now. Asked for together, so that no two are the same. */
async function freePorts(count) {
  const servers = await Promise.all(Array.from({ length: count }, () => new Promise((resolve, reject) => {
    const server = createServer().once('error', reject).listen(0, '127.0.0.1', () => resolve(server));
  })));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

const isRunning = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code !== 'ESRCH';
  }
};

class Demo {
  output = '';
  process = null;

  async start() {
    if (!existsSync(WATCHFLOOR)) throw new Error(`${WATCHFLOOR} is missing: run "make setup" first, or name it in WATCHFLOOR.`);
    this.folder = await mkdtemp(join(tmpdir(), 'watchfloor-page-'));
    const [web, edge, kafka] = await freePorts(3);
    this.url = `http://127.0.0.1:${web}/`;
    this.process = spawn(WATCHFLOOR, ['demo', '--no-open', '--rate', '15'], {
      env: {
        ...process.env,
        WATCHFLOOR_DATA_DIR: this.folder,
        WATCHFLOOR_WEB_PORT: String(web),
        WATCHFLOOR_EDGE_PORT: String(edge),
        WATCHFLOOR_EMBEDDED_KAFKA_PORT: String(kafka),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.ended = new Promise((resolve) => this.process.once('exit', (code, signal) => resolve({ code, signal })));
    await new Promise((resolve, reject) => {
      const read = (data) => {
        this.output += data;
        if (this.output.includes('Watchfloor is up')) resolve();
      };
      this.process.stdout.on('data', read);
      this.process.stderr.on('data', read);
      this.process.once('error', reject);
      this.process.once('exit', () => reject(new Error(`The demo ended before it was up:\n${this.output}`)));
    });
  }

  /** Stop as Ctrl-C does; return the processes that are left. */
  async stop() {
    if (!this.process) return [];
    const { roles } = JSON.parse(await readFile(join(this.folder, 'run.json'), 'utf8').catch(() => '{"roles":{}}'));
    const pids = [this.process.pid, ...Object.values(roles).filter((pid) => pid !== null)];
    this.process.kill('SIGINT');
    const last = setTimeout(() => this.process.kill('SIGKILL'), 30_000);
    this.outcome = await this.ended;
    clearTimeout(last);
    const left = pids.filter(isRunning);
    await rm(this.folder, { recursive: true, force: true });
    return left;
  }
}

const demo = new Demo();
let browser;
before(async () => {
  const launching = launch();
  // Both are slow to start and do not need each other; neither may be left behind when the other fails.
  const [started, launched] = await Promise.allSettled([demo.start(), launching]);
  if (launched.status === 'fulfilled') browser = launched.value;
  for (const one of [started, launched]) if (one.status === 'rejected') throw one.reason;
});
after(async () => {
  await browser?.close();
  assert.deepEqual(await demo.stop(), [], 'processes were left behind');
  assert.equal(demo.outcome?.signal ?? null, null, 'the demo had to be killed');
});

test('the demo city lives on the page, and what a person does comes back through the log', async () => {
  const viewport = SCREENSHOT ? { width: 1600, height: 900 } : { width: 960, height: 600 };
  const { page, seen, stats } = await openPage(browser, demo.url, { viewport });
  await page.waitForFunction(() => (window.__watchfloor?.stats().map?.inView.cameras ?? 0) >= 100, null, PATIENCE);
  assert.match(await page.locator('.simulated').innerText(), /SIMULATED/);

  const first = (await stats()).map.sightings;
  await page.waitForFunction((count) => window.__watchfloor.stats().map.sightings > count + 10, first, PATIENCE);

  await page.waitForFunction(() => document.querySelectorAll('[role=option]').length >= 3, null, PATIENCE);
  await page.evaluate(() => localStorage.setItem('watchfloor.actor', 'a person'));
  await page.reload();
  await page.waitForFunction(() => document.querySelectorAll('[role=option]').length >= 3, null, PATIENCE);
  await page.getByRole('listbox').focus();
  await page.keyboard.press('Home');
  const why = page.getByRole('region', { name: 'Why' });
  await why.waitFor(PATIENCE);
  for (let row = 0; row < 3; row += 1) {
    const reasons = await why.getByRole('listitem').allInnerTexts();
    assert.ok(reasons.length >= 1 && reasons.every((text) => text.trim().length > 10), `reasons: ${reasons}`);
    assert.doesNotMatch(reasons[0], /gave no reasons/);
    if (row < 2) await page.keyboard.press('ArrowDown');
  }
  await page.keyboard.press('Home');

  if (SCREENSHOT) {
    await mkdir(SCREENSHOT, { recursive: true });
    // A minute of the city makes a truer picture than its first seconds.
    await page.waitForTimeout(45_000);
    await page.waitForFunction(() => window.__watchfloor.stats().map.basemap === 'shown', null, PATIENCE);
    await page.keyboard.press('.');
    await page.getByRole('option', { name: /vehicle .* m from/ }).first().click(PATIENCE);
    await page.waitForTimeout(1_500);
    await page.screenshot({ path: join(SCREENSHOT, 'live-map.png') });
  }

  await page.keyboard.press('a');
  await page.getByText('Acknowledged by a person (unverified)').waitFor(PATIENCE);
  const { feed, unreadableRows } = await stats();
  assert.deepEqual([feed.gaps, feed.duplicates, feed.unreadable, unreadableRows], [0, 0, 0, 0]);
  assert.equal(feed.connects, 1, 'the connection held');
  assert.deepEqual(seen, { foreign: [], errors: [], policy: [] });

  if (SCREENSHOT) {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.keyboard.press('Escape');
    await page.keyboard.press('.');
    await page.evaluate(() => { document.activeElement.blur(); scrollTo(0, 0); });
    await page.waitForTimeout(5_000);
    await page.screenshot({ path: join(SCREENSHOT, 'phone.png') });
  }
});

test('check 30: five deeds of a phone without a line are in the store once each, in the order they were done', async () => {
  const { page, close } = await openPage(browser, `${demo.url}field`, { viewport: { width: 412, height: 915 } });
  const outbox = (state, count) => page.waitForFunction(([one, n]) => window.__watchfloor.stats().outbox[one] === n, [state, count], PATIENCE);
  await page.waitForFunction(() => window.__watchfloor?.stats().live && window.__watchfloor.stats().counts.incidents > 0, null, PATIENCE);
  await page.evaluate(() => localStorage.setItem('watchfloor.actor', 'a commander'));
  await page.reload();
  await page.waitForFunction(() => window.__watchfloor?.stats().live && window.__watchfloor.stats().counts.incidents > 0, null, PATIENCE);
  await page.getByRole('navigation').getByRole('button', { name: /^Incident/ }).click(PATIENCE);
  await page.getByRole('button', { name: /^Mine:/ }).first().click(PATIENCE);

  await page.context().setOffline(true);
  for (const words of ['one', 'two', 'three', 'four']) {
    await page.getByRole('button', { name: 'Note', exact: true }).click(PATIENCE);
    await page.getByRole('textbox', { name: /^Note on/ }).fill(words);
    await page.getByRole('button', { name: 'Save note' }).click();
  }
  await page.getByRole('button', { name: 'On scene' }).click(PATIENCE);
  await outbox('waiting', 5);
  await page.context().setOffline(false);
  await outbox('waiting', 0);
  await outbox('done', 5);

  const sql = "SELECT name, note, count() AS n FROM actions WHERE actor = 'a commander' GROUP BY name, note, occurred_at ORDER BY occurred_at";
  let rows = [];
  for (let i = 0; i < 100 && rows.length < 5; i += 1) {
    const answer = await fetch(`${demo.url}api/sql`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ sql, format: 'JSON' }),
    });
    rows = (await answer.json()).data ?? [];
    if (rows.length < 5) await page.waitForTimeout(300);
  }
  assert.deepEqual(
    rows.map(({ name, note, n }) => [name, note.split(' ')[0], Number(n)]),
    [['incident.note', 'one', 1], ['incident.note', 'two', 1], ['incident.note', 'three', 1], ['incident.note', 'four', 1], ['incident.stage', rows[4]?.note.split(' ')[0], 1]],
  );
  await close();
});
