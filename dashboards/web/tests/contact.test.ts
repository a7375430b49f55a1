import { expect, test } from 'vitest';
import { NOTHING_CAME, ruleText, stillLive, whyText, windowsText, type LiveMarker } from '../src/state/contact';

const marker = (expires_at: string): LiveMarker => ({
  marker_id: 'desk:1', category: 'warning', kind: 'dog', subject: 'x', text: 'Dogs.', origin: 'report',
  review_at: expires_at, expires_at, review_due: false,
});

test('H3: a marker that ends while the page is open is not shown any more', () => {
  const now = Date.parse('2026-06-01T12:00:00Z');
  const live = [marker('2026-06-01T12:00:00Z'), marker('2026-06-01T12:00:01Z')];
  expect(stillLive({ live, expired: 0 }, now)).toEqual([live[1]]);
});

test('H2: when no answer comes every part says that history is unavailable', () => {
  expect(Object.values(NOTHING_CAME).map((part) => part.state === 'unavailable' && part.text)).toEqual(
    Array(4).fill('history unavailable'),
  );
});

test('rules of withheld and shared numbers are said in words', () => {
  expect(ruleText('withheld')).toContain('withheld');
  expect(ruleText('shared', 'Mercy Hospital')).toContain('Mercy Hospital');
  expect(ruleText('')).toBe('');
});

test('windows and reasons are said in words', () => {
  expect(windowsText([{ window: '24h', count: 1 }, { window: '12m', count: 3 }])).toBe('24h 1 · 12m 3');
  expect(whyText([
    { part: 'family_name', why: 'one_typo', points: 5 },
    { part: 'given_name', why: 'not_known', points: 0 },
    { part: 'birth_date', why: 'birth_date_day_and_month_swapped', points: 6.5 },
  ])).toBe('family name one typo, birth date day and month swapped');
});
