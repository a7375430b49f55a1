/** Write pictures of the page over a busy made-up city into a folder: `node tests/browser/look.mjs FOLDER`. */
import { join } from 'node:path';
import { launch, openPage } from './browser.mjs';
import { busyCity, sighting } from './city.mjs';
import { FakeServer } from './fake_server.mjs';

const folder = process.argv[2];
if (!folder) throw new Error('Name a folder for the pictures.');
const city = busyCity();
const server = new FakeServer(city);
await server.start();
const browser = await launch();
const shot = (page, name) => page.screenshot({ path: join(folder, `${name}.png`) });
try {
  const { page, close, seen } = await openPage(browser, server.url, { viewport: { width: 1280, height: 720 }, reducedMotion: 'no-preference' });
  await page.waitForFunction(() => window.__watchfloor?.stats().map?.rendered.camera > 10, null, { timeout: 60_000 });
  const flow = setInterval(() => server.push('sightings', Array.from({ length: 4 }, () => sighting(Date.now() - 300, city.cameras[Math.floor(Math.random() * 90)]))), 200);
  await page.waitForTimeout(5000);
  await shot(page, '1-live');
  await page.keyboard.press('j');
  await page.waitForTimeout(2500);
  await shot(page, '2-selected');
  await page.getByRole('tab', { name: /Cameras/ }).click();
  await page.keyboard.press('Escape');
  await page.waitForTimeout(1000);
  await shot(page, '3-cameras');
  await page.getByRole('tab', { name: /Alerts/ }).click();
  await page.keyboard.press('?');
  await page.waitForTimeout(500);
  await shot(page, '4-help');
  await page.keyboard.press('Escape');
  clearInterval(flow);
  await server.stop();
  await page.waitForTimeout(6000);
  await shot(page, '5-lost');
  await server.start();
  await close();
  const phone = await openPage(browser, server.url, { viewport: { width: 320, height: 640 } });
  await phone.page.waitForTimeout(6000);
  await phone.page.screenshot({ path: join(folder, '6-narrow.png'), fullPage: true });
  await phone.close();
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
  await server.stop();
}
