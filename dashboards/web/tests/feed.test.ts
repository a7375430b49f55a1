import { describe, expect, it } from 'vitest';
import { LiveFeed, SILENCE_MS, type FeedSink, type Socket } from '../src/protocol/feed';
import type { Channel } from '../src/protocol/messages';

/** A clock that moves only when told to. */
class Clock {
  time = 1_000_000;
  #timers: { at: number; run: () => void }[] = [];
  now = (): number => this.time;
  after = (ms: number, run: () => void): (() => void) => {
    const timer = { at: this.time + ms, run };
    this.#timers.push(timer);
    return () => void (this.#timers = this.#timers.filter((t) => t !== timer));
  };
  pass(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const next = this.#timers.filter((t) => t.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.#timers = this.#timers.filter((t) => t !== next);
      this.time = next.at;
      next.run();
    }
    this.time = end;
  }
}

class FakeSocket implements Socket {
  sent: Record<string, unknown>[] = [];
  closed: number | null = null;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }
  close(code = 1000): void {
    this.closed = code;
  }
  say(message: unknown): void {
    this.onmessage?.({ data: typeof message === 'string' ? message : JSON.stringify(message) });
  }
}

interface Call {
  readonly what: 'replace' | 'merge';
  readonly ch: Channel;
  readonly rows: readonly unknown[];
}

function setUp() {
  const clock = new Clock();
  const sockets: FakeSocket[] = [];
  const calls: Call[] = [];
  const dropped: [Channel, number][] = [];
  const present: unknown[] = [];
  const sink: FeedSink = {
    replace: (ch, rows) => void calls.push({ what: 'replace', ch, rows }),
    merge: (ch, rows) => void calls.push({ what: 'merge', ch, rows }),
    dropped: (ch, count) => void dropped.push([ch, count]),
    heard: () => undefined,
    changed: () => undefined,
    present: (incident, people) => void present.push([incident, people]),
  };
  const feed = new LiveFeed('map', () => {
    const socket = new FakeSocket();
    sockets.push(socket);
    return socket;
  }, sink, clock, () => 0.5);
  const latest = (): FakeSocket => sockets[sockets.length - 1] as FakeSocket;
  const connect = (mode: 'resume' | 'snapshot' = 'snapshot', epoch = 'e1'): FakeSocket => {
    const socket = latest();
    socket.onopen?.();
    socket.say({ t: 'welcome', epoch, now: clock.time, mode, hb: 5, version: '0.1.0' });
    return socket;
  };
  const snap = (ch: string, pos: number, rows: unknown[], part = 1, of = 1): void =>
    latest().say({ t: 'snap', ch, pos, part, of, rows });
  const delta = (from: number, to: number, rows: unknown[] = [{ n: from }]): void =>
    latest().say({ t: 'd', now: clock.time, ch: { alerts: { from, to, rows } } });
  const begun = (): FakeSocket => {
    feed.start();
    const socket = connect();
    for (const ch of ['alerts', 'incidents', 'calls']) snap(ch, 10, []);
    return socket;
  };
  return { feed, clock, sockets, calls, dropped, present, latest, connect, snap, delta, begun };
}

const merged = (calls: readonly Call[]): unknown[] => calls.filter((c) => c.what === 'merge').flatMap((c) => c.rows);

describe('a first connection', () => {
  it('says hello without a place to resume from and subscribes to every channel', () => {
    const { feed, connect } = setUp();
    feed.start();
    const hello = connect().sent[0];
    expect(hello).toMatchObject({ t: 'hello', v: 1, client: 'map', resume: null });
    expect(hello?.['sub']).toContain('sightings');
  });

  it('shows a snapshot only when all its parts are here', () => {
    const { feed, connect, snap, calls } = setUp();
    feed.start();
    connect();
    snap('alerts', 7, [1], 1, 2);
    expect(calls).toEqual([]);
    snap('alerts', 7, [2], 2, 2);
    expect(calls).toEqual([{ what: 'replace', ch: 'alerts', rows: [1, 2] }]);
    expect(feed.position('alerts')).toBe(7);
  });

  it('holds deltas that overtake the snapshot and applies those that follow it, each once', () => {
    const { feed, connect, snap, delta, calls } = setUp();
    feed.start();
    connect();
    delta(7, 7);
    delta(8, 8);
    snap('alerts', 7, ['all']);
    expect(calls).toEqual([
      { what: 'replace', ch: 'alerts', rows: ['all'] },
      { what: 'merge', ch: 'alerts', rows: [{ n: 8 }] },
    ]);
    expect(feed.position('alerts')).toBe(8);
  });

  it('answers pings', () => {
    const { begun, latest } = setUp();
    begun().say({ t: 'ping', n: 17, now: 1 });
    expect(latest().sent.at(-1)).toEqual({ t: 'pong', n: 17 });
  });

  it('outlives what it cannot read', () => {
    const { begun, feed, delta, calls } = setUp();
    const socket = begun();
    socket.say('{"t":');
    socket.say({ t: 'from-the-future' });
    socket.say({ t: 'd', now: 1, ch: { alerts: { rows: 'none' }, unheard_of: { rows: [1] } } });
    delta(11, 11);
    expect(feed.counts.unreadable).toBe(2);
    expect(merged(calls)).toEqual([{ n: 11 }]);
  });
});

describe('a lossless channel', () => {
  it('applies what joins up and ignores what came twice', () => {
    const { begun, delta, calls, feed } = setUp();
    begun();
    delta(11, 12, ['a', 'b']);
    delta(11, 12, ['a', 'b']);
    delta(13, 13, ['c']);
    expect(merged(calls)).toEqual(['a', 'b', 'c']);
    expect(feed.counts.duplicates).toBe(1);
  });

  it('asks for a snapshot when a number is missing, and applies nothing until it has come', () => {
    const { begun, delta, snap, calls, latest, feed } = setUp();
    begun();
    delta(13, 13, ['too far']);
    expect(latest().sent.at(-1)).toEqual({ t: 'resync', ch: 'alerts' });
    delta(14, 14, ['held']);
    expect(merged(calls)).toEqual([]);
    snap('alerts', 13, ['whole']);
    expect(calls.at(-2)).toEqual({ what: 'replace', ch: 'alerts', rows: ['whole'] });
    expect(merged(calls)).toEqual(['held']);
    expect(feed.position('alerts')).toBe(14);
    expect(feed.counts.gaps).toBe(1);
  });

  it('does not trust rows without numbers', () => {
    const { begun, latest, calls } = setUp();
    begun().say({ t: 'd', now: 1, ch: { alerts: { rows: ['unnumbered'] } } });
    expect(latest().sent.at(-1)).toEqual({ t: 'resync', ch: 'alerts' });
    expect(merged(calls)).toEqual([]);
  });

  it('waits for the snapshot after the server says that there is a gap', () => {
    const { begun, delta, snap, calls, latest } = setUp();
    begun();
    const sent = latest().sent.length;
    latest().say({ t: 'gap', ch: 'alerts' });
    delta(40, 40, ['held']);
    snap('alerts', 40, ['whole']);
    expect(latest().sent.length).toBe(sent);
    expect(merged(calls)).toEqual([]);
    expect(calls.at(-1)).toEqual({ what: 'replace', ch: 'alerts', rows: ['whole'] });
  });

  it('keeps what the server last said of its delays', () => {
    const { begun, latest, feed } = setUp();
    begun();
    expect(feed.behind).toEqual({});
    latest().say({ t: 'ping', n: 1, now: 1, behind: { process: 12.3, store: 'much' } });
    expect(feed.behind).toEqual({ process: 12.3 });
    latest().say({ t: 'ping', n: 2, now: 2 });
    expect(feed.behind).toEqual({});
  });

  it('starts a new connection when the snapshot stands still, but not while the server reads its log', () => {
    const { begun, delta, clock, latest, sockets } = setUp();
    begun();
    delta(50, 50);
    for (let n = 0; n < 4; n += 1) {
      clock.pass(5_000);
      latest().say({ t: 'ping', n, now: 1, loading: n < 3 });
    }
    expect(sockets).toHaveLength(1);
    clock.pass(10_000);
    latest().say({ t: 'ping', n: 9, now: 1 });
    clock.pass(10_000);
    expect(sockets.length).toBeGreaterThan(1);
  });
});

describe('coming back', () => {
  it('resumes from where it was: no gap, nothing twice, no snapshot of what it has', () => {
    const { begun, delta, clock, connect, latest, calls, feed } = setUp();
    const first = begun();
    delta(11, 11, ['a']);
    first.onclose?.({ code: 1006 });
    clock.pass(600);
    const second = connect('resume');
    expect(second).not.toBe(first);
    expect(second.sent[0]?.['resume']).toEqual({ epoch: 'e1', pos: { alerts: 11, incidents: 10, calls: 10 } });
    latest().say({ t: 'd', now: 1, ch: { alerts: { from: 12, to: 13, rows: ['b', 'c'] } } });
    expect(merged(calls)).toEqual(['a', 'b', 'c']);
    expect(feed.counts).toMatchObject({ resumes: 1, gaps: 0, duplicates: 0 });
  });

  it('takes everything new when the server lost its log', () => {
    const { begun, clock, connect, snap, calls, feed } = setUp();
    begun().onclose?.({ code: 1012 });
    clock.pass(600);
    connect('snapshot', 'e2');
    snap('alerts', 2, ['new world']);
    expect(calls.at(-1)).toEqual({ what: 'replace', ch: 'alerts', rows: ['new world'] });
    expect(feed.position('alerts')).toBe(2);
  });

  it('leaves a channel out of the resume that was cut off within its snapshot', () => {
    const { begun, clock, connect, snap, latest } = setUp();
    begun();
    latest().say({ t: 'gap', ch: 'calls' });
    snap('calls', 20, ['half'], 1, 2);
    latest().onclose?.({ code: 1006 });
    clock.pass(600);
    expect(connect('resume').sent[0]?.['resume']).toEqual({ epoch: 'e1', pos: { alerts: 10, incidents: 10 } });
  });

  it('waits longer each time, up to fifteen seconds', () => {
    const { feed, sockets, clock, latest } = setUp();
    feed.start();
    const waits: number[] = [];
    for (let i = 0; i < 7; i += 1) {
      latest().onclose?.({ code: 1006 });
      waits.push((feed.retryAt ?? 0) - clock.time);
      clock.pass(waits[i] ?? 0);
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
    expect(sockets).toHaveLength(8);
  });

  it('takes silence for a loss though the socket claims to be open', () => {
    const { begun, clock, feed, sockets } = setUp();
    const socket = begun();
    clock.pass(SILENCE_MS - 1);
    expect(socket.closed).toBeNull();
    clock.pass(1);
    expect(socket.closed).toBe(4000);
    expect(feed.phase).toBe('waiting');
    clock.pass(600);
    expect(sockets).toHaveLength(2);
  });

  it('hears nothing from a connection it has given up', () => {
    const { begun, clock, calls } = setUp();
    const socket = begun();
    clock.pass(SILENCE_MS);
    const before = calls.length;
    socket.say({ t: 'd', now: 1, ch: { alerts: { from: 11, to: 11, rows: ['ghost'] } } });
    expect(calls.length).toBe(before);
  });

  it('tries at once when told that the network is back', () => {
    const { begun, feed, sockets } = setUp();
    begun().onclose?.({ code: 1006 });
    feed.kick();
    expect(sockets).toHaveLength(2);
  });

  it.each([4401, 4403, 4409])('does not come back after code %i, and says why', (code) => {
    const { begun, clock, feed, sockets } = setUp();
    begun().onclose?.({ code });
    clock.pass(120_000);
    expect(sockets).toHaveLength(1);
    expect(feed.phase).toBe('refused');
    expect(feed.refusal).not.toBe('');
  });

  it('comes back when it was too slow', () => {
    const { begun, clock, sockets } = setUp();
    begun().onclose?.({ code: 4408 });
    clock.pass(600);
    expect(sockets).toHaveLength(2);
  });
});

it('counts what was left out, wherever it is told', () => {
  const { begun, dropped } = setUp();
  const socket = begun();
  socket.say({ t: 'slow', drop: { sightings: 412 } });
  socket.say({ t: 'd', now: 1, ch: { sightings: { rows: [], dropped: 3 } } });
  expect(dropped).toEqual([['sightings', 412], ['sightings', 3]]);
});

describe('who else has an incident open', () => {
  it('is asked for, asked again after a break, told as it comes, and never after the page has left', () => {
    const { feed, clock, begun, connect, latest, present } = setUp();
    const said = () => latest().sent.filter(({ t }) => t === 'present');
    feed.stand({ t: 'present', incident: 'i', actor: 'm.keys' });
    const socket = begun();
    expect(said()).toEqual([{ t: 'present', incident: 'i', actor: 'm.keys' }]);
    socket.say({ t: 'present', incident: 'i', people: [{ name: 'b.lee', since: 5 }, { name: 7, since: 5 }, null] });
    expect(present).toEqual([['i', [{ name: 'b.lee', since: 5 }]]]);
    socket.onclose?.({ code: 1006 });
    clock.pass(1_000);
    connect('resume');
    expect(said()).toHaveLength(1);
    feed.stand({ t: 'present', incident: null, actor: '' });
    expect(said()).toHaveLength(2);
    latest().onclose?.({ code: 1006 });
    clock.pass(1_000);
    connect('resume');
    expect(said()).toEqual([]);
  });
});
