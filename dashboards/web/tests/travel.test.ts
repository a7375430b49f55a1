import { describe, expect, it } from 'vitest';
import { LiveFeed, type FeedSink, type Socket } from '../src/protocol/feed';
import { readMessage } from '../src/protocol/messages';
import { KeyMap, replayCommandFor } from '../src/state/keys';
import { emptyText, faster, fieldText, fieldTime, periodOf, replayText, shareOf } from '../src/state/travel';
import { ReplayClock } from '../src/time';

const NOW = Date.parse('2026-03-03T12:00:00Z');
const HOUR = 3_600_000;
const press = (key: string, over = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, isComposing: false, ...over });

describe('the clock of a replay', () => {
  it('runs at its speed from the last time told, and stands while the replay does', () => {
    const clock = new ReplayClock();
    clock.heard(NOW, 1_000);
    expect(clock.now(5_000)).toBe(NOW);
    clock.run(30, 5_000);
    expect(clock.now(6_000)).toBe(NOW + 30_000);
    clock.run(0, 6_000);
    expect(clock.now(60_000)).toBe(NOW + 30_000);
  });

  it('goes back when the server does: a jump into the past is no wrong clock', () => {
    const clock = new ReplayClock();
    clock.heard(NOW, 1_000);
    clock.heard(NOW - HOUR, 1_100);
    expect(clock.now(1_100)).toBe(NOW - HOUR);
  });
});

describe('the period', () => {
  it('is the newest unless a beginning is told, and never reaches into what is not stored yet', () => {
    expect(periodOf(null, HOUR, NOW)).toEqual({ from: NOW - 10_000 - HOUR, to: NOW - 10_000 });
    expect(periodOf(NOW - 2 * HOUR, HOUR, NOW)).toEqual({ from: NOW - 2 * HOUR, to: NOW - HOUR });
    expect(periodOf(NOW - 60_000, HOUR, NOW)).toEqual({ from: NOW - 60_000, to: NOW - 10_000 });
    expect(periodOf(NOW + 1, HOUR, NOW)).toBeNull();
  });

  it('says what it lacks', () => {
    const period = { from: NOW - HOUR, to: NOW };
    expect(emptyText(period, null, NOW)).toMatch(/holds nothing/);
    expect(emptyText(period, NOW + 1, NOW)).toMatch(/^Nothing is stored before/);
    expect(emptyText(period, NOW - 60_000, NOW)).toMatch(/begins at/);
    expect(emptyText(period, NOW - 2 * HOUR, NOW)).toBe('');
  });

  it('has marks between its ends only', () => {
    const period = { from: NOW - HOUR, to: NOW };
    expect(shareOf(NOW - HOUR / 2, period)).toBe(0.5);
    expect(shareOf(NOW + 1, period)).toBeNull();
  });

  it('is written and read as the field has it', () => {
    expect(fieldTime(fieldText(NOW))).toBe(NOW);
    expect(fieldTime('yesterday')).toBeNull();
  });
});

it('a speed has neighbours, and ends', () => {
  expect([faster(10, 1), faster(10, -1), faster(60, 1), faster(1, -1)]).toEqual([30, 5, 60, 1]);
});

it('what is shown is always called a replay', () => {
  for (const state of ['reading', 'playing', 'waiting', 'paused', 'ended', 'failed'] as const) {
    expect(replayText(NOW, { state, speed: 30, why: '' }, NOW)).toMatch(/^REPLAY .*×30/);
  }
});

it('keys command a replay only where they mean nothing else', () => {
  expect(replayCommandFor(new KeyMap(), press(' '), true, false)).toBe('toggle');
  expect(replayCommandFor(new KeyMap(), press('ArrowLeft'), true, false)).toBe('back');
  expect(replayCommandFor(new KeyMap(), press(' '), true, true)).toBeNull();
  expect(replayCommandFor(new KeyMap(), press('+'), false, false)).toBeNull();
  expect(replayCommandFor(new KeyMap(), press('ArrowRight', { altKey: true }), true, false)).toBeNull();
});

it('a word on a replay is read when it is one', () => {
  expect(readMessage('{"t":"replay","now":5,"state":"paused","speed":10}')).toEqual({ t: 'replay', now: 5, state: 'paused', speed: 10, why: '' });
  expect(readMessage('{"t":"replay","now":5,"state":"live","speed":10}')).toBeNull();
  expect(readMessage('{"t":"replay","now":5,"state":"paused","speed":7}')).toBeNull();
});

describe('a connection for a replay', () => {
  function begin() {
    const sent: Record<string, unknown>[] = [];
    const socket: Socket = {
      send: (text) => void sent.push(JSON.parse(text) as Record<string, unknown>), close: () => undefined,
      onopen: null, onmessage: null, onclose: null,
    };
    const replayed: unknown[] = [];
    const sink: FeedSink = {
      replace: () => undefined, merge: () => undefined, dropped: () => undefined, heard: () => undefined, changed: () => undefined,
      replayed: (...told) => void replayed.push(told),
    };
    let at = NOW;
    const wanted = () => ({ from: NOW, to: NOW + HOUR, at, speed: 10 as const, paused: false, actor: 'r.diaz' });
    const timers: (() => void)[] = [];
    const feed = new LiveFeed('replay', () => socket, sink, { now: () => 0, after: (_, run) => (timers.push(run), () => undefined) }, () => 0.5, null, { channels: ['alerts'], replay: wanted });
    feed.start();
    socket.onopen?.();
    return { sent, socket, replayed, feed, move: (to: number) => (at = to) };
  }

  it('asks for its period, passes on where it stands, and after a break goes on there, not with a resume', () => {
    const { sent, socket, replayed, feed, move } = begin();
    expect(sent[0]).toMatchObject({ t: 'hello', sub: ['alerts'], resume: null, replay: { from: NOW, at: NOW, speed: 10 } });
    socket.onmessage?.({ data: '{"t":"welcome","epoch":"e","now":1,"mode":"snapshot","hb":5,"version":""}' });
    socket.onmessage?.({ data: '{"t":"replay","now":7,"state":"playing","speed":10}' });
    expect(replayed).toEqual([['playing', 10, '', 7]]);
    move(NOW + 5_000);
    socket.onclose?.({ code: 1006 });
    feed.kick();
    socket.onopen?.();
    expect(sent.at(-1)).toMatchObject({ t: 'hello', resume: null, replay: { at: NOW + 5_000 } });
  });

  it('that is refused says the reason of the server, and does not try again by itself', () => {
    const { socket, feed } = begin();
    socket.onclose?.({ code: 4429, reason: '4 replays run here' });
    expect([feed.phase, feed.refusal]).toEqual(['refused', '4 replays run here.']);
  });
});
