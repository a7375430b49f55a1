/**
 * How many bytes a second an idle field page costs, both ways, on the wire: `node tests/browser/field_idle.mjs URL [SECONDS]`.
 *
 * The page is opened through a relay on this machine that counts; headers and heartbeats are in the figure.
 */
import { connect, createServer } from 'node:net';
import { launch, openPage } from './browser.mjs';

const [, , address, seconds = '60'] = process.argv;
if (!address) throw new Error('Name the server, as http://127.0.0.1:8750/');
const { hostname, port } = new URL(address);
const bytes = { down: 0, up: 0 };
const relay = createServer((near) => {
  const far = connect(Number(port), hostname);
  near.on('data', (data) => (bytes.up += data.length));
  far.on('data', (data) => (bytes.down += data.length));
  near.pipe(far).pipe(near);
  for (const [one, other] of [[near, far], [far, near]]) one.on('error', () => other.destroy()).on('close', () => other.destroy());
});
await new Promise((resolve) => relay.listen(0, '127.0.0.1', resolve));
const browser = await launch();
try {
  // The relay's name for the server is the server's own: the same host, another port.
  const { page } = await openPage(browser, `http://127.0.0.1:${relay.address().port}/field`, { viewport: { width: 412, height: 915 } });
  await page.waitForFunction(() => window.__watchfloor?.stats().live && window.__watchfloor.stats().map?.basemap === 'shown', null, { timeout: 90_000 });
  const opening = { ...bytes };
  await page.waitForTimeout(10_000);
  const [from, began, frames] = [{ ...bytes }, performance.now(), await page.evaluate(() => window.__watchfloor.stats().map.frames)];
  await page.waitForTimeout(Number(seconds) * 1000);
  const took = (performance.now() - began) / 1000;
  const drawn = (await page.evaluate(() => window.__watchfloor.stats().map.frames)) - frames;
  const { counts } = await page.evaluate(() => window.__watchfloor.stats());
  console.log(JSON.stringify({
    seconds: Math.round(took), opening_bytes: opening.down + opening.up,
    down_bytes_per_s: Math.round((bytes.down - from.down) / took), up_bytes_per_s: Math.round((bytes.up - from.up) / took),
    frames_per_s: Number((drawn / took).toFixed(2)), alerts: counts.alerts, incidents: counts.incidents, units: counts.units,
  }));
} finally {
  await browser.close();
  relay.close();
}
