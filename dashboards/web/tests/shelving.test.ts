import { describe, expect, it } from 'vitest';
import { byReturn, emptyText, isShelved, isWaiting, queuesOf, SHELF_TIMES, waitingSince, whyNotShelved } from '../src/state/shelving';
import { alert, at, NOW } from './rows';

const inMinutes = (minutes: number): string => at(-60 * minutes);

describe('a shelved alert', () => {
  const shelved = alert('a', { shelved_until: inMinutes(1) });
  it('waits for nobody until its time is over, and then it does without anything being written', () => {
    expect([isShelved(shelved, NOW), isWaiting(shelved, NOW)]).toEqual([true, false]);
    expect([isShelved(shelved, NOW + 60_000), isWaiting(shelved, NOW + 60_000)]).toEqual([false, true]);
    expect(waitingSince(shelved)).toBe(NOW + 60_000);
  });
  it('that is closed is over, whatever its time', () => {
    expect(isShelved(alert('a', { status: 'closed', shelved_until: inMinutes(1) }), NOW)).toBe(false);
  });
  it('is an alert of old data when nothing is said of it', () => {
    const { shelved_until: _, open_since: __, escalated_at: ___, ...old } = alert('a');
    expect([isShelved(old, NOW), isWaiting(old, NOW)]).toEqual([false, true]);
  });
});

describe('the queues', () => {
  const rows = [
    alert('open'), alert('taken', { status: 'acknowledged' }), alert('aside', { shelved_until: inMinutes(5) }),
    alert('aside for longer', { status: 'acknowledged', shelved_until: inMinutes(9) }), alert('back', { shelved_until: at(1) }),
    alert('closed', { status: 'closed' }), alert('recalled', { status: 'recalled' }),
  ];
  const queues = queuesOf(rows, NOW);
  const titles = (list: readonly { title: string }[]) => list.map((a) => a.title);
  it('hold every alert once', () => {
    expect([titles(queues.open), titles(queues.shelved), titles(queues.closed)]).toEqual([
      ['open', 'taken', 'back'], ['aside', 'aside for longer'], ['closed', 'recalled'],
    ]);
  });
  it('know when the first one comes back, and order them by it', () => {
    expect(queues.nextBack).toBe(NOW + 5 * 60_000);
    expect(queuesOf([], NOW).nextBack).toBe(Number.POSITIVE_INFINITY);
    expect(titles(byReturn([...queues.shelved].reverse()))).toEqual(['aside', 'aside for longer']);
  });
  it('say why they are empty and what is next', () => {
    const keyOf = (command: string): string => ({ own: 'o', shelve: 'h', 'next-queue': ']' })[command] ?? '';
    expect(emptyText('open', queues, 12, 1, keyOf)).toBe('No open alerts. 2 shelved: ] shows them. Watching 12 cameras and 1 hotlists.');
    expect(emptyText('open', { shelved: [] }, 12, 1, keyOf)).toBe('No open alerts. Watching 12 cameras and 1 hotlists.');
    expect(emptyText('shelved', queues, 0, 0, keyOf)).toMatch(/^No shelved alerts\. h puts/);
    expect(emptyText('closed', queues, 0, 0, keyOf)).toMatch(/^No closed alerts\./);
  });
});

describe('putting aside', () => {
  it('is refused for a P1, for one that somebody is on the way to, and for one that is over', () => {
    expect(whyNotShelved(alert('a', { severity: 'P1' }))).toMatch(/P1 cannot be shelved/);
    expect(whyNotShelved(alert('a', { status: 'dispatched' }))).toBe('Somebody is on the way');
    expect(whyNotShelved(alert('a', { status: 'closed' }))).toBe('It is over');
    expect([alert('a'), alert('a', { status: 'acknowledged' })].map(whyNotShelved)).toEqual(['', '']);
  });
  it('is offered for a quarter of an hour up to less than the twelve hours the server allows', () => {
    expect(SHELF_TIMES.map(([minutes]) => minutes).slice(0, 3)).toEqual([15, 30, 60]);
    expect(Math.max(...SHELF_TIMES.map(([minutes]) => minutes))).toBeLessThan(720);
  });
});
