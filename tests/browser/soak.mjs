/**
 * Leave the page open over a running system and see whether it grows or shows old things as live:
 * `node tests/browser/soak.mjs URL MINUTES` (MINUTES at least 3). With `load` for URL, over load L with reads and alerts
 * that come and go (load.mjs). Prints JSON; exit status 1 when it fails.
 *
 * Figures are taken every 30 s after a garbage collection. Growth is counted from minute 5, or from minute 2 of a run
 * shorter than ten, when two minutes of sightings are there, to the end.
 */
import { readFile } from 'node:fs/promises';
import { launch, openPage } from './browser.mjs';
import { LOAD, Load } from './load.mjs';

const [target, minutesText] = process.argv.slice(2);
const minutes = Number(minutesText);
if (!target || !(minutes >= 3)) throw new Error('Give the address of the page, or load, and the minutes (at least 3).');
const load = target === 'load' ? new Load({ traffic: true }) : null;

const EVERY_MS = 30_000;
const WARM_MS = minutes < 10 ? 120_000 : 300_000;
/** The heap may grow by one or the other (check 8 of the page), as of the first figures. */
const MOST_GROWTH = { heapMb: 5, heapShare: 0.05, rssShare: 0.1, nodes: 50, listeners: 100, buffers: 0 };
/** A sighting is gone at 120 s; the list is drawn once a second, later on a loaded machine. */
const OLDEST_READ_S = 125;
/** The demo's cameras promise a report every 10 s and are believed for three of them; same slack. */
const OLDEST_REPORT_S = 35;
const MB = 1024 * 1024;

const seconds = (text) => {
  const found = [...text.matchAll(/(\d+) (s|min|h|d|y)\b/g)];
  const unit = { s: 1, min: 60, h: 3600, d: 86_400, y: 31_536_000 };
  return found.length ? found.reduce((sum, [, n, u]) => sum + Number(n) * unit[u], 0) : Number.NaN;
};

async function open(page, tab) {
  await page.getByRole('tab', { name: tab }).click();
  await page.waitForFunction((name) => document.querySelector('[role=tab][aria-selected=true]').textContent.startsWith(name), tab);
}

/** Text of the rows of the lower end of a list, where the oldest stand. */
async function lastRows(page) {
  const box = page.getByRole('listbox');
  if (!(await box.count())) return [];
  await box.evaluate((node) => node.scrollTo({ top: node.scrollHeight }));
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  return page.getByRole('option').allInnerTexts();
}

/** What is shown as of now and is not. */
async function stale(page) {
  const wrong = [];
  await open(page, 'Reads');
  for (const row of await lastRows(page)) {
    if (row.includes('no longer in this list')) continue; // said of a row that was chosen: nothing of it is shown
    const age = seconds(row.split('\n').find((line) => /^\d+ (s|min|h|d|y)\b/.test(line)) ?? '');
    if (!(age <= OLDEST_READ_S)) wrong.push(`read shown at an age of ${age} s: ${JSON.stringify(row)}`);
  }
  await open(page, 'Cameras');
  for (const row of await lastRows(page)) {
    const age = seconds(row.match(/report (.*) old/)?.[1] ?? '');
    if (!load && /\bworking\b/.test(row) && !(age <= OLDEST_REPORT_S)) wrong.push(`camera called working on a report ${age} s old`);
  }
  await open(page, 'Alerts');
  return wrong;
}

/** Counts the buffers of the graphics card that are there. */
function countBuffers() {
  window.buffers = 0;
  for (const { prototype } of [WebGLRenderingContext, WebGL2RenderingContext]) {
    for (const [name, change] of [['createBuffer', 1], ['deleteBuffer', -1]]) {
      const own = prototype[name];
      prototype[name] = function (...given) {
        window.buffers += change;
        return own.apply(this, given);
      };
    }
  }
}

/** Memory of the page's process, MB. */
async function rss(browserSession) {
  const { processInfo } = await browserSession.send('SystemInfo.getProcessInfo');
  const sizes = await Promise.all(processInfo.filter(({ type }) => type === 'renderer').map(async ({ id }) => {
    const status = await readFile(`/proc/${id}/status`, 'utf8').catch(() => '');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  }));
  return Math.max(...sizes);
}

await load?.server.start();
const browser = await launch();
const samples = [];
const faults = new Set();
let seen;
try {
  const url = load?.server.url ?? target;
  const opened = await openPage(browser, url, { viewport: { width: 900, height: 500 }, reducedMotion: 'no-preference', before: countBuffers });
  const { page } = opened;
  seen = opened.seen;
  await page.waitForFunction(() => window.__watchfloor?.stats().map?.inView.cameras > 10, null, { timeout: 120_000 });
  load?.begin();
  const browserSession = await browser.newBrowserCDPSession();
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Performance.enable');
  const began = Date.now();
  let next = began;
  let rateMost = 0;
  while (Date.now() - began <= minutes * 60_000 + 1000) {
    for (const fault of await stale(page)) faults.add(fault);
    await cdp.send('HeapProfiler.collectGarbage');
    const { metrics } = await cdp.send('Performance.getMetrics');
    const value = Object.fromEntries(metrics.map(({ name, value: v }) => [name, v]));
    const stats = await opened.stats();
    const features = stats.map.cameras + stats.map.alerts + stats.map.calls + stats.map.zones;
    const rate = Number((await page.locator('.figure b').first().innerText()) || 0);
    rateMost = Math.max(rateMost, rate);
    if (stats.badge.lost) faults.add(`${stats.badge.text} at ${Math.round((Date.now() - began) / 1000)} s`);
    // Twice the fastest rate seen, as bursts fall between samples: what is not let go of grows past any rate.
    if (stats.map.sightings > 2 * rateMost * 120 + 500) faults.add(`${stats.map.sightings} sightings on the map`);
    samples.push({
      at_s: Math.round((Date.now() - began) / 1000),
      heap_mb: Number((value.JSHeapUsedSize / MB).toFixed(2)),
      rss_mb: Number((await rss(browserSession)).toFixed(1)),
      buffers: await page.evaluate(() => window.buffers),
      nodes: value.Nodes,
      listeners: value.JSEventListeners,
      features,
      sightings: stats.map.sightings,
      alerts: stats.counts.alerts,
      badge: stats.badge.text,
    });
    next += EVERY_MS;
    await page.waitForTimeout(Math.max(0, next - Date.now()));
  }
  const { feed } = await opened.stats();
  if (feed.gaps || feed.unreadable) faults.add(`${feed.gaps} gaps, ${feed.unreadable} unreadable messages`);
} finally {
  load?.end();
  await browser.close();
  await load?.server.stop();
}

const warm = samples.filter((sample) => sample.at_s * 1000 >= WARM_MS);
/** The least of the first three and of the last three: what was taken in between two frames is not growth. */
const least = (rows, name) => Math.min(...rows.map((row) => row[name]));
const growth = Object.fromEntries(
  ['heap_mb', 'rss_mb', 'nodes', 'listeners', 'features'].map((name) => [name, least(warm.slice(-3), name) - least(warm.slice(0, 3), name)]),
);
/** These come and go with what is drawn, between the same bounds. */
growth.buffers = Math.max(...warm.slice(-3).map((row) => row.buffers)) - Math.max(...warm.slice(0, 3).map((row) => row.buffers));
for (const name of ['heap', 'rss']) growth[`${name}_share`] = growth[`${name}_mb`] / least(warm.slice(0, 3), `${name}_mb`);
if (growth.heap_mb > MOST_GROWTH.heapMb && growth.heap_share > MOST_GROWTH.heapShare) {
  faults.add(`heap grew by ${growth.heap_mb.toFixed(1)} MB, ${Math.round(growth.heap_share * 100)} %`);
}
if (growth.rss_share > MOST_GROWTH.rssShare) faults.add(`memory of the page grew by ${growth.rss_mb.toFixed(1)} MB`);
if (growth.buffers > MOST_GROWTH.buffers) faults.add(`${growth.buffers} more buffers of the graphics card`);
if (growth.nodes > MOST_GROWTH.nodes) faults.add(`${growth.nodes} more nodes`);
if (growth.listeners > MOST_GROWTH.listeners) faults.add(`${growth.listeners} more listeners`);
for (const [kind, list] of Object.entries(seen)) if (list.length) faults.add(`${kind}: ${list[0]}`);
console.log(JSON.stringify({ minutes, load: load && { ...LOAD, raised: load.raised }, ok: faults.size === 0, faults: [...faults], growth, samples }, null, 1));
process.exitCode = faults.size ? 1 : 0;
