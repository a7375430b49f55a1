/**
 * What a full map costs the browser: `node tests/browser/map_bench.mjs [SECONDS] [ZOOM]`. A bench, not a test: it judges
 * nothing. Prints JSON.
 *
 * 5,000 cameras, 200 zones, 60 alerts, and 500 units that move once a second each, in batches ten times a second, on a
 * map of 640 by 360 drawn in software. `renderer_ms_a_frame`: CPU of the page's process (its workers too) for each frame
 * that the map drew; `long_tasks`: longer than 200 ms on the main thread.
 */
import { launch, openPage } from './browser.mjs';
import { alert, cameras, dice, health, unit } from './city.mjs';
import { FakeServer } from './fake_server.mjs';

const seconds = Number(process.argv[2] ?? 60);
const zoom = process.argv[3] === undefined ? null : Number(process.argv[3]);
const [CAMERAS, ZONES, UNITS, ALERTS, BATCHES] = [5_000, 200, 500, 60, 10];
const LONG_MS = 200;

const now = Date.now();
const next = dice(3);
const estate = cameras(CAMERAS, now);
const ring = (lon, lat) => Array.from({ length: 25 }, (_, i) => [lon + 0.004 * Math.cos((i % 24) / 24 * 2 * Math.PI), lat + 0.003 * Math.sin((i % 24) / 24 * 2 * Math.PI)]);
const zone = (i) => ({
  event_id: `zone-${i}`, occurred_at: new Date(now).toISOString(), observed_at: new Date(now).toISOString(), source: 'bench', jurisdiction: 'default', synthetic: true,
  zone_id: `zone-${i}`, name: `Zone ${i}`, kind: i % 5 ? 'beat' : 'school', polygons: [[ring(-90.135 + 0.13 * next(), 29.925 + 0.085 * next())]], watched: i % 7 === 0, removed: false,
});
const units = Array.from({ length: UNITS }, (_, i) => unit(now, i));
const server = new FakeServer({
  cameras: estate,
  // Believed for the whole run: a report that ages is another matter.
  health: estate.map((camera, i) => health(camera.camera_id, i % 97 === 5 ? 'offline' : i % 41 === 7 ? 'degraded' : 'ok', now, { next_report_s: 3_600 })),
  zones: Array.from({ length: ZONES }, (_, i) => zone(i)),
  units,
  alerts: Array.from({ length: ALERTS }, (_, i) => {
    const camera = estate[Math.floor(next() * CAMERAS)];
    return alert(now - i * 30_000, { severity: `P${1 + Math.min(3, Math.floor(i / 6))}`, title: `Alert ${i}`, camera_id: camera.camera_id, lat: camera.lat, lon: camera.lon });
  }),
});
await server.start();
const browser = await launch();
let flow;
try {
  const { page, stats } = await openPage(browser, server.url, { viewport: { width: 640 + 400, height: 360 + 80 }, reducedMotion: 'no-preference' });
  await page.waitForFunction((count) => window.__watchfloor?.stats().map?.cameras === count, CAMERAS, { timeout: 120_000 });
  if (zoom !== null) {
    const box = await page.locator('canvas').boundingBox();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    for (let i = 0; i < 40 && (await stats()).map.place.zoom < zoom; i += 1) await page.mouse.wheel(0, -200);
  }
  await page.waitForFunction(() => {
    const { rendered } = window.__watchfloor.stats().map;
    return rendered['unit'] > 0 && rendered['zone-fill'] > 0 && (rendered['camera'] ?? 0) + (rendered['camera-cluster'] ?? 0) > 0;
  }, null, { timeout: 120_000 });
  await page.waitForTimeout(5_000);
  await page.evaluate(() => {
    window.tasks = [];
    new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map((entry) => Math.round(entry.duration)))).observe({ type: 'longtask' });
  });
  let turn = 0;
  flow = setInterval(() => {
    const at = new Date().toISOString();
    const part = units.slice((turn % BATCHES) * (UNITS / BATCHES), (turn % BATCHES + 1) * (UNITS / BATCHES));
    turn += 1;
    for (const one of part) Object.assign(one, { lat: one.lat + 0.0002 * (next() - 0.5), lon: one.lon + 0.0002 * (next() - 0.5), occurred_at: at, observed_at: at });
    server.push('units', part);
  }, 1000 / BATCHES);
  await page.waitForTimeout(2_000);
  const cdp = await browser.newBrowserCDPSession();
  const cpu = async () => {
    const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
    return Object.fromEntries(['renderer', 'GPU'].map((type) => [type, processInfo.filter((one) => one.type === type).reduce((sum, one) => sum + one.cpuTime, 0)]));
  };
  const [before, first] = [await cpu(), (await stats()).map];
  await page.evaluate(() => void (window.tasks.length = 0));
  const began = Date.now();
  await page.waitForTimeout(seconds * 1000);
  const [after, last, tasks] = [await cpu(), (await stats()).map, await page.evaluate(() => window.tasks)];
  const took = (Date.now() - began) / 1000;
  const frames = last.frames - first.frames;
  const round = (value, digits = 1) => Number(value.toFixed(digits));
  console.log(JSON.stringify({
    seconds: round(took), objects: { cameras: CAMERAS, zones: ZONES, units: UNITS, alerts: ALERTS }, zoom: round(last.place.zoom, 2), updates_a_second: round(turn * UNITS / BATCHES / (took + 2), 0),
    frames_a_second: round(frames / took), renderer_ms_a_frame: round(((after.renderer - before.renderer) * 1000) / frames), renderer_cores: round((after.renderer - before.renderer) / took, 2),
    gpu_process_cores: round((after.GPU - before.GPU) / took, 2),
    long_tasks: tasks.filter((ms) => ms > LONG_MS).length, longest_task_ms: Math.max(0, ...tasks), drawn: last.rendered,
  }, null, 1));
} finally {
  clearInterval(flow);
  await browser.close();
  await server.stop();
}
