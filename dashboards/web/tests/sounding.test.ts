import { describe, expect, it } from 'vitest';
import { APART_MS, REPEAT_MS, Sounding, type Sound } from '../src/state/sounding';
import { PATTERNS, Speaker } from '../src/state/speaker';
import { alert, at, NOW } from './rows';

function setUp(audible = true) {
  const heard: Sound[] = [];
  const room = { audible };
  const sounding = new Sounding((sound) => {
    if (room.audible) heard.push(sound);
    return room.audible;
  });
  return { heard, room, sounding };
}
const P1 = alert('p1', { severity: 'P1' });

describe('check 3: sounds', () => {
  it('of a P1 begin with the alert itself and come again every ten seconds until somebody takes it', () => {
    const { heard, sounding } = setUp();
    sounding.raised([P1], NOW);
    expect(heard).toEqual(['P1']);
    sounding.tick([P1], NOW + REPEAT_MS - 1);
    expect(heard).toHaveLength(1);
    sounding.tick([P1], NOW + REPEAT_MS);
    expect(heard).toHaveLength(2);
    sounding.tick([alert('p1', { severity: 'P1', status: 'acknowledged' })], NOW + 2 * REPEAT_MS);
    expect(heard).toHaveLength(2);
  });
  it('of a P2 are heard once, of P3 and P4 never', () => {
    const { heard, sounding } = setUp();
    const rows = [alert('p2'), alert('p3', { severity: 'P3' }), alert('p4', { severity: 'P4' })];
    sounding.raised(rows.slice(1), NOW);
    expect(heard).toEqual([]);
    sounding.raised(rows, NOW);
    for (let s = 1; s < 60; s += 1) sounding.tick(rows, NOW + s * 1000);
    expect(heard).toEqual(['P2']);
  });
  it('are not made by what is shelved, taken or made up, unless made-up ones shall be heard', () => {
    const { heard, sounding } = setUp();
    const rows = [alert('shelved', { shelved_until: at(-60) }), alert('taken', { status: 'acknowledged' }), alert('made up', { synthetic: true })];
    sounding.raised(rows, NOW);
    sounding.escalated(rows, NOW);
    expect(heard).toEqual([]);
    sounding.simulated = true;
    sounding.raised(rows, NOW);
    expect(heard).toEqual(['P2']);
  });
  it('that could not be heard are made up for as soon as they can, as long as the P1 waits', () => {
    const { heard, room, sounding } = setUp(false);
    sounding.raised([P1], NOW);
    room.audible = true;
    sounding.tick([P1], NOW + 1000);
    expect([heard, sounding.played.P1]).toEqual([['P1'], 1]);
  });
  it('of a crowd do not cut each other off, and a P1 waits for none but a P1', () => {
    const { heard, sounding } = setUp();
    sounding.raised([alert('a')], NOW);
    sounding.raised([alert('b')], NOW + 1);
    sounding.raised([P1], NOW + 2);
    sounding.raised([P1], NOW + 3);
    expect(heard).toEqual(['P2', 'P1']);
    sounding.raised([alert('c')], NOW + 2 + APART_MS);
    expect(heard).toEqual(['P2', 'P1', 'P2']);
  });
  it('that came too soon after another are heard a little later, once', () => {
    const { heard, sounding } = setUp();
    sounding.raised([P1], NOW);
    sounding.raised([alert('a')], NOW + 10);
    sounding.escalated([alert('b', { escalated_at: at(0) })], NOW + 20);
    expect(heard).toEqual(['P1']);
    for (let s = 1; s < 9; s += 1) sounding.tick([], NOW + s * 1000);
    expect(heard).toEqual(['P1', 'P2', 'escalated']);
  });
  it('of what nobody took in time are of their own kind', () => {
    const { heard, sounding } = setUp();
    sounding.escalated([alert('late', { escalated_at: at(0) })], NOW);
    expect(heard).toEqual(['escalated']);
  });
  it('differ by their rhythm, not only by their pitch', () => {
    const rhythms = Object.values(PATTERNS).map((notes) => notes.map(([start, , length]) => `${start}/${length}`).join());
    expect(new Set(rhythms).size).toBe(3);
  });
});

/** A stand-in for WebAudio that counts the tones that were started. */
function audio(allowed: boolean) {
  const room = { state: 'suspended', started: 0, gains: [] as number[], onstatechange: null as (() => void) | null };
  const parameter = () => ({ value: 0, setValueAtTime() {}, linearRampToValueAtTime() {} });
  const node = () => ({ gain: parameter(), frequency: parameter(), connect: (to: unknown) => to });
  const context = {
    get state() { return room.state; },
    set onstatechange(run: (() => void) | null) { room.onstatechange = run; },
    currentTime: 0, destination: {},
    resume: () => { room.state = allowed ? 'running' : 'suspended'; return Promise.resolve(); },
    createGain: node,
    createOscillator: () => ({ ...node(), start: () => (room.started += 1), stop() {} }),
  };
  return { room, context: context as unknown as AudioContext };
}

describe('the speaker', () => {
  it('is off until it is armed, and says that nothing could be heard', async () => {
    const { room, context } = audio(true);
    const speaker = new Speaker(() => context, () => undefined);
    expect([speaker.state, speaker.play('P1')]).toEqual(['off', false]);
    await speaker.arm();
    expect([speaker.state, speaker.play('P1'), room.started]).toEqual(['on', true, PATTERNS.P1.length]);
    speaker.disarm();
    expect([speaker.state, speaker.play('P1')]).toEqual(['off', false]);
  });
  it('does not claim to be heard where the browser lets nothing be heard, now or later', async () => {
    const refused = new Speaker(() => audio(false).context, () => undefined);
    await refused.arm();
    expect(refused.state).toBe('blocked');
    const none = new Speaker(() => { throw new Error('no audio'); }, () => undefined);
    await none.arm();
    expect(none.state).toBe('blocked');
    const { room, context } = audio(true);
    const speaker = new Speaker(() => context, () => undefined);
    await speaker.arm();
    room.state = 'interrupted';
    room.onstatechange?.();
    expect([speaker.state, speaker.play('P1')]).toEqual(['blocked', false]);
    room.state = 'running';
    room.onstatechange?.();
    expect(speaker.state).toBe('on');
  });
});
