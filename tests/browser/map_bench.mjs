/**
 * What a full map costs the browser: `node tests/browser/map_bench.mjs [SECONDS] [ZOOM]`. A bench, not a test: it judges
 * nothing. Prints JSON.
 *
 * Load L (load.mjs) on a map of 640 by 360 drawn in software. `renderer_ms_a_frame`: CPU of the page's process (its
 * workers too) for each frame that the map drew; `long_tasks`: longer than 200 ms on the main thread.
 */
import { launch, openPage } from './browser.mjs';
import { BATCHES, LOAD, Load } from './load.mjs';

const seconds = Number(process.argv[2] ?? 60);
const zoom = process.argv[3] === undefined ? null : Number(process.argv[3]);
const LONG_MS = 200;

const load = new Load();
const { server } = load;
await server.start();
const browser = await launch();
try {
  const { page, stats } = await openPage(browser, server.url, { viewport: { width: 640 + 400, height: 360 + 80 }, reducedMotion: 'no-preference' });
  await page.waitForFunction((count) => window.__watchfloor?.stats().map?.cameras === count, LOAD.cameras, { timeout: 120_000 });
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
  load.begin();
  await page.waitForTimeout(2_000);
  const cdp = await browser.newBrowserCDPSession();
  const cpu = async () => {
    const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
    return Object.fromEntries(['renderer', 'GPU'].map((type) => [type, processInfo.filter((one) => one.type === type).reduce((sum, one) => sum + one.cpuTime, 0)]));
  };
  const [before, first] = [await cpu(), (await stats()).map];
  await page.evaluate(() => void (window.tasks.length = 0));
  const [began, sent] = [Date.now(), load.batches];
  await page.waitForTimeout(seconds * 1000);
  const [after, last, tasks] = [await cpu(), (await stats()).map, await page.evaluate(() => window.tasks)];
  const took = (Date.now() - began) / 1000;
  const frames = last.frames - first.frames;
  const round = (value, digits = 1) => Number(value.toFixed(digits));
  console.log(JSON.stringify({
    seconds: round(took), objects: LOAD, zoom: round(last.place.zoom, 2), updates_a_second: round((load.batches - sent) * LOAD.units / BATCHES / took, 0),
    frames_a_second: round(frames / took), renderer_ms_a_frame: round(((after.renderer - before.renderer) * 1000) / frames), renderer_cores: round((after.renderer - before.renderer) / took, 2),
    gpu_process_cores: round((after.GPU - before.GPU) / took, 2),
    long_tasks: tasks.filter((ms) => ms > LONG_MS).length, longest_task_ms: Math.max(0, ...tasks), drawn: last.rendered,
  }, null, 1));
} finally {
  load.end();
  await browser.close();
  await server.stop();
}
