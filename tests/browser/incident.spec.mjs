/** The room of an incident, in a real browser and by keyboard alone. Part of `npm run test:browser`. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { check } from './axe.mjs';
import { launch, openPage } from './browser.mjs';
import { alert, call, cameras, drawing, health, incident, iso, unit, uuid } from './city.mjs';
import { FakeServer } from './fake_server.mjs';

const PATIENCE = { timeout: 60_000 };

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

async function open(t, city, over = {}, address = '') {
  const server = new FakeServer(city);
  Object.assign(server, over);
  await server.start();
  t.after(() => server.stop());
  const opened = await openPage(browser, `${server.url}${address}`, { viewport: { width: 1440, height: 900 } });
  t.after(() => opened.close());
  await opened.page.waitForFunction(() => window.__watchfloor?.stats().feed.phase === 'open', null, PATIENCE);
  return { server, ...opened };
}

const ROBBERY = uuid();
const now = Date.now();
const robbery = (over = {}) => incident(now - 600_000, {
  incident_id: ROBBERY, rev: 3, stage: 'assigned', owner: 'r.diaz', units: ['unit-1', 'unit-404'], changed_by: 'r.diaz', changed_at: iso(now - 500_000), note: 'Two men, one armed.', ...over,
});
const STATES = [
  { ...robbery({ rev: 1, stage: 'opened', owner: '', units: [], changed_by: '', changed_at: null, note: '' }), observed_at: iso(now - 600_000) },
  { ...robbery({ rev: 2, units: [] }), observed_at: iso(now - 500_000) },
];

function city() {
  const estate = cameras(5).map((camera, i) => ({ ...camera, name: `Camera ${i}`, lat: 29.962, lon: -90.09 + 0.001 * i }));
  return {
    incidents: [robbery(), incident(now - 90_000, { kind: 'FIRE <b>small</b>', priority: 3 }), incident(now - 90_000, { kind: 'OVER', status: 'closed', stage: 'closed', closed_at: iso(now) })],
    calls: [call(now - 600_000)],
    cameras: estate,
    health: [health('cam-3', 'ok', now)],
    units: [unit(now - 300_000, 1)],
    alerts: [
      alert(now - 300_000, { title: 'Wanted plate near the robbery', incident_id: ROBBERY, lat: 29.9, lon: -90.2 }),
      alert(now - 200_000, { title: 'Stolen car beside it', lat: 29.9621, lon: -90.0901 }),
      alert(now - 200_000, { title: 'Somewhere else', lat: 29.8, lon: -90.0901 }),
    ],
  };
}

test('an incident is chosen, read and written to by keys alone, and its room shows all that has to do with it', async (t) => {
  const { server, page, seen } = await open(t, city(), { history: STATES });
  await page.evaluate(() => localStorage.setItem('watchfloor.actor', 'm.keys'));
  await page.reload();
  await page.getByRole('heading', { name: 'Live map' }).waitFor({ state: 'attached', ...PATIENCE });
  await page.keyboard.press('g');
  await page.keyboard.press('i');
  await page.getByRole('heading', { name: 'Going on (2)' }).waitFor(PATIENCE);
  assert.equal(await page.getByText('FIRE <b>small</b>').count(), 1, 'text from outside is text');
  await check(page);
  await page.getByRole('link', { name: 'ARMED ROBBERY WITH GUN' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'ARMED ROBBERY WITH GUN' }).waitFor(PATIENCE);

  const log = page.getByRole('region', { name: 'Log' });
  await log.getByText('Opened by call A1').waitFor(PATIENCE);
  const lines = await log.getByRole('listitem').allInnerTexts();
  assert.deepEqual(lines.map((line) => line.split('\n').at(-1)), ['Opened by call A1', 'Now assigned (r.diaz)', 'r.diaz has it (r.diaz)', 'Two men, one armed. (r.diaz)', 'Adam 801, unit-404 on it']);
  const where = await page.getByRole('region', { name: 'Where' }).innerText();
  assert.match(where, /Adam 801: not available, seen 5 min ago\s+STALE/);
  assert.match(where, /unit-404: has told no position\s+STALE/);
  assert.match(where, /Camera 3\s+50 m/);
  const related = page.getByRole('region', { name: 'Alerts that may have to do with it (2)' });
  assert.match(await related.innerText(), /Wanted plate near the robbery[\s\S]*its rule names this incident[\s\S]*Stolen car beside it[\s\S]*1[05] m away/);
  await page.waitForFunction(() => window.__watchfloor.stats().map?.inView.cameras >= 3, null, PATIENCE);
  await check(page);

  // A line is in the log when the log has confirmed it, and is marked until then.
  server.silent = true;
  await page.keyboard.press('q');
  await page.keyboard.type('Suspects went north on Cedar.');
  await page.keyboard.press('Enter');
  await log.getByText('not confirmed yet').waitFor(PATIENCE);
  server.push('incidents', [robbery({ rev: 4, note: 'Suspects went north on Cedar.', changed_by: 'm.keys', changed_at: iso(Date.now()), actions: [server.actions.at(-1).key] })]);
  await log.getByText('not confirmed yet').waitFor({ state: 'detached', ...PATIENCE });
  await log.getByText('Suspects went north on Cedar. (m.keys)').waitFor(PATIENCE);

  await page.keyboard.press('Escape');
  assert.match(page.url(), /id=/, 'out of the line first');
  await page.keyboard.press('Escape');
  await page.getByRole('heading', { name: 'Going on (2)' }).waitFor(PATIENCE);
  await page.keyboard.press('Escape');
  await page.getByRole('heading', { name: 'Live map' }).waitFor({ state: 'attached', ...PATIENCE });
  assert.deepEqual(seen, { foreign: [], errors: [], policy: [] });
});

test('its brief is one page: what happened and who is on it, and nothing that can be pressed', async (t) => {
  const { page } = await open(t, city(), { history: STATES }, `#/incident?id=${ROBBERY}`);
  await page.getByText('Opened by call A1').waitFor(PATIENCE);
  await page.evaluate(() => (window.print = () => (window.printed = true)));
  await page.keyboard.press('b');
  assert.equal(await page.evaluate(() => window.printed), true);
  await page.emulateMedia({ media: 'print' });
  const text = await page.locator('body').innerText();
  assert.match(text, /ARMED ROBBERY WITH GUN[\s\S]*Printed \d\d:\d\d:\d\d[\s\S]*Adam 801[\s\S]*Camera 3, 52 m[\s\S]*Two men, one armed[\s\S]*Wanted plate near the robbery/);
  assert.equal(await page.getByRole('button').count(), 0);
  assert.equal(await page.locator('canvas:visible').count(), 0);
  const sheet = await page.pdf({ format: 'A4' });
  assert.equal(sheet.toString('latin1').match(/\/Type\s*\/Page\b/g).length, 1);
});

test('a room says what it lacks: no store, an incident that is over, one that nobody knows', async (t) => {
  const ended = uuid();
  const { page } = await open(t, { ...city(), incidents: [incident(now - 90_000, { incident_id: ended, kind: 'OVER', status: 'closed', stage: 'closed', closed_at: iso(now) })] }, { history: null }, `#/incident?id=${ended}`);
  await page.getByText('What was before this page was opened cannot be read: The store cannot be reached now.').waitFor(PATIENCE);
  await page.getByText('This incident is over: nothing is added to its log. Reopen it first.').waitFor(PATIENCE);
  await page.getByText('No unit is on it.').waitFor(PATIENCE);
  assert.equal(await page.getByLabel('Add a line').count(), 0);
  await check(page);
  await page.goto(page.url().replace(ended, uuid()));
  await page.getByText('This incident is not known here').waitFor(PATIENCE);
  await page.getByText('No incident is open. Each emergency call opens one.').waitFor(PATIENCE);
  await check(page);
});

test('its replay begins before it did, on the map', async (t) => {
  const { server, page } = await open(t, city(), { history: STATES, timeLine: { from: iso(now - 720_000), to: iso(now), marks: [], is_cut: false, oldest: iso(now - 86_400_000) } }, `#/incident?id=${ROBBERY}`);
  await page.evaluate(() => localStorage.setItem('watchfloor.actor', 'm.keys'));
  await page.reload();
  await page.getByText('Opened by call A1').waitFor(PATIENCE);
  await page.keyboard.press('r');
  await page.getByRole('heading', { name: 'Replayed map' }).waitFor({ state: 'attached', ...PATIENCE });
  await page.waitForFunction(() => window.__watchfloor.stats().replay?.state === 'playing', null, PATIENCE);
  assert.ok(Math.abs(server.replays[0].hello.replay.from - (now - 720_000)) < 2_000);
});

test('its tasks are added, ticked and found not needed by keys alone, and who is too late is told', async (t) => {
  const { server, page, seen } = await open(t, city(), { history: STATES }, `#/incident?id=${ROBBERY}`);
  await page.evaluate(() => localStorage.setItem('watchfloor.actor', 'm.keys'));
  await page.reload();
  const tasks = page.getByRole('region', { name: /^Tasks/ });
  await tasks.getByText('No tasks yet').waitFor(PATIENCE);
  await page.keyboard.press('t');
  await page.keyboard.type('Call the <b>shop</b>');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Tasks (0 of 1)' }).waitFor(PATIENCE);
  assert.deepEqual(await tasks.getByRole('option').first().innerText(), 'Robbery (7)', 'the list for its kind comes first');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Tasks (0 of 3)' }).waitFor(PATIENCE);
  await check(page);

  // Space ticks; it is not ticked on the screen before the log says so.
  const boxes = tasks.getByRole('checkbox');
  await boxes.first().focus();
  await page.keyboard.press('Space');
  await page.getByRole('heading', { name: 'Tasks (1 of 3)' }).waitFor(PATIENCE);
  assert.equal(await boxes.first().getAttribute('aria-checked'), 'true');
  server.silent = true;
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Space');
  await tasks.getByText('not confirmed yet').waitFor(PATIENCE);
  assert.equal(await boxes.nth(1).getAttribute('aria-checked'), 'false');
  const { key, details } = server.actions.at(-1);
  assert.deepEqual([details.task, details.state], ['robbery/weapons', 'done']);
  const row = server.row('incidents', ROBBERY);
  server.push('incidents', [{
    ...row, rev: row.rev + 1, actions: [...row.actions, key],
    tasks: row.tasks.map((one, n) => (n === 1 ? { ...one, state: 'done', changed_by: 'b.lee', rev: row.rev + 1 } : one)),
    refused: [{ action_id: key, name: 'incident.task_state', actor: 'm.keys', why: 'task_already_done', first_by: 'b.lee', at: iso(Date.now()) }],
  }]);
  await tasks.getByText('Not done: the task was done already by b.lee.').waitFor(PATIENCE);
  server.silent = false;

  await page.keyboard.press('End');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.keyboard.type('He stays on the line');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Tasks (3 of 3)' }).waitFor(PATIENCE);
  await tasks.getByText('not needed, says m.keys: He stays on the line').waitFor(PATIENCE);
  await page.getByRole('region', { name: 'Log' }).getByText('Task not needed: Of the list: suspects (He stays on the line)').waitFor(PATIENCE);
  await check(page);

  await page.emulateMedia({ media: 'print' });
  assert.match(await page.locator('body').innerText(), /Tasks \(3 of 3\)[\s\S]*Call the <b>shop<\/b>[\s\S]*done by m\.keys/);
  assert.deepEqual(seen, { foreign: [], errors: [], policy: [] });
});

test('who else has the room open is named in it, and only there', async (t) => {
  const { server, page } = await open(t, city(), { history: STATES }, `#/incident?id=${ROBBERY}`);
  await page.getByText('Opened by call A1').waitFor(PATIENCE);
  assert.equal(server.present.at(-1).incident, ROBBERY);
  server.tellPresent(ROBBERY, [{ name: 'b.lee', since: now - 60_000 }, { name: '', since: now }]);
  await page.getByText(/Also here: b\.lee since \d\d:\d\d:\d\d, somebody without a name since/).waitFor(PATIENCE);
  await check(page);
  server.tellPresent(uuid(), [{ name: 'c.kim', since: now }]);
  await page.getByText('Also here').waitFor({ state: 'detached', ...PATIENCE });
  await page.keyboard.press('Escape');
  await page.getByRole('heading', { name: 'Going on (2)' }).waitFor(PATIENCE);
  assert.equal(server.present.at(-1).incident, null);
});

test('what is drawn by keys is on a second screen at once, is changed, removed and put back, and the log tells who did', async (t) => {
  const { server, page, seen } = await open(t, city(), { history: STATES }, `#/incident?id=${ROBBERY}`);
  await page.evaluate(() => localStorage.setItem('watchfloor.actor', 'm.keys'));
  await page.reload();
  const second = await openPage(browser, `${server.url}wall`, { viewport: { width: 1280, height: 720 } });
  t.after(() => second.close());
  const desk = await openPage(browser, server.url, { viewport: { width: 1280, height: 720 } });
  const drawn = page.getByRole('region', { name: /^Drawn on the map/ });
  await drawn.getByText('Nothing is drawn yet.').waitFor(PATIENCE);
  await page.waitForFunction(() => window.__watchfloor.stats().map?.ready, null, PATIENCE);

  await page.keyboard.press('d');
  await drawn.getByRole('form', { name: 'Draw something' }).waitFor(PATIENCE);
  assert.equal(await page.evaluate(() => document.activeElement.tagName), 'SELECT');
  await page.keyboard.press('Tab');
  await page.keyboard.type('Outer <img src=x onerror=alert(1)>');
  await page.keyboard.press('Enter');
  await drawn.getByText('An area needs three corners or more.').waitFor(PATIENCE);
  await drawn.getByLabel('Radius, m').fill('150');
  await drawn.getByRole('button', { name: 'Circle around the incident' }).focus();
  await page.keyboard.press('Enter');
  await drawn.getByText(/^48 corners, 30[01] m across, around/).waitFor(PATIENCE);
  await page.waitForFunction(() => window.__watchfloor.stats().map.rendered['drawing-draft'] > 0, null, PATIENCE);
  await check(page);
  await drawn.getByRole('button', { name: 'Save', exact: true }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Drawn on the map (1)' }).waitFor(PATIENCE);
  const { kind, label, geometry } = server.actions.at(-1);
  assert.deepEqual([kind, label, geometry.type, geometry.coordinates[0].length], ['perimeter', 'Outer <img src=x onerror=alert(1)>', 'Polygon', 49]);
  assert.deepEqual(geometry.coordinates[0][0], geometry.coordinates[0][48]);
  for (const one of [page, second.page, desk.page]) {
    await one.waitForFunction(() => window.__watchfloor.stats().map?.rendered['drawing-perimeter'] > 0, null, PATIENCE);
  }
  await desk.close();
  await page.getByRole('region', { name: 'Log' }).getByText('Drawn: Perimeter: Outer <img src=x onerror=alert(1)> (m.keys)').waitFor(PATIENCE);

  // A command post where the incident is, then moved by writing another place.
  await page.keyboard.press('d');
  await drawn.getByLabel('What').selectOption('command_post');
  await drawn.getByRole('button', { name: 'At the incident' }).focus();
  await page.keyboard.press('Enter');
  await drawn.getByLabel('Name').focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Drawn on the map (2)' }).waitFor(PATIENCE);
  await drawn.getByRole('button', { name: 'Change Command post' }).focus();
  await page.keyboard.press('Enter');
  await drawn.getByLabel('Place: latitude, longitude').fill('29.9631, -90.0912');
  await drawn.getByRole('button', { name: 'Save the change' }).focus();
  await page.keyboard.press('Enter');
  await drawn.getByRole('button', { name: 'Save the change' }).waitFor({ state: 'detached', ...PATIENCE });
  await drawn.getByText('at 29.9631').waitFor(PATIENCE);
  assert.deepEqual([server.actions.at(-1).expected_rev, server.actions.at(-1).geometry], [1, { type: 'Point', coordinates: [-90.0912, 29.9631] }]);

  // Who is late is told; what was removed can be put back at once, from the key that removed it.
  server.refuse = { why: 'drawing_changed_meanwhile', first_by: 'b.lee' };
  await drawn.getByRole('button', { name: 'Remove Perimeter' }).focus();
  await page.keyboard.press('Enter');
  await drawn.getByText('Not done: the drawing was changed meanwhile by b.lee.').waitFor(PATIENCE);
  server.refuse = null;
  await drawn.getByRole('button', { name: 'Remove Perimeter' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Drawn on the map (1)' }).waitFor(PATIENCE);
  await second.page.waitForFunction(() => !window.__watchfloor.stats().map.rendered['drawing-perimeter'], null, PATIENCE);
  await page.getByRole('region', { name: 'Log' }).getByText('Removed from the map: Perimeter: Outer').waitFor(PATIENCE);
  await page.waitForFunction(() => document.activeElement.textContent === 'Put it back', null, PATIENCE);
  await check(page);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Drawn on the map (2)' }).waitFor(PATIENCE);
  await page.getByRole('region', { name: 'Log' }).getByText('Put back on the map: Perimeter: Outer').waitFor(PATIENCE);

  await page.emulateMedia({ media: 'print' });
  const brief = await page.locator('body').innerText();
  assert.match(brief, /Drawn on the map \(2\)[\s\S]*Perimeter: Outer <img src=x[\s\S]*48 corners[\s\S]*Command post[\s\S]*at 29\.9631/);
  assert.equal(await page.getByRole('button').count(), 0);
  assert.deepEqual([seen, second.seen, desk.seen], Array(3).fill({ foreign: [], errors: [], policy: [] }));
});

test('an area is drawn with the mouse, moved before it is saved, and picks nothing meanwhile', async (t) => {
  const { server, page, seen } = await open(t, city(), { history: STATES }, `#/incident?id=${ROBBERY}`);
  await page.evaluate(() => localStorage.setItem('watchfloor.actor', 'm.keys'));
  await page.reload();
  await page.waitForFunction(() => window.__watchfloor.stats().map?.inView.cameras >= 3, null, PATIENCE);
  assert.ok(!server.requests.some((path) => path.includes('drawing_tool')), 'it comes with the first drawing');
  await page.keyboard.press('d');
  const drawn = page.getByRole('region', { name: /^Drawn on the map/ });
  await drawn.getByLabel('What').selectOption('hot_zone');
  await drawn.getByRole('button', { name: 'Draw it on the map' }).click();
  await drawn.getByText(/^Click or tap each corner/).waitFor(PATIENCE);
  const canvas = page.getByRole('region', { name: 'Map. Everything' });
  const box = await canvas.boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const corners = [[x - 60, y - 40], [x + 60, y - 40], [x + 60, y + 40]];
  for (const [left, top] of [...corners, corners[2]]) {
    await page.mouse.move(left, top, { steps: 4 });
    await page.mouse.down();
    await page.mouse.up();
    await page.waitForTimeout(400);
  }
  const places = drawn.getByLabel(/^Places/);
  await page.waitForFunction(() => document.querySelector('.drawings textarea').value.split('\n').length === 3, null, PATIENCE);
  const before = await places.inputValue();
  await page.mouse.move(x + 30, y - 10);
  await page.mouse.down();
  await page.mouse.move(x + 50, y, { steps: 8 });
  await page.mouse.up();
  await page.waitForFunction((was) => document.querySelector('.drawings textarea').value !== was, before, PATIENCE);
  assert.equal(await page.getByText('Picked:').count(), 0);
  // A dot between two corners becomes a corner, and goes again with the other button.
  await page.mouse.click(x + 20, y - 30);
  await page.waitForFunction(() => document.querySelector('.drawings textarea').value.split('\n').length === 4, null, PATIENCE);
  await page.mouse.click(x + 20, y - 30, { button: 'right' });
  await page.waitForFunction(() => document.querySelector('.drawings textarea').value.split('\n').length === 3, null, PATIENCE);
  await check(page);
  await drawn.getByLabel('Name').fill('Gas');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Drawn on the map (1)' }).waitFor(PATIENCE);
  await page.waitForFunction(() => window.__watchfloor.stats().map.rendered['drawing-hot_zone'] > 0, null, PATIENCE);
  assert.equal(server.actions.at(-1).geometry.coordinates[0].length, 4);

  // Escape: the pen down, then out of the form, then out of the room.
  await page.keyboard.press('d');
  await drawn.getByRole('button', { name: 'Draw it on the map' }).click();
  await drawn.getByRole('button', { name: 'Stop drawing on the map' }).waitFor(PATIENCE);
  await page.keyboard.press('Escape');
  await drawn.getByRole('button', { name: 'Draw it on the map' }).waitFor(PATIENCE);
  await page.keyboard.press('Escape');
  await drawn.getByRole('form').waitFor({ state: 'detached', ...PATIENCE });
  assert.match(page.url(), /id=/);
  assert.deepEqual(seen, { foreign: [], errors: [], policy: [] });
});

test('what was drawn for an incident that is over is read and not changed', async (t) => {
  const over = robbery({ status: 'closed', stage: 'closed', closed_at: iso(now) });
  const { page } = await open(t, { ...city(), incidents: [over], drawings: [drawing(now - 400_000, ROBBERY)] }, { history: STATES }, `#/incident?id=${ROBBERY}`);
  const drawn = page.getByRole('region', { name: 'Drawn on the map (1)' });
  await drawn.getByText('Perimeter: Outer').waitFor(PATIENCE);
  await drawn.getByText('nothing is drawn for it any more').waitFor(PATIENCE);
  assert.deepEqual(await drawn.getByRole('button').allInnerTexts(), ['Show']);
  await page.waitForFunction(() => window.__watchfloor.stats().map?.rendered['drawing-perimeter'] > 0, null, PATIENCE);
  await page.keyboard.press('d');
  assert.equal(await drawn.getByRole('form').count(), 0);
  await check(page);
});

test('files are put to an incident, each told how it went, and one is withdrawn with a reason by keys; the log has it', async (t) => {
  const { page } = await open(t, city(), { history: STATES }, `#/incident?id=${ROBBERY}`);
  await page.evaluate(() => localStorage.setItem('watchfloor.actor', 'm.keys'));
  await page.reload();
  const files = page.getByRole('region', { name: /^Files/ });
  await files.getByText('There is no file yet.').waitFor(PATIENCE);
  const choosing = page.waitForEvent('filechooser');
  await files.getByRole('button', { name: 'Add files…' }).focus();
  await page.keyboard.press('Enter');
  const picture = { mimeType: 'image/png', buffer: Buffer.from('a picture') };
  await (await choosing).setFiles([{ name: 'tool.exe', ...picture }, { name: 'door <b>1</b>.png', ...picture }]);
  await files.getByRole('status').getByText('Not added, tool.exe: Files like this are not taken: pictures, PDF, MP4 and plain text are. Added: door <b>1</b>.png.').waitFor(PATIENCE);
  await page.getByRole('heading', { name: 'Files (1)' }).waitFor(PATIENCE);
  await files.getByText('image/png, 9 bytes; by m.keys').waitFor(PATIENCE);
  await files.getByText('not scanned: no scanner is set up').waitFor(PATIENCE);
  const link = files.getByRole('link', { name: 'door <b>1</b>.png' });
  assert.match(await link.getAttribute('href'), new RegExp(`^/api/incidents/${ROBBERY}/attachments/[^/?]+\\?actor=m.keys$`));
  await check(page);
  await files.getByRole('button', { name: /^Withdraw door/ }).focus();
  await page.keyboard.press('Enter');
  await files.getByLabel('Why').fill('of another case');
  await check(page);
  await page.keyboard.press('Enter');
  await files.getByText('withdrawn by m.keys: of another case').waitFor(PATIENCE);
  assert.equal(await link.count(), 0, 'what was withdrawn is not given out');
  const log = page.getByRole('region', { name: /log/i });
  await log.getByText('File added: door <b>1</b>.png').waitFor(PATIENCE);
  await log.getByText('File withdrawn: door <b>1</b>.png (of another case)').waitFor(PATIENCE);
  if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/files.png`, fullPage: true });
});
