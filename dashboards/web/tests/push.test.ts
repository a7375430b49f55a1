import { describe, expect, it } from 'vitest';
import type { Answer } from '../src/http';
import { deviceOf, Push, type PushStanding } from '../src/state/push.svelte';
import { noticeOf, PLACE } from '../src/worker/notice';
import { deviceName, type PushBrowser, type Subscribed } from '../src/worker/push_browser';

const KEY = 'server-key';
const ENDPOINT = 'https://push.example/1';

/** A browser and a server, and somebody who answers the browser's question. */
class World {
  permission: NotificationPermission = 'default';
  says: NotificationPermission = 'granted';
  current: Subscribed | null = null;
  standing: PushStanding = { key: KEY, devices: [] };
  refusal = '';
  asked = 0;
  ended: string[] = [];
  posted: unknown[] = [];
  next = ENDPOINT;
  kept = new Map<string, string>();

  sub(endpoint: string, key = KEY): Subscribed {
    return { endpoint, key, keys: { p256dh: 'p', auth: 'a' }, end: () => {
      this.ended.push(endpoint);
      this.current = null;
      return Promise.resolve(true);
    } };
  }

  push(account = 'r.diaz', isSupported = true): Push {
    const browser: PushBrowser = {
      isSupported,
      permission: () => this.permission,
      ask: () => {
        this.asked += 1;
        this.permission = this.says;
        return Promise.resolve(this.says);
      },
      current: () => Promise.resolve(this.current),
      subscribe: (key) => Promise.resolve((this.current = this.sub(this.next, key))),
    };
    const post = async (path: string, body: unknown): Promise<Answer<PushStanding>> => {
      this.posted.push(body);
      if (this.refusal) return { ok: false, error: this.refusal };
      const said = body as { endpoint?: string; device?: string; name?: string };
      const device = said.device ?? (await deviceOf(said.endpoint ?? ''));
      const others = this.standing.devices.filter((one) => one.device !== device);
      this.standing = { key: this.standing.key, devices: path.endsWith('remove') ? others : [...others, { device, name: said.name ?? '', made_at: 1 }] };
      return { ok: true, value: this.standing };
    };
    const keep = { getItem: (name: string) => this.kept.get(name) ?? null, setItem: (name: string, value: string) => void this.kept.set(name, value), removeItem: (name: string) => void this.kept.delete(name) };
    return new Push(account, browser, () => Promise.resolve({ ok: true, value: this.standing }), post, keep, 'Chrome on Linux');
  }

  async on(account = 'r.diaz'): Promise<Push> {
    const push = this.push(account);
    await push.look();
    await push.turnOn();
    return push;
  }
}

describe('being told on this device', () => {
  it('says why it cannot be', async () => {
    const world = new World();
    const states = [];
    for (const [isSupported, key, permission] of [[false, KEY, 'default'], [true, '', 'default'], [true, KEY, 'denied'], [true, KEY, 'default']] as const) {
      Object.assign(world, { permission, standing: { key, devices: [] } });
      const push = world.push('r.diaz', isSupported);
      await push.look();
      states.push(push.state);
    }
    expect(states).toEqual(['unsupported', 'no-key', 'denied', 'off']);
    expect(world.asked).toBe(0);
  });

  it('asks the browser only when somebody turns it on, and is on when the server has it', async () => {
    const world = new World();
    const push = await world.on();
    expect([push.state, push.own, world.asked]).toEqual(['on', await deviceOf(ENDPOINT), 1]);
    expect(world.posted).toEqual([{ endpoint: ENDPOINT, keys: { p256dh: 'p', auth: 'a' }, name: 'Chrome on Linux' }]);
  });

  it('stays off when the person says no, and says how to change that', async () => {
    const world = new World();
    world.says = 'denied';
    const push = await world.on();
    expect([push.state, world.posted, world.current]).toEqual(['denied', [], null]);
  });

  it('leaves no subscription that the server did not take', async () => {
    const world = new World();
    world.refusal = 'You have 8 devices already: remove one first.';
    const push = await world.on();
    expect([push.state, push.trouble, world.ended]).toEqual(['off', world.refusal, [ENDPOINT]]);
  });

  it('is turned off at the browser and at the server', async () => {
    const world = new World();
    const push = await world.on();
    await push.turnOff();
    expect([push.state, push.devices, world.ended]).toEqual(['off', [], [ENDPOINT]]);
    expect(world.posted.at(-1)).toEqual({ device: await deviceOf(ENDPOINT) });
  });

  it('is still on the next time, and asks nobody', async () => {
    const world = new World();
    await world.on();
    const push = world.push();
    await push.look();
    expect([push.state, world.asked, world.posted.length]).toEqual(['on', 1, 1]);
  });

  it('is off after its person removed it elsewhere', async () => {
    const world = new World();
    await world.on();
    world.standing = { key: KEY, devices: [] };
    const push = world.push();
    await push.look();
    expect([push.state, world.ended, world.posted.length]).toEqual(['off', [ENDPOINT], 1]);
  });

  it('is renewed when the server has another key or the browser another address', async () => {
    const world = new World();
    await world.on();
    Object.assign(world, { standing: { key: 'other-key', devices: [] }, next: 'https://push.example/2' });
    const push = world.push();
    await push.look();
    expect([push.state, push.own, world.ended]).toEqual(['on', await deviceOf('https://push.example/2'), [ENDPOINT]]);
    world.current = world.sub('https://push.example/3', 'other-key');
    const later = world.push();
    await later.look();
    expect([later.state, later.own]).toEqual(['on', await deviceOf('https://push.example/3')]);
  });

  it('ends for another person who signs in at the same browser', async () => {
    const world = new World();
    await world.on();
    world.standing = { key: KEY, devices: [] };
    const other = world.push('m.chen');
    await other.look();
    expect([other.state, world.ended]).toEqual(['off', [ENDPOINT]]);
  });
});

describe('a notification', () => {
  const id = '0b9f3c1e-0000-4000-8000-000000000001';
  it('says how grave it is and where to look, and nothing else that came', () => {
    const notice = noticeOf(JSON.stringify({ kind: 'alert.raised', severity: 'P1', id, title: 'Plate ABC123' }));
    expect(notice).toEqual({ title: 'P1 alert', body: 'Open Watchfloor to see it.', tag: id, isGrave: true, place: `#/?alert=${id}` });
    expect(PLACE.test(notice.place)).toBe(true);
  });

  it('says first that an alert was withdrawn, in the place of what was said before', () => {
    const notice = noticeOf(JSON.stringify({ kind: 'alert.withdrawn', severity: 'P1', id }));
    expect([notice.title, notice.tag, notice.isGrave]).toEqual(['P1 alert withdrawn', id, false]);
  });

  it('shows something whatever came, and leads nowhere else', () => {
    for (const text of ['', 'x', 'null', '[]', '{"kind":{},"id":"https://evil.example","severity":"<b>"}', `{"kind":"toString","id":"${id}/../x"}`]) {
      const notice = noticeOf(text);
      expect(typeof notice.title).toBe('string');
      expect([notice.place, notice.body]).toEqual(['', 'Open Watchfloor to see it.']);
    }
  });

  it('comes to a device with a name that its person knows', () => {
    expect(deviceName('Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36')).toBe('Chrome on Android');
    expect(deviceName('Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) AppleWebKit/605.1 Version/18.0 Safari/604.1')).toBe('Safari on iOS');
  });
});
