/** Write pictures of the page over a busy made-up city into a folder: `node tests/browser/look.mjs FOLDER`. */
import { join } from 'node:path';
import { launch, openPage } from './browser.mjs';
import { alert, busyCity, iso, sighting, unit } from './city.mjs';
import { FakeServer } from './fake_server.mjs';

const folder = process.argv[2];
if (!folder) throw new Error('Name a folder for the pictures.');
const city = busyCity();
const server = new FakeServer(city);
await server.start();
const browser = await launch();
/** Lists that the pictures of the wall and of the cameras need besides: units, and a picture of a read. */
function more() {
  const now = Date.now();
  const units = Array.from({ length: 24 }, (_, i) => unit(now - (i % 9 === 8 ? 400_000 : 3_000), i));
  server.push('units', units);
  for (const raised of city.alerts) {
    const [read] = raised.triggers;
    server.images[read] = { state: 'fetched', reason: '', expires_at: null, media_type: 'image/png', byte_count: 70, picture: `/api/images/${read}/picture` };
  }
  server.ledger = { ...server.ledger, judged_at: new Date(now).toISOString(), states: { balanced: 40, resends: 2 } };
}

async function wallAndCameras() {
  more();
  const screen = { viewport: { width: 1920, height: 1080 } };
  const wall = await openPage(browser, `${server.url}wall?profile=east&cycle=30`, screen);
  await wall.page.waitForFunction(() => window.__watchfloor?.stats().map?.inView.cameras > 3, null, { timeout: 60_000 });
  await wall.page.waitForTimeout(3000);
  await shot(wall.page, '7-wall');
  const [camera] = city.cameras;
  server.push('alerts', [alert(Date.now(), { severity: 'P1', title: 'Wanted plate JKL707 60 m from SHOTS FIRED, 40 s after the call', lat: camera.lat, lon: camera.lon, camera_id: camera.camera_id })]);
  await wall.page.waitForFunction(() => window.__watchfloor.stats().wall.shown, null, { timeout: 60_000 });
  await wall.page.waitForTimeout(3000);
  await shot(wall.page, '8-wall-p1');
  await server.stop();
  await wall.page.waitForTimeout(8000);
  await shot(wall.page, '9-wall-lost');
  await server.start();
  await wall.close();
  const small = await openPage(browser, `${server.url}wall?scale=1.5`, { viewport: { width: 1280, height: 720 } });
  await small.page.waitForTimeout(6000);
  await shot(small.page, '10-wall-scale');
  await small.close();
  const desk = await openPage(browser, `${server.url}#/cameras`, { viewport: { width: 1280, height: 720 } });
  await desk.page.waitForTimeout(4000);
  await shot(desk.page, '11-cameras');
  await desk.page.getByRole('link', { name: 'Map', exact: true }).click();
  await desk.page.getByRole('option').first().click({ timeout: 60_000 });
  await desk.page.keyboard.press('v');
  await desk.page.getByRole('button', { name: '4 tiles' }).click();
  await desk.page.waitForTimeout(2000);
  await shot(desk.page, '12-cameras-near');
  await desk.page.getByRole('button', { name: '16 tiles' }).click();
  await desk.page.waitForTimeout(1000);
  await shot(desk.page, '13-cameras-16');
  await desk.page.setViewportSize({ width: 412, height: 915 });
  await desk.page.waitForTimeout(1000);
  await desk.page.screenshot({ path: join(folder, '14-cameras-narrow.png') });
  await desk.close();
}

/** The room of an incident, wide and narrow, and its brief. */
async function room() {
  const now = Date.now();
  const [first] = city.incidents;
  const changed = { changed_by: 'r.diaz', changed_at: iso(now - 60_000) };
  const incident = { ...first, rev: 4, opened_at: iso(now - 1_500_000), owner: 'r.diaz', stage: 'assigned', units: ['unit-1', 'unit-8'], note: 'Perimeter is set at Cedar and 4th.', ...changed };
  const asked = [['weapons', 'Weapons used, to the units first', 'done'], ['direction', 'Direction taken, on foot or in a vehicle, broadcast', 'done'], ['vehicle', 'Vehicle: year, make, model, colour and plate broadcast', 'open'], ['reads', 'Plates read on the ways out', 'open']];
  incident.tasks = asked.map(([key, text, state]) => ({
    task_id: `robbery/${key}`, text, source: key === 'reads' ? 'own' : 'LASD Manual 3-07/020.05', added_by: 'r.diaz', added_at: iso(now - 840_000),
    assignee: key === 'vehicle' ? 'b.lee' : '', state, note: '', rev: 3, changed_by: 'r.diaz', changed_at: iso(now - 600_000),
  }));
  const state = (rev, over) => ({ ...incident, rev, observed_at: iso(now - 1_500_000 + rev * 60_000), owner: '', stage: 'opened', units: [], note: '', tasks: [], changed_by: '', changed_at: null, ...over });
  server.history = [
    state(1),
    state(3, { owner: 'r.diaz', stage: 'assigned', units: ['unit-1'], note: 'Two men, one with a long gun; they left by the back door, towards the river.', changed_by: 'r.diaz', changed_at: iso(now - 900_000) }),
  ];
  server.push('incidents', [incident]);
  server.push('alerts', [alert(now - 300_000, { title: 'Wanted plate JKL707 60 m from it', incident_id: incident.incident_id, lat: incident.lat, lon: incident.lon })]);
  const { page, close } = await openPage(browser, `${server.url}#/incident?id=${incident.incident_id}`, { viewport: { width: 1440, height: 900 } });
  await page.waitForTimeout(4000);
  server.tellPresent(incident.incident_id, [{ name: 'b.lee', since: now - 420_000 }]);
  await page.waitForTimeout(2000);
  await shot(page, '15-room');
  await page.emulateMedia({ media: 'print' });
  await page.screenshot({ path: join(folder, '16-brief.png'), fullPage: true });
  await page.emulateMedia({ media: 'screen' });
  await page.setViewportSize({ width: 412, height: 915 });
  await page.waitForTimeout(1000);
  await page.screenshot({ path: join(folder, '17-room-narrow.png'), fullPage: true });
  await page.goto(`${server.url}#/incident`);
  await page.waitForTimeout(500);
  await page.screenshot({ path: join(folder, '18-incidents-narrow.png') });
  await close();
}

const shot = (page, name) => page.screenshot({ path: join(folder, `${name}.png`) });
try {
  const { page, close, seen } = await openPage(browser, server.url, { viewport: { width: 1280, height: 720 }, reducedMotion: 'no-preference' });
  await page.waitForFunction(() => window.__watchfloor?.stats().map?.inView.cameras > 10, null, { timeout: 60_000 });
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
  await wallAndCameras();
  await room();
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
  await server.stop();
}
