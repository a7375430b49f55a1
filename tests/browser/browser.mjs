/** The browser the page is tested in: Debian's chromium, drawing in software. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../dashboards/web/package.json', import.meta.url));
const { chromium } = require('playwright-core');

const PLACES = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export function launch() {
  const executablePath = PLACES.find((path) => path && existsSync(path));
  if (!executablePath) throw new Error('No chromium found. Install it (apt-get install chromium) or name it in CHROMIUM.');
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--disable-gpu-rasterization',
      '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
    ],
  });
}

/**
 * Open the page and note every request that leaves its origin, every refusal of the policy and every script error.
 * `before`: a function that runs in the page before its own scripts.
 */
export async function openPage(browser, url, { before, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 640, height: 360 }, reducedMotion: 'reduce', ...options });
  if (before) await context.addInitScript(before);
  const page = await context.newPage();
  const seen = { foreign: [], errors: [], policy: [] };
  const origin = new URL(url).host;
  page.on('request', (request) => {
    const target = new URL(request.url());
    if (!['data:', 'blob:'].includes(target.protocol) && target.host !== origin) seen.foreign.push(request.url());
  });
  page.on('pageerror', (error) => seen.errors.push(String(error)));
  page.on('console', (message) => {
    if (/Content Security Policy|violates the following/i.test(message.text())) seen.policy.push(message.text());
  });
  await page.goto(url);
  return { page, seen, stats: () => page.evaluate(() => window.__watchfloor.stats()), close: () => context.close() };
}
