/** Being told while the page is closed: turned on by a click, shown by the worker, and a click leads to the alert. The
 * browser's own push service cannot be reached here: a subscription is made up, and messages come by DevTools. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { checkAll } from './axe.mjs';
import { launch, openPage } from './browser.mjs';
import { alert } from './city.mjs';
import { FakeServer, NOBODY } from './fake_server.mjs';

const PATIENCE = { timeout: 60_000 };
const DIAZ = { ...NOBODY, account: 'r.diaz', name: 'R. Diaz', roles: ['monitor'], rights: ['act', 'calls', 'see'] };
const KEY = 'BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8';

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

/** In place of the browser's push service. */
function madeUp() {
  let current = null;
  PushManager.prototype.getSubscription = () => Promise.resolve(current);
  PushManager.prototype.subscribe = ({ applicationServerKey }) => {
    const bytes = Uint8Array.from(atob(applicationServerKey.replaceAll('-', '+').replaceAll('_', '/')), (one) => one.charCodeAt(0));
    current = {
      endpoint: 'https://push.example/a-secret', options: { applicationServerKey: bytes.buffer },
      toJSON: () => ({ keys: { p256dh: 'p', auth: 'a' } }),
      unsubscribe: () => Promise.resolve((current = null) === null),
    };
    return Promise.resolve(current);
  };
}

async function open(t, path = '', settings = {}) {
  const now = Date.now();
  const known = alert(now - 60_000, { title: 'Possible stolen vehicle TRX118', subject: 'TRX118' });
  const other = alert(now - 9_000, { severity: 'P1', title: 'Wanted plate KLM404 near a robbery' });
  const server = new FakeServer({ alerts: [known, other] });
  Object.assign(server, { session: DIAZ, pushKey: KEY }, settings);
  await server.start();
  t.after(() => server.stop());
  const opened = await openPage(browser, `${server.url}${path}`, { before: madeUp, permissions: ['notifications'], viewport: { width: 1440, height: 900 } });
  t.after(() => opened.close());
  return { server, known, ...opened };
}

/** Have the worker of a scope told something, as by a push service. */
async function deliver(page, scope, said) {
  const devtools = await page.context().newCDPSession(page);
  const found = new Promise((resolve) => devtools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
    const one = registrations.find(({ scopeURL }) => new URL(scopeURL).pathname === scope);
    if (one) resolve(one.registrationId);
  }));
  await devtools.send('ServiceWorker.enable');
  await devtools.send('ServiceWorker.deliverPushMessage', { origin: new URL(page.url()).origin, registrationId: await found, data: JSON.stringify(said) });
}

const shown = (page, scope) => page.waitForFunction(async (where) => {
  const registration = await navigator.serviceWorker.getRegistration(where);
  const found = await registration.getNotifications();
  return found.length ? found.map(({ title, body, tag }) => ({ title, body, tag })) : null;
}, scope, PATIENCE).then((handle) => handle.jsonValue());

test('a person at a desk turns it on, is told without a word of the case, and a click shows the alert', async (t) => {
  const { server, page, known, seen } = await open(t);
  await page.getByRole('button', { name: 'Sounds and notifications' }).click(PATIENCE);
  await page.getByText('This device can be told of alerts').waitFor(PATIENCE);
  await checkAll(page, 'before it is turned on');
  await page.getByRole('button', { name: 'Turn on for this device' }).press('Enter');
  await page.getByText('This device is told of alerts').waitFor(PATIENCE);
  assert.deepEqual(server.pushed.map(({ endpoint, keys }) => ({ endpoint, keys })), [{ endpoint: 'https://push.example/a-secret', keys: { p256dh: 'p', auth: 'a' } }]);
  await page.getByText(/\(this one\)/).waitFor(PATIENCE);
  await checkAll(page, 'after it is turned on');
  assert.equal(await page.evaluate(() => navigator.serviceWorker.controller), null, 'the worker comes before no desk');
  await page.keyboard.press('Escape');

  await deliver(page, '/push', { kind: 'alert.raised', severity: 'P2', id: known.alert_id });
  assert.deepEqual(await shown(page, '/push'), [{ title: 'P2 alert', body: 'Open Watchfloor to see it.', tag: known.alert_id }]);
  await deliver(page, '/push', { kind: 'alert.withdrawn', severity: 'P2', id: known.alert_id });
  await page.waitForFunction(async () => {
    const found = await (await navigator.serviceWorker.getRegistration('/push')).getNotifications();
    return found.length === 1 && found[0].title === 'P2 alert withdrawn';
  }, undefined, PATIENCE);

  const worker = page.context().serviceWorkers().find((one) => one.url().endsWith('/service_worker.js'));
  await worker.evaluate(async () => {
    const [notification] = await self.registration.getNotifications();
    try {
      self.dispatchEvent(new NotificationEvent('notificationclick', { notification }));
    } catch {
      // A made-up event cannot wait; what it does is under way.
    }
  });
  await page.getByRole('heading', { name: /TRX118/ }).first().waitFor(PATIENCE);
  assert.equal(new URL(page.url()).hash, '#/', 'a reload does not lead there again');
  assert.deepEqual(seen.foreign, []);
  assert.deepEqual(seen.errors, []);
});

test('a page that a click opens shows the alert, on a phone too', async (t) => {
  const { server, page: closed, known } = await open(t);
  const desk = await closed.context().newPage();
  await closed.close();
  await desk.goto(`${server.url}#/?alert=${known.alert_id}`);
  await desk.getByRole('heading', { name: /TRX118/ }).first().waitFor(PATIENCE);
  const phone = await desk.context().newPage();
  await phone.goto(`${server.url}field#/?alert=${known.alert_id}`);
  await phone.getByRole('button', { name: /TRX118/, expanded: true }).waitFor(PATIENCE);
});

test('it is turned off again, and other devices are removed', async (t) => {
  const devices = [{ device: 'f'.repeat(32), name: 'Chrome on Android', made_at: 1_767_225_600 }];
  const { server, page } = await open(t, '', { devices });
  await page.getByRole('button', { name: 'Sounds and notifications' }).click(PATIENCE);
  await page.getByRole('button', { name: /^Remove Chrome on Android/ }).click(PATIENCE);
  await page.getByText('Your devices that are told').waitFor({ state: 'detached', ...PATIENCE });
  await page.getByRole('button', { name: 'Turn on for this device' }).click();
  await page.getByRole('button', { name: 'Turn off for this device' }).click(PATIENCE);
  await page.getByRole('button', { name: 'Turn on for this device' }).waitFor(PATIENCE);
  assert.deepEqual(server.devices, []);
});

test('where nobody set it up the page says so', async (t) => {
  const { page } = await open(t, '', { pushKey: '' });
  await page.getByRole('button', { name: 'Sounds and notifications' }).click(PATIENCE);
  await page.getByText('an administrator has not set it up').waitFor(PATIENCE);
});
